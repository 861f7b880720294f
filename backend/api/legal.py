from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from backend.http.errors import Problem
from backend.http.filters import QuerySetFilter, StrictFilterBackend, StrictFilterSet
from backend.http.parameters import TextParameter
from backend.http.views import RenderedViewSet
from backend.public import PublicLegalDocument
from backend.public.legal_documents import PublicLegalDocumentQuerySet
from backend.rendering.statements import render_row


class LegalDocumentFilterSet(StrictFilterSet):
    """The current version, or an older one."""

    version = QuerySetFilter(
        PublicLegalDocumentQuerySet.of_version,
        TextParameter("An older version; the current one, if left out.", example="2026-11"),
    )


class LegalDocumentSerializer(serializers.ModelSerializer[PublicLegalDocument]):
    """A version of the terms or of the privacy text. `content` is HTML, safe to show."""

    class Meta:
        model = PublicLegalDocument
        fields = ["kind", "version", "title", "content", "published_at"]


class LegalDocumentViewSet(RenderedViewSet):
    """The terms or the privacy text."""

    queryset = PublicLegalDocument.objects.all()
    serializer_class = LegalDocumentSerializer
    pagination_class = None
    path_parameters = {
        "kind": {
            "description": "Which text.",
            "schema": {"type": "string", "enum": PublicLegalDocument.Kind.values},
            "example": "terms",
        }
    }
    shown = (PublicLegalDocument,)
    filter_backends = [StrictFilterBackend]
    filterset_class = LegalDocumentFilterSet

    @extend_schema(
        operation_id="getLegalDocument",
        summary="Get the terms or the privacy text",
        tags=["legal"],
        filters=True,
        responses=LegalDocumentSerializer,
    )
    @action(detail=True)
    def show(self, _request: Request, kind: str) -> HttpResponse:
        of_kind = PublicLegalDocument.objects.of_kind(kind)
        documents: Any = self.filter_queryset(of_kind)
        row = render_row(documents.newest(), self.row_json)
        if row is None:
            raise Problem(HTTPStatus.NOT_FOUND)
        return self.rendered(row)

from http import HTTPStatus
from typing import Any

from django.contrib.admin.models import CHANGE
from django.db import transaction
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.actions.errors import NotAllowed
from backend.actions.legal_documents import publish
from backend.http.errors import Problem
from backend.http.filters import QuerySetFilter, StrictFilterSet
from backend.http.parameters import ChoiceParameter, page_of
from backend.http.serializers import StrictModelSerializer
from backend.http.staff_resources import EditableViewSet, record
from backend.http.views import operation
from backend.manage.serializers import BecauseField, PublicityField
from backend.models import LegalDocument


class LegalDocumentFilterSet(StrictFilterSet):
    """What staff's list of legal documents can be asked."""

    kind = QuerySetFilter(
        lambda documents, kind: documents.filter(kind=kind),
        ChoiceParameter("Of this kind.", LegalDocument.Kind.values, example="terms"),
    )

    other_parameters = page_of(default=50, maximum=500)


class ManagedLegalDocumentSerializer(StrictModelSerializer[LegalDocument]):
    """A version of the terms or of the privacy text: a draft, or published for good."""

    state = serializers.ChoiceField(["draft", "current", "superseded"], read_only=True)
    public = PublicityField()
    because = BecauseField()

    class Meta:
        model = LegalDocument
        fields = [
            "id",
            "kind",
            "version",
            "title",
            "content",
            "state",
            "published_at",
            "public",
            "because",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["published_at"]


@extend_schema_view(
    list=extend_schema(operation_id="manageListLegalDocuments", summary="List legal documents"),
    retrieve=extend_schema(operation_id="manageGetLegalDocument", summary="Get a legal document"),
    create=extend_schema(operation_id="createLegalDocument", summary="Write a legal document"),
    partial_update=extend_schema(operation_id="updateLegalDocument", summary="Change a draft"),
    destroy=extend_schema(operation_id="deleteLegalDocument", summary="Delete a draft"),
)
class LegalDocumentViewSet(EditableViewSet):
    """All versions. What is published stays as it is: then only a draft can be changed."""

    queryset = LegalDocument.objects.order_by("-created_at", "-pk")
    serializer_class = ManagedLegalDocumentSerializer
    filterset_class = LegalDocumentFilterSet

    def get_queryset(self) -> Any:
        documents: Any = super().get_queryset()
        return documents.with_state()

    def locked(self, request: Request, pk: int) -> Any:
        document = super().locked(request, pk)
        if document.published_at is not None:
            raise Problem(
                HTTPStatus.CONFLICT, "A published document cannot be changed. Write a new version."
            )
        return document

    @extend_schema(
        operation_id="publishLegalDocument",
        summary="Publish a draft",
        description="Makes it the current document of its kind, for good.",
        request=None,
    )
    @operation(problems=[409], permission="coalition.change_legaldocument", is_tagged=True)
    def publish(self, request: Request, pk: int) -> Response:
        self.row(self.get_queryset(), pk)
        with transaction.atomic():
            try:
                document = publish(document_id=pk)
            except NotAllowed as error:
                raise Problem(HTTPStatus.CONFLICT, "It is published already.") from error
            record(request, document, CHANGE, "Published.")
            return self.answer(pk)

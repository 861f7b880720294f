from collections.abc import Iterator
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from backend.http.exports import Table, download, recorded
from backend.http.filters import StrictFilterBackend, StrictFilterSet
from backend.http.parameters import TextParameter
from backend.http.staff import StaffView
from backend.manage import endorsements, stakeholders
from backend.manage.export_tables import json_schema
from backend.manage.private_details import SearchesPrivate
from backend.models import Endorsement, Export, Stakeholder
from backend.rendering.staff_tables import ENDORSEMENTS, STAKEHOLDERS
from backend.rendering.tables import CSV, JSON, Format

DESCRIPTION = (
    "All of the list in one {}, the oldest first. E-mail addresses and exact locations are for "
    "administrators: for others there are no such columns. It is put on record who exported what. "
)
AS_CSV = DESCRIPTION.format("table") + (
    "CSV (RFC 4180) in UTF-8 with a byte order mark. Text that a spreadsheet would take for a "
    "formula begins with an apostrophe. The last line of a table that broke off says so."
)
AS_JSON = DESCRIPTION.format("array") + "One that broke off has no end."


class CSVRenderer(JSONRenderer):
    """For who accepts CSV; what is rendered, and not streamed, is a problem: JSON."""

    media_type = CSV.media_type


class ExportViewSet(SearchesPrivate, StaffView, GenericViewSet[Any]):
    """All rows of a queryset as one table."""

    queryset: QuerySet[Any]
    filter_backends = [StrictFilterBackend]
    filterset: StrictFilterSet
    pagination_class = None
    table: ClassVar[Table]

    def get_renderers(self) -> list[BaseRenderer]:
        return [CSVRenderer() if self.action == CSV.name else JSONRenderer()]

    def export(self, request: Request, form: Format) -> StreamingHttpResponse:
        rows = self.filter_queryset(self.get_queryset())
        user: Any = request.user
        chunks: Iterator[bytes] = iter(())
        if request.method == "GET":
            chunks = recorded(rows, self.table, form, filters=self._filters(), by=user)
        accepted = request.headers.get("Accept-Encoding", "")
        return download(chunks, self.table, form, accept_encoding=accepted)

    def _filters(self) -> dict[str, Any]:
        """As they were asked for; of text that was searched, only that it was."""
        parameters = self.filterset.parameters()
        return {
            name: True if isinstance(parameters[name], TextParameter) else str(text)
            for name, text in self.filterset.data.items()
        }


class StakeholderExportViewSet(ExportViewSet):
    """All live stakeholders."""

    queryset = Stakeholder.objects.order_by("pk")
    filterset_class = stakeholders.StakeholderExportFilterSet
    names_filterset_class = stakeholders.NamesExportFilterSet
    table = Table(Export.Resource.STAKEHOLDERS, STAKEHOLDERS)
    permission = "coalition.view_stakeholder"

    @extend_schema(
        operation_id="exportStakeholdersAsCsv",
        summary="Export stakeholders as CSV",
        description=f"{AS_CSV} An import reads it.",
        filters=True,
        responses={(200, CSV.media_type): {"type": "string"}},
    )
    def csv(self, request: Request) -> StreamingHttpResponse:
        return self.export(request, CSV)

    @extend_schema(
        operation_id="exportStakeholdersAsJson",
        summary="Export stakeholders as JSON",
        description=AS_JSON,
        filters=True,
        responses={200: json_schema(STAKEHOLDERS)},
    )
    def json(self, request: Request) -> StreamingHttpResponse:
        return self.export(request, JSON)


class EndorsementExportViewSet(ExportViewSet):
    """All live endorsements, each with what is known of its stakeholder."""

    queryset = Endorsement.objects.with_who_and_what().order_by("pk")
    filterset_class = endorsements.EndorsementExportFilterSet
    names_filterset_class = endorsements.NamesExportFilterSet
    table = Table(Export.Resource.ENDORSEMENTS, ENDORSEMENTS)
    permission = "coalition.view_endorsement"

    @extend_schema(
        operation_id="exportEndorsementsAsCsv",
        summary="Export endorsements as CSV",
        description=AS_CSV,
        filters=True,
        responses={(200, CSV.media_type): {"type": "string"}},
    )
    def csv(self, request: Request) -> StreamingHttpResponse:
        return self.export(request, CSV)

    @extend_schema(
        operation_id="exportEndorsementsAsJson",
        summary="Export endorsements as JSON",
        description=AS_JSON,
        filters=True,
        responses={200: json_schema(ENDORSEMENTS)},
    )
    def json(self, request: Request) -> StreamingHttpResponse:
        return self.export(request, JSON)

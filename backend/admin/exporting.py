"""Taking a list away as a table, by the way of the API's exports."""

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path

from backend.admin.soft_deletion import SoftDeletionAdmin
from backend.http.errors import Problem
from backend.http.exports import PRIVATE, Table, download, recorded
from backend.rendering.tables import CSV


class ExportingAdmin(SoftDeletionAdmin):
    """Has a button above its list that downloads the live rows which the list finds."""

    exported: ClassVar[Table]

    def rows_to_export(self) -> QuerySet[Any]:
        """All live rows, with what the columns of the table need."""
        rows: QuerySet[Any] = self.model.objects.all()
        return rows

    def get_urls(self) -> list[Any]:
        name = f"coalition_{self.opts.model_name}_export"
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name=name), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        context = {"exports": True, "exports_private": request.user.has_perm(PRIVATE)}
        return super().changelist_view(request, context | (extra_context or {}))

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The table as CSV, whose record names the filters, and of a search only that there was."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        above = f"admin:coalition_{self.opts.model_name}_changelist"
        try:
            found = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return redirect(above)
        rows = self.rows_to_export().filter(pk__in=found.queryset.order_by().values("pk"))
        user: Any = request.user
        chunks = recorded(
            rows.order_by("pk"), self.exported, CSV, filters=_filters(found, request), by=user
        )
        accepted = request.headers.get("Accept-Encoding", "")
        try:
            return download(chunks, self.exported, CSV, accept_encoding=accepted)
        except Problem as problem:
            self.message_user(request, str(problem.detail), messages.WARNING)
            return redirect(above)


def _filters(found: ChangeList, request: HttpRequest) -> dict[str, Any]:
    """By their parameters. What somebody made up instead of choosing it may name a person."""
    offered = {name for each in found.filter_specs for name in each.expected_parameters()}
    filters = {
        name: request.GET[name] if name in offered else True for name in found.get_filters_params()
    }
    return filters | ({"q": True} if found.query else {})

"""The records of imports and exports: who brought or took how much, and when."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from backend.http.filters import QuerySetFilter, StrictFilterSet
from backend.http.parameters import BooleanParameter, ChoiceParameter, page_of
from backend.http.staff_resources import StaffViewSet
from backend.models import Export, Import
from backend.rendering.tables import CSV, JSON


class ImportFilterSet(StrictFilterSet):
    """What the list of imports can be asked."""

    dry_run = QuerySetFilter(
        lambda imports, is_dry_run: imports.filter(is_dry_run=is_dry_run),
        BooleanParameter("Those that changed nothing, or the others.", example=False),
    )

    other_parameters = page_of(default=50, maximum=500)


class ExportFilterSet(StrictFilterSet):
    """What the list of exports can be asked."""

    resource = QuerySetFilter(
        lambda exports, resource: exports.filter(resource=resource),
        ChoiceParameter("Of this table.", Export.Resource.values, example="stakeholders"),
    )
    has_private_details = QuerySetFilter(
        lambda exports, is_private: exports.filter(has_private_details=is_private),
        BooleanParameter("Those with addresses and exact locations, or the others.", example=True),
    )

    other_parameters = page_of(default=50, maximum=500)


COUNTED = {"min_value": 0, "max_value": None}


class ImportSerializer(serializers.ModelSerializer[Import]):
    """An import of stakeholders, or a dry run of one. `by` is null for the command line."""

    by = serializers.CharField(source="by.username", allow_null=True, default=None)
    dry_run = serializers.BooleanField(source="is_dry_run")

    class Meta:
        model = Import
        fields = ["id", "created_at", "by", "dry_run", "created", "updated", "unchanged", "refused"]
        extra_kwargs = dict.fromkeys(("created", "updated", "unchanged", "refused"), COUNTED)


class ExportSerializer(serializers.ModelSerializer[Export]):
    """A table that somebody asked for. `rows` and `finished_at` are null where it broke off."""

    by = serializers.CharField(source="by.username")
    format = serializers.ChoiceField([CSV.name, JSON.name])
    filters = serializers.DictField(
        help_text="As they were asked for; of a search, only that there was one."
    )

    class Meta:
        model = Export
        fields = ["id", "created_at", "by", "resource", "format", "filters"]
        fields += ["has_private_details", "rows", "finished_at"]
        extra_kwargs = {"rows": COUNTED | {"help_text": "How many were sent."}}


class ImportRecordsViewSet(StaffViewSet):
    """All imports, which nobody can change."""

    queryset = Import.objects.select_related("by").newest_first()
    serializer_class: Any = ImportSerializer
    filterset_class = ImportFilterSet


@extend_schema_view(
    list=extend_schema(
        operation_id="listExports",
        summary="List who exported what",
        description="The newest first. Where to look if something got out.",
    )
)
class ExportRecordsViewSet(StaffViewSet):
    """All exports, which nobody can change."""

    queryset = Export.objects.select_related("by").newest_first()
    serializer_class = ExportSerializer
    filterset_class = ExportFilterSet

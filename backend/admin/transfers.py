from django.contrib import admin

from backend.admin.read_only import ReadOnlyAdmin
from backend.models import Export, Import


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    """Who imported how much, and when."""

    list_display = ["created_at", "by", "is_dry_run", "created", "updated", "unchanged", "refused"]
    list_filter = ["is_dry_run"]
    list_select_related = ["by"]
    ordering = ["-pk"]


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    """Who took what away, and when: where to look first if something got out."""

    list_display = [
        "created_at",
        "by",
        "resource",
        "format",
        "has_private_details",
        "rows",
        "filters",
    ]
    list_filter = ["has_private_details", "resource"]
    list_select_related = ["by"]
    ordering = ["-pk"]

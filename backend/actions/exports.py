"""Tables that leave the house, on record."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db.models.functions import Now

from backend.models import Export


def record_export(
    *, resource: str, form: str, filters: Mapping[str, Any], has_private_details: bool, by: User
) -> Export:
    """Put on record that somebody is about to read a table; `filters` must name no person."""
    return Export.objects.create(
        resource=resource,
        format=form,
        filters=dict(filters),
        has_private_details=has_private_details,
        by=by,
    )


def finish_export(*, export: Export, rows: int) -> None:
    """Put on record that the whole of it was sent, and how many rows it had."""
    Export.objects.filter(pk=export.pk).update(rows=rows, finished_at=Now())

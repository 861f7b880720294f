"""What an operator should know before anybody notices."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from backend.models import LegalDocument


@register(Tags.database)
def check_legal_documents(
    databases: Sequence[str] | None = None, **_options: Any
) -> list[CheckMessage]:
    """Warns of a legal text that is missing; asks only with `check --database default`."""
    if not databases or "default" not in databases:
        return []
    try:
        published = {document.kind for document in LegalDocument.objects.current()}
    except (DatabaseError, ImproperlyConfigured):
        return []  # there is none, or it is not migrated yet
    return [
        CheckWarning(
            f"No legal document is published as {kind}, so no campaign takes endorsements.",
            hint="Write it in the admin, under Legal documents, and publish it.",
            id="coalition.W001",
        )
        for kind in LegalDocument.Kind
        if kind not in published
    ]

"""What `./manage.py check --database default` and `migrate` tell whoever runs the service."""

from collections.abc import Collection
from typing import Any

from django.core import checks
from django.db import connections

from backend.public import PublicLegalDocument


@checks.register(checks.Tags.database)
def check_legal_documents(
    *, databases: Collection[str] | None = None, **_others: Any
) -> list[checks.Warning]:
    """Warn while a text is missing that whoever endorses must accept."""
    if not databases:
        return []
    # Any of the connections will do: every role may read the view.
    missing = unpublished_kinds(next(iter(databases)))
    warning = checks.Warning(
        f"Nobody can endorse until these texts are published: {', '.join(missing)}.",
        hint=(
            "Write and publish them in the admin, under legal documents; "
            "backend/demo/legal_documents.toml has some to begin with."
        ),
        id="coalition.W001",
    )
    return [warning] if missing else []


def unpublished_kinds(alias: str) -> list[str]:
    """The kinds of legal documents of which none is published, as a connection sees it."""
    view = PublicLegalDocument._meta.db_table
    if view not in connections[alias].introspection.table_names(include_views=True):
        return []  # the migrations that are about to run make it
    published = set(PublicLegalDocument.objects.using(alias).values_list("kind", flat=True))
    return [kind.value for kind in PublicLegalDocument.Kind if kind not in published]

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections


class Command(migrate.Command):
    """Django's migrate, as the role that owns the schema wherever its connection is known."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        if "owner" in settings.DATABASES:
            parser.set_defaults(database="owner")

    def execute(self, *args: Any, **options: Any) -> str | None:
        # Without a database the system checks would speak first, of what it cannot do.
        connections[options["database"]].ensure_connection()
        return super().execute(*args, **options)

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, DatabaseError

from backend.actions.tallies import miscounts, rebuild_tallies


class Command(BaseCommand):
    help = (
        "Compare every campaign's endorsement counts, in all and by day, with its public "
        "endorsements, and the stakeholder count with the public stakeholders."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="count all anew first")

    def handle(self, *, rebuild: bool, **_options: Any) -> None:
        if rebuild:
            self._rebuild()
        mistakes = list(miscounts())
        for mistake in mistakes:
            self.stdout.write(mistake)
        if mistakes:
            self.stdout.write("Count them anew: ./manage.py check_counts --rebuild")
            sys.exit(1)
        self.stdout.write(
            "Every campaign's endorsement counts and the stakeholder count are right."
        )

    def _rebuild(self) -> None:
        # Requests may not write the counts, so neither may the role that serves them.
        alias = "owner" if "owner" in settings.DATABASES else DEFAULT_DB_ALIAS
        try:
            rebuild_tallies(using=alias)
        except DatabaseError as error:
            raise CommandError(
                f"Nothing was changed: the database refused ({str(error).strip()}). Try again, "
                "as the schema's owner: DATABASE_OWNER_URL names its connection."
            ) from error

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, DatabaseError

from backend.models import EndorsementTally, PolicyCampaign


class Command(BaseCommand):
    help = "Compare every campaign's endorsement count with its public endorsements."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="count all anew first")

    def handle(self, *, rebuild: bool, **_options: Any) -> None:
        if rebuild:
            self._rebuild()
        miscounted = PolicyCampaign.all_objects.miscounted().by_title()
        for campaign in miscounted:
            self.stdout.write(
                f"{campaign.slug}: its count is {campaign.endorsement_count}, "
                f"its public endorsements are {campaign.recount}."
            )
        if miscounted:
            self.stdout.write("Count them anew: ./manage.py check_endorsement_counts --rebuild")
            sys.exit(1)
        self.stdout.write("Every campaign's endorsement count is right.")

    def _rebuild(self) -> None:
        # Requests may not write the counts, so neither may the role that serves them.
        alias = "owner" if "owner" in settings.DATABASES else DEFAULT_DB_ALIAS
        try:
            EndorsementTally.objects.using(alias).rebuild()
        except DatabaseError as error:
            raise CommandError(
                f"Nothing was changed: the database refused ({str(error).strip()}). Try again, "
                "as the schema's owner: DATABASE_OWNER_URL names its connection."
            ) from error

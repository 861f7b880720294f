import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from backend.actions.personal_data import Person, exported


class Command(BaseCommand):
    help = "Write all that is stored about whoever has an e-mail address to the output, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *, email: str, **_options: Any) -> None:
        rows = exported(Person.at(email))
        if not any(rows.values()):
            raise CommandError("Nothing is stored about this address.")
        self.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder))

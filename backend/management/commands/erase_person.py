from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.actions.erasing import erase
from backend.actions.personal_data import Person


class Command(BaseCommand):
    help = (
        "Remove all that is stored about whoever has an e-mail address, for good. Only a digest of "
        "the address is kept, by which ./manage.py replay_erasures removes it from a backup, too."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *, email: str, yes: bool, **_options: Any) -> None:
        rows = Person.at(email).rows()
        stored = {_name(model): found.count() for model, found in rows.items()}
        if not any(stored.values()):
            raise CommandError("Nothing is stored about this address.")
        if not (yes or self._is_confirmed(stored)):
            raise CommandError("Nothing was erased.")
        self.stdout.write(f"Erased {_listed(erase(email=email))}.")

    def _is_confirmed(self, stored: dict[str, int]) -> bool:
        self.stdout.write(f"There are {_listed(stored)}.")
        return input("Erase them for good? Type yes: ").strip().lower() == "yes"


def _name(model: Any) -> str:
    return str(model._meta.verbose_name_plural)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)

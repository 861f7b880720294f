import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.actions.erasing import replay

# As actions/erasing.py logs it, and as COPY writes the table.
NOTED = re.compile(
    r"\bx?([0-9a-f]{32})\b.*?(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d(?::\d\d)?)"
)


class Command(BaseCommand):
    help = (
        "After a backup was restored: remove again all about those who were erased since. Who they "
        "are is known by the digests in the database, and by those in the files: logs of the "
        "service, or copies of the table stakeholders_erasure."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", metavar="FILE", nargs="*", type=Path)

    def handle(self, *, files: list[Path], **_options: Any) -> None:
        erasures: dict[bytes, datetime] = {}
        for digest, erased_at in (noted for path in files for noted in _noted_in(path)):
            erasures[digest] = max(erased_at, erasures.get(digest, erased_at))
        self.stdout.write(f"Read {len(erasures)} erasures.")
        self.stdout.write(f"Erased {replay(erasures)} addresses again.")


def _noted_in(path: Path) -> Iterator[tuple[bytes, datetime]]:
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if noted := NOTED.search(line):
                    yield bytes.fromhex(noted[1]), datetime.fromisoformat(noted[2])
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error

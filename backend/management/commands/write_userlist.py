import logging
import signal
from pathlib import Path
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from backend.database.credentials import credentials_of

logger = logging.getLogger(__name__)

# Those of DATABASES that come through the pool.
POOLED = ("default", "public")


class Command(BaseCommand):
    help = (
        "Write the users and passwords of the secrets to a file for pgBouncer, and keep it up to "
        "date until stopped."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--seconds", type=float, default=30, help="how often the secrets are read: 30"
        )

    def handle(self, *, file: Path, seconds: float, **_options: Any) -> None:
        try:
            replace(file, userlist())
        except OperationalError as error:
            raise CommandError(str(error)) from error
        stopped = Event()
        for stop_signal in (signal.SIGTERM, signal.SIGINT):
            signal.signal(stop_signal, lambda *_: stopped.set())
        while not stopped.wait(seconds):
            try:
                replace(file, userlist())
            except OperationalError as error:
                logger.warning("pgBouncer keeps the passwords it has: %s", error)


def userlist() -> str:
    """A line for each user, as pgBouncer's auth_file has them."""
    passwords: dict[str, str] = {}
    for alias in POOLED:
        passwords |= credentials_of(settings.DATABASES[alias])
    return "".join(f"{quoted(user)} {quoted(word)}\n" for user, word in passwords.items())


def quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def replace(file: Path, text: str) -> None:
    """Write all of it, or nothing."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(text)
    # The pool is another user in another container: who may enter the folder may read.
    unfinished.chmod(0o644)
    unfinished.replace(file)

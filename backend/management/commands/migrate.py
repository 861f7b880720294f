import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import Error, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import LockNotAvailable

# Of a session, beside those of transactions: of one number, where those have two.
LOCK = 7305000
# Less than what requests wait for a lock, as deploy/roles.sql has it: those that wait behind a
# migration are late, and not refused.
LOCK_TIMEOUT = "2s"
# While those that waited have their turn.
SECONDS_BETWEEN_TRIES = 2
TRIES = 10


class Command(migrate.Command):
    """Django's migrate, as the role that owns the schema wherever its connection is known.

    One at a time; and none keeps requests waiting for longer than they do.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        if "owner" in settings.DATABASES:
            parser.set_defaults(database="owner")

    def execute(self, *args: Any, **options: Any) -> str | None:
        # Without a database the system checks would speak first, of what it cannot do.
        connections[options["database"]].ensure_connection()
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate, once whoever does so already is through."""
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        connection = connections[options["database"]]
        _refuse_pool(connection)
        with self._alone(connection):
            for tries_left in reversed(range(TRIES)):
                try:
                    super().handle(*args, **options)
                    break
                except OperationalError as error:
                    self._wait_or_give_up(error, tries_left)

    @contextmanager
    def _alone(self, connection: BaseDatabaseWrapper) -> Iterator[None]:
        """Hold the lock; its wait is one that no timeout of the role ends."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
        if not _ask(connection, "pg_try_advisory_lock"):
            self.stderr.write("Another migration is running: waiting for its end.")
            while not _ask(connection, "pg_try_advisory_lock"):
                time.sleep(0.5)
        try:
            yield
        finally:
            with suppress(Error):  # a session that is gone holds none
                _ask(connection, "pg_advisory_unlock")

    def _wait_or_give_up(self, error: OperationalError, tries_left: int) -> None:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise error
        said = f"Something has held a table that is to be changed for {LOCK_TIMEOUT}"
        if not tries_left:
            raise CommandError(
                f"{said}, {TRIES} times. What is not listed as OK is not applied. Find the oldest "
                "xact_start in pg_stat_activity, wait for its end or end it, and migrate again."
            ) from error
        self.stderr.write(f"\n{said}: trying again in {SECONDS_BETWEEN_TRIES} seconds.")
        time.sleep(SECONDS_BETWEEN_TRIES)


def _ask(connection: BaseDatabaseWrapper, function: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _refuse_pool(connection: BaseDatabaseWrapper) -> None:
    """A pool tells its clients numbers of its own, and may have others use the session's lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server_pid = cursor.fetchone()[0]
    if connection.connection.info.backend_pid != server_pid:
        raise CommandError(
            "The database is reached through a pool (pgBouncer), where a session's settings and "
            "locks may be another client's. Nothing was migrated: give PostgreSQL's own address."
        )

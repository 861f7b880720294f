"""Which revision of a table a transaction sees, kept by triggers."""

import pgtrigger
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from backend.database.libpq import fetch
from backend.models.triggers import OwnersTrigger

# Serialises the commits that revise tables: two that revise the same ones in another order
# would wait for each other. Any number would do that nothing else uses.
REVISION_LOCK = 7_305_002

# Once in a transaction; a savepoint that is rolled back takes the mark along.
REVISE = f"""
    IF current_setting('coalition.revised_' || TG_TABLE_NAME, true)
        IS DISTINCT FROM pg_current_xact_id()::text
    THEN
        PERFORM set_config(
            'coalition.revised_' || TG_TABLE_NAME, pg_current_xact_id()::text, true
        );
        PERFORM pg_advisory_xact_lock({REVISION_LOCK});
        INSERT INTO coalition_revision AS revision (name, number) VALUES (TG_TABLE_NAME, 1)
        ON CONFLICT (name) DO UPDATE SET number = revision.number + 1;
    END IF;
"""

OF_A_TABLE = [
    OwnersTrigger(
        name="revise",
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        # At the commit: who writes for long makes nobody wait.
        timing=pgtrigger.Deferred,
        func=REVISE,
    ),
    OwnersTrigger(
        name="revise_truncated",
        level=pgtrigger.Statement,
        operation=pgtrigger.Truncate,
        func=REVISE,
    ),
]


class RevisionManager(models.Manager["Revision"]):
    def of(self, *tables: str) -> str:
        """The revisions of the tables in their order, such as `12-5`; 0 of one never written.

        Who asks before reading the tables never has rows older than the revision says.
        """
        # To read the few rows is faster than to look for some.
        numbers: dict[bytes, bytes] = dict(fetch("SELECT name, number FROM coalition_revision"))
        return b"-".join(numbers.get(table.encode(), b"0") for table in tables).decode()


class IdentifierField(models.TextField):  # type: ignore[type-arg]  # its stubs alone take one
    """The name of something in the database."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002 - Django names it
        # Not text, whose every key Django gives a second index, for LIKE.
        return "name"


class Revision(models.Model):
    """How many transactions have changed a table."""

    name = IdentifierField(primary_key=True, help_text="The table's name.")
    number = models.BigIntegerField()

    objects = RevisionManager()

    class Meta:
        db_table = "coalition_revision"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name} {self.number}"

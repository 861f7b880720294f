"""How many stakeholders are public, kept by triggers.

Each statement leaves the difference that it made in a row of its own, so that nobody waits for
anybody: the number is the sum over the rows that a snapshot sees. Who leaves a row takes up those
that nobody holds, so there are hardly more than transactions that write at once.

A row is never updated. It is taken up by one transaction, which locks it first, and comes back if
that one is rolled back; who has skipped it, or has never seen the row that replaced it, has only
added to the sum.
"""

import pgtrigger
from django.db import connections, models, transaction

from backend.models.triggers import OwnersTrigger

# A scalar for any statement, in whose snapshot it is exact.
TOTAL_SQL = "(SELECT coalesce(sum(difference), 0)::bigint FROM stakeholders_tally)"


def public(rows: str) -> str:
    """SQL that counts the public stakeholders of a transition table."""
    return f"(SELECT count(*) FROM {rows} WHERE is_public AND deleted_at IS NULL)"


def add_difference(difference: str) -> str:
    """SQL that adds the difference to the sum."""
    return f"""
        made := {difference};
        IF made = 0 THEN
            RETURN NULL;
        END IF;
        WITH taken_up AS (
            DELETE FROM stakeholders_tally
            WHERE id IN (SELECT id FROM stakeholders_tally FOR UPDATE SKIP LOCKED)
            RETURNING difference
        )
        INSERT INTO stakeholders_tally (difference)
        SELECT made + coalesce(sum(difference), 0) FROM taken_up;
    """


class DifferenceTrigger(OwnersTrigger):
    """One whose function is made by `add_difference`, with the variable that it needs."""

    level = pgtrigger.Statement
    declare = [("made", "bigint")]


OF_STAKEHOLDERS = [
    DifferenceTrigger(
        name="total_inserted",
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        func=add_difference(public("new_rows")),
    ),
    DifferenceTrigger(
        name="total_updated",
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
        func=add_difference(f"{public('new_rows')} - {public('old_rows')}"),
    ),
    DifferenceTrigger(
        name="total_deleted",
        operation=pgtrigger.Delete,
        referencing=pgtrigger.Referencing(old="old_rows"),
        func=add_difference(f"-{public('old_rows')}"),
    ),
    OwnersTrigger(
        name="total_truncated",
        level=pgtrigger.Statement,
        operation=pgtrigger.Truncate,
        # Nobody holds a row: who does, also holds a lock on the table that was waited for.
        func="DELETE FROM stakeholders_tally;",
    ),
]


class StakeholderTallyQuerySet(models.QuerySet["StakeholderTally"]):
    def total_and_recount(self) -> tuple[int, int]:
        """The number that is kept, and the one that counting finds at the same moment."""
        from backend.models.stakeholder import Stakeholder

        rows, values = Stakeholder.objects.public().values("pk").query.sql_with_params()
        with connections[self.db].cursor() as cursor:
            cursor.execute(f"SELECT {TOTAL_SQL}, (SELECT count(*) FROM ({rows}) AS public)", values)
            total, recount = cursor.fetchone()
        return total, recount

    def rebuild(self) -> None:
        """Count all public stakeholders anew, while nobody changes any.

        Only the schema's owner may.
        """
        from backend.models.stakeholder import Stakeholder

        with transaction.atomic(using=self.db), connections[self.db].cursor() as cursor:
            cursor.execute("LOCK TABLE stakeholders_stakeholder IN SHARE ROW EXCLUSIVE MODE")
            self.all().delete()
            self.create(difference=Stakeholder.objects.using(self.db).public().count())


class StakeholderTally(models.Model):
    """A part of the number of public stakeholders."""

    difference = models.BigIntegerField()

    objects = StakeholderTallyQuerySet.as_manager()

    class Meta:
        db_table = "stakeholders_tally"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.difference:+}"

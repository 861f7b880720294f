"""How many stakeholders are public, kept by triggers.

Each statement leaves the difference that it made in a row of its own, so that nobody waits for
anybody: the number is the sum over the rows that a snapshot sees. Who leaves a row takes up those
that nobody holds, so there are hardly more than transactions that write at once.

A row is never updated. It is taken up by one transaction, which locks it first, and comes back if
that one is rolled back; who has skipped it, or has never seen the row that replaced it, has only
added to the sum.
"""

import pgtrigger
from django.db import models

from backend.models.triggers import OwnersTrigger


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


class StakeholderTally(models.Model):
    """A part of the number of public stakeholders."""

    difference = models.BigIntegerField()

    class Meta:
        db_table = "stakeholders_tally"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.difference:+}"

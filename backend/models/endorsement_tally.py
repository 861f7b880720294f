"""How many public endorsements each campaign has, in all and of each day, kept by triggers.

The counts are exact under concurrency because whoever changes what another's difference depends
on makes that other wait:

- A transaction that inserts endorsements, or moves them to another stakeholder, holds FOR SHARE the
  stakeholders that got them, so none of these is hidden or restored before the commit.
- One that hides or restores stakeholders holds FOR SHARE all their endorsements, so none of these
  changes before the commit; who wants to change one waits.
- At READ COMMITTED each statement of a function has its own snapshot. Those that count come
  after those that wait, and so see what the other has committed.

Locks are taken in one order: stakeholders, endorsements, tallies, the rows of each by their
key, a campaign's tally before those of its days. Soft deletion takes them in the same order.
"""

from typing import TYPE_CHECKING, Any

import pgtrigger
from django.db import models
from django.db.models import Q

from backend.models import revision_triggers
from backend.models.triggers import OwnersTrigger


def tally(differences: str) -> str:
    """SQL that adds its part of the rows `(campaign_id, day, difference)` to each tally.

    It ends the function, and tells the revision of campaigns.
    """
    # The row that would be inserted is checked even where it is not, so it cannot carry a
    # negative difference to the update.
    return f"""
        FOR part IN
            SELECT campaign_id, day, sum(difference)::integer AS difference
            FROM ({differences}) AS each_row
            GROUP BY GROUPING SETS ((campaign_id), (campaign_id, day))
            HAVING sum(difference) <> 0
            ORDER BY campaign_id, day NULLS FIRST
        LOOP
            IF part.day IS NULL THEN
                INSERT INTO endorsements_tally AS tally (campaign_id, endorsement_count)
                VALUES (part.campaign_id, greatest(part.difference, 0))
                ON CONFLICT (campaign_id) DO UPDATE
                SET endorsement_count = tally.endorsement_count + part.difference;
            ELSE
                INSERT INTO endorsements_dailytally AS tally (campaign_id, day, endorsement_count)
                VALUES (part.campaign_id, part.day, greatest(part.difference, 0))
                ON CONFLICT (campaign_id, day) DO UPDATE
                SET endorsement_count = tally.endorsement_count + part.difference;
            END IF;
        END LOOP;
    """ + revision_triggers.of_days(differences)


def day_of(row: str) -> str:
    return f"({row}.created_at AT TIME ZONE 'UTC')::date"


def counted(difference: int, rows: str) -> str:
    """SQL for the `difference` that each row of a transition table makes, if it is counted."""
    return f"""
        SELECT campaign_id, {day_of("endorsement")} AS day, {difference} AS difference
        FROM {rows} AS endorsement JOIN stakeholders_stakeholder AS stakeholder
            ON stakeholder.id = endorsement.stakeholder_id
        WHERE endorsement.is_public AND stakeholder.deleted_at IS NULL
    """


def hold_stakeholders(keys: str) -> str:
    return f"""
        PERFORM FROM stakeholders_stakeholder WHERE id IN ({keys}) ORDER BY id FOR SHARE;
    """


# By grouping, not by joining: of how many rows a transition table has, the planner knows nothing.
HIDDEN_OR_RESTORED = """
    SELECT id, sum(live)::integer AS difference
    FROM (
        SELECT id, 1 AS live FROM new_rows WHERE deleted_at IS NULL
        UNION ALL
        SELECT id, -1 FROM old_rows WHERE deleted_at IS NULL
    ) AS either
    GROUP BY id
    HAVING sum(live) <> 0
"""


class TallyTrigger(OwnersTrigger):
    """One whose function ends with `tally`, with the variables that it needs."""

    level = pgtrigger.Statement
    declare = [("part", "record"), ("changed", "bigint[]")]


OF_ENDORSEMENTS = [
    TallyTrigger(
        name="tally_inserted",
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        func=hold_stakeholders("SELECT stakeholder_id FROM new_rows")
        + tally(counted(1, "new_rows")),
    ),
    TallyTrigger(
        name="tally_updated",
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
        # A stakeholder that keeps or loses one cannot be hidden meanwhile: that locks its row.
        func=hold_stakeholders(
            "SELECT stakeholder_id FROM new_rows EXCEPT SELECT stakeholder_id FROM old_rows"
        )
        + tally(f"{counted(1, 'new_rows')} UNION ALL {counted(-1, 'old_rows')}"),
    ),
    TallyTrigger(
        name="tally_deleted",
        operation=pgtrigger.Delete,
        referencing=pgtrigger.Referencing(old="old_rows"),
        func=tally(counted(-1, "old_rows")),
    ),
    OwnersTrigger(
        name="tally_truncated",
        level=pgtrigger.Statement,
        operation=pgtrigger.Truncate,
        func="DELETE FROM endorsements_tally; DELETE FROM endorsements_dailytally;",
    ),
]

OF_STAKEHOLDERS = [
    TallyTrigger(
        name="tally_hidden_or_restored",
        # Not UPDATE OF deleted_at: a list of columns and transition tables exclude each other.
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
        func=f"""
            IF NOT EXISTS ({HIDDEN_OR_RESTORED}) THEN
                RETURN NULL;
            END IF;
            PERFORM FROM endorsements_endorsement
            WHERE stakeholder_id IN (SELECT id FROM ({HIDDEN_OR_RESTORED}) AS stakeholder)
            ORDER BY id FOR SHARE;
        """
        + tally(
            f"""
            SELECT campaign_id, {day_of("endorsement")} AS day, difference
            FROM ({HIDDEN_OR_RESTORED}) AS stakeholder JOIN endorsements_endorsement AS endorsement
                ON endorsement.stakeholder_id = stakeholder.id
            WHERE endorsement.is_public
            """
        ),
    )
]

OF_CAMPAIGNS = [
    OwnersTrigger(
        name="tally_removed",
        level=pgtrigger.Statement,
        operation=pgtrigger.Delete,
        referencing=pgtrigger.Referencing(old="old_rows"),
        func="".join(
            f"DELETE FROM {table} WHERE campaign_id IN (SELECT id FROM old_rows);"
            for table in ("endorsements_tally", "endorsements_dailytally")
        ),
    )
]


class EndorsementTally(models.Model):
    """The number of public endorsements of a campaign. No row is as good as a zero.

    Not a column of the campaign: to save a campaign is to write all its columns, with the
    count of when it was loaded.
    """

    campaign = models.OneToOneField(
        "coalition.PolicyCampaign",
        # A trigger removes it, for who deletes the campaign may not.
        on_delete=models.DO_NOTHING,
        primary_key=True,
        related_name="tally",
    )
    endorsement_count = models.IntegerField()

    if TYPE_CHECKING:
        campaign_id: Any

    class Meta:
        db_table = "endorsements_tally"
        triggers = revision_triggers.OF_ENDORSEMENT_TALLIES
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(endorsement_count__gte=0), name="positive_endorsement_count"
            )
        ]

    def __str__(self) -> str:
        return f"{self.endorsement_count} for {self.campaign}"


class EndorsementDailyTally(models.Model):
    """How many of a campaign's public endorsements were created on a day of UTC."""

    pk = models.CompositePrimaryKey("campaign", "day")
    campaign = models.ForeignKey(
        "coalition.PolicyCampaign",
        # As the campaign's own tally.
        on_delete=models.DO_NOTHING,
        related_name="daily_tallies",
        db_index=False,
    )
    day = models.DateField()
    endorsement_count = models.IntegerField()

    if TYPE_CHECKING:
        campaign_id: Any

    class Meta:
        db_table = "endorsements_dailytally"
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(endorsement_count__gte=0), name="positive_daily_endorsement_count"
            )
        ]

    def __str__(self) -> str:
        return f"{self.endorsement_count} for {self.campaign} on {self.day}"

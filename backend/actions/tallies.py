"""The counts that triggers keep, compared with what they count, and made anew."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from django.db import connection, connections, transaction
from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from backend.models import (
    Endorsement,
    EndorsementDailyTally,
    EndorsementTally,
    PolicyCampaign,
    StakeholderTally,
)

# One statement each, so that what is compared is of one moment.
DAILY_MISCOUNTS = """
    SELECT slug, day, sum(tallied), sum(counted)
    FROM (
        SELECT campaign_id, day, endorsement_count AS tallied, 0 AS counted
        FROM endorsements_dailytally
        UNION ALL
        SELECT campaign_id, (endorsement.created_at AT TIME ZONE 'UTC')::date, 0, 1
        FROM endorsements_endorsement AS endorsement JOIN stakeholders_stakeholder AS stakeholder
            ON stakeholder.id = endorsement.stakeholder_id
        WHERE endorsement.is_public AND stakeholder.deleted_at IS NULL
    ) AS either JOIN campaigns_policycampaign AS campaign ON campaign.id = either.campaign_id
    GROUP BY slug, day
    HAVING sum(tallied) <> sum(counted)
    ORDER BY slug, day
"""
TOTALS = "SELECT stakeholders, (SELECT count(*) FROM public_stakeholder) FROM public_totals"


def miscounts() -> Iterator[str]:
    """A sentence for each count that is wrong."""
    for campaign in PolicyCampaign.all_objects.miscounted().by_title():
        yield (
            f"{campaign.slug}: its count is {campaign.endorsement_count}, "
            f"its public endorsements are {campaign.recount}."
        )
    with connection.cursor() as cursor:
        cursor.execute(DAILY_MISCOUNTS)
        for slug, day, tally, count in cursor.fetchall():
            yield f"{slug} on {day}: its count is {tally}, its public endorsements are {count}."
        cursor.execute(TOTALS)
        total, recount = cursor.fetchone()
    if total != recount:
        yield f"Stakeholders: their count is {total}, the public ones are {recount}."


def rebuild_tallies(*, using: str) -> None:
    """Count all anew, while nobody changes what is counted. Only the schema's owner may."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(
            "LOCK TABLE stakeholders_stakeholder, endorsements_endorsement "
            "IN SHARE ROW EXCLUSIVE MODE"
        )
        counted = Endorsement.objects.using(using).counted().order_by()
        by_campaign = counted.values("campaign_id")
        _replace(EndorsementTally.objects.using(using), by_campaign)
        by_day = counted.values("campaign_id", day=TruncDate("created_at", tzinfo=UTC))
        _replace(EndorsementDailyTally.objects.using(using), by_day)
        StakeholderTally.objects.using(using).all().delete()
        cursor.execute(
            "INSERT INTO stakeholders_tally (difference) SELECT count(*) FROM public_stakeholder"
        )
        # No trigger sees it all: answers that show a wrong number are kept until then.
        cursor.execute(
            "SELECT coalition_revise('public_campaign', 'public_stakeholder', 'public_totals')"
        )


def _replace(tallies: QuerySet[Any], groups: QuerySet[Any]) -> None:
    """Have a tally of each group of endorsements, and no other."""
    tallies.delete()
    counts = groups.annotate(endorsement_count=Count("pk"))
    tallies.bulk_create(tallies.model(**count) for count in counts)

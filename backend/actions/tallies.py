"""The counts that triggers keep, compared with what they count, and made anew."""

from collections.abc import Iterator

from django.db import connection, connections, transaction
from django.db.models import Count

from backend.models import Endorsement, EndorsementTally, PolicyCampaign, StakeholderTally


def miscounts() -> Iterator[str]:
    """A sentence for each count that is wrong."""
    for campaign in PolicyCampaign.all_objects.miscounted().by_title():
        yield (
            f"{campaign.slug}: its count is {campaign.endorsement_count}, "
            f"its public endorsements are {campaign.recount}."
        )
    with connection.cursor() as cursor:
        # One statement, so that both are of one moment.
        cursor.execute(
            "SELECT stakeholders, (SELECT count(*) FROM public_stakeholder) FROM public_totals"
        )
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
        counts = counted.values("campaign_id").annotate(endorsement_count=Count("pk"))
        EndorsementTally.objects.using(using).all().delete()
        EndorsementTally.objects.using(using).bulk_create(
            EndorsementTally(**count) for count in counts
        )
        StakeholderTally.objects.using(using).all().delete()
        cursor.execute(
            "INSERT INTO stakeholders_tally (difference) SELECT count(*) FROM public_stakeholder"
        )
        # No trigger sees this one: answers that show the wrong number are kept until then.
        cursor.execute("SELECT coalition_revise('public_stakeholder', 'public_totals')")

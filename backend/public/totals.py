from django.db import models

from backend.public.base import PublicModel

# A scalar for any statement, in whose snapshot it is exact.
STAKEHOLDERS_SQL = "(SELECT stakeholders FROM public_totals)"


class PublicTotals(PublicModel):
    """How much there is to see, in one row: the tallies of the campaigns, added up."""

    definition = """
        SELECT
            1 AS id,
            (SELECT count(*) FROM public_campaign) AS campaigns,
            (SELECT coalesce(sum(endorsement_count), 0) FROM public_campaign)::bigint
                AS endorsements,
            (SELECT coalesce(sum(difference), 0) FROM stakeholders_tally)::bigint AS stakeholders
    """

    campaigns = models.BigIntegerField()
    endorsements = models.BigIntegerField()
    stakeholders = models.BigIntegerField()

    class Meta(PublicModel.Meta):
        db_table = "public_totals"

    def __str__(self) -> str:
        return f"{self.stakeholders} stakeholders"

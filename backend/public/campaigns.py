from typing import Self

from django.db import models
from django.db.models import Q

from backend.models import PolicyCampaign
from backend.public.base import PublicModel, column


def endorsement_count_sql(campaign_id: int) -> str:
    """A scalar for any statement; 0 once the campaign is no longer public."""
    count = "SELECT coalesce(max(endorsement_count), 0) FROM public_campaign"
    return f"({count} WHERE id = {campaign_id:d})"


class PublicCampaignQuerySet(models.QuerySet["PublicCampaign"]):
    """Questions anybody may ask about campaigns; answers chain."""

    def matching(self, text: str) -> Self:
        """Those with `text` in their title or summary, in upper or lower case."""
        return self.filter(Q(title__icontains=text) | Q(summary__icontains=text))

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")

    def by_title(self) -> Self:
        return self.order_by("title", "pk")

    def least_endorsed_first(self) -> Self:
        return self.order_by("endorsement_count", "pk")


class PublicCampaign(PublicModel):
    """A live and active campaign, and how many public endorsements it has."""

    definition = """
        SELECT
            campaign.id, title, slug, summary, description, endorsement_statement,
            allow_endorsements, endorsement_form_instructions, created_at, updated_at,
            coalesce(tally.endorsement_count, 0) AS endorsement_count
        FROM campaigns_policycampaign AS campaign
            LEFT JOIN endorsements_tally AS tally ON tally.campaign_id = campaign.id
        WHERE active AND deleted_at IS NULL
    """

    title = column(PolicyCampaign, "title")
    slug = column(PolicyCampaign, "slug")
    summary = column(PolicyCampaign, "summary")
    description = column(PolicyCampaign, "description")
    endorsement_statement = column(PolicyCampaign, "endorsement_statement")
    allow_endorsements = column(PolicyCampaign, "allow_endorsements")
    endorsement_form_instructions = column(PolicyCampaign, "endorsement_form_instructions")
    created_at = column(PolicyCampaign, "created_at")
    updated_at = column(PolicyCampaign, "updated_at")
    endorsement_count = models.IntegerField()

    objects = PublicCampaignQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        db_table = "public_campaign"

    def __str__(self) -> str:
        return str(self.title)

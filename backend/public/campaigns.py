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
    """A live and active campaign, and how many public endorsements it has.

    `endorsement_count_7d` are those of them created today or on the six days before, in UTC.
    """

    definition = """
        SELECT
            campaign.id, title, slug, summary, description, endorsement_statement,
            allow_endorsements, endorsement_form_instructions, created_at, updated_at,
            coalesce(tally.endorsement_count, 0) AS endorsement_count,
            (
                SELECT coalesce(sum(daily.endorsement_count), 0)
                FROM endorsements_dailytally AS daily
                WHERE daily.campaign_id = campaign.id
                    AND daily.day BETWEEN coalition_today() - 6 AND coalition_today()
            )::integer AS endorsement_count_7d,
            image_url, image_alt_text, image_credit
        FROM campaigns_policycampaign AS campaign
            LEFT JOIN endorsements_tally AS tally ON tally.campaign_id = campaign.id
        WHERE active AND deleted_at IS NULL
    """
    depends_on_date = True

    title = column(PolicyCampaign, "title")
    slug = column(PolicyCampaign, "slug")
    summary = column(PolicyCampaign, "summary")
    description = column(PolicyCampaign, "description")
    endorsement_statement = column(PolicyCampaign, "endorsement_statement")
    allow_endorsements = column(PolicyCampaign, "allow_endorsements")
    endorsement_form_instructions = column(PolicyCampaign, "endorsement_form_instructions")
    image_url = column(PolicyCampaign, "image_url")
    image_alt_text = column(PolicyCampaign, "image_alt_text")
    image_credit = column(PolicyCampaign, "image_credit")
    created_at = column(PolicyCampaign, "created_at")
    updated_at = column(PolicyCampaign, "updated_at")
    endorsement_count = models.IntegerField()
    endorsement_count_7d = models.IntegerField()

    objects = PublicCampaignQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        db_table = "public_campaign"

    def __str__(self) -> str:
        return str(self.title)

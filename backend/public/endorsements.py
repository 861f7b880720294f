from typing import Self

from django.db import models

from backend.models import Endorsement, Stakeholder
from backend.public.base import PublicModel, column
from backend.public.campaigns import PublicCampaign
from backend.public.stakeholders import PublicStakeholder


class PublicEndorsementQuerySet(models.QuerySet["PublicEndorsement"]):
    """Questions anybody may ask about endorsements; answers chain."""

    def of_campaign(self, campaign: PublicCampaign) -> Self:
        return self.filter(campaign=campaign)

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")


class PublicEndorsement(PublicModel):
    """An approved endorsement whose live stakeholder agreed that it is shown, with their name.

    That stakeholder need not be listed: then `stakeholder` refers to none that is public.
    """

    definition = """
        SELECT
            endorsement.id, endorsement.campaign_id, endorsement.stakeholder_id,
            endorsement.statement, endorsement.created_at,
            stakeholder.name, stakeholder.organization, stakeholder.role, stakeholder.type,
            stakeholder.state, stakeholder.county
        FROM endorsements_endorsement AS endorsement
            JOIN stakeholders_stakeholder AS stakeholder
                ON stakeholder.id = endorsement.stakeholder_id
            JOIN campaigns_policycampaign AS campaign ON campaign.id = endorsement.campaign_id
        WHERE endorsement.is_public
            -- It follows from is_public, which the planner cannot know.
            AND endorsement.deleted_at IS NULL
            AND stakeholder.deleted_at IS NULL
            AND campaign.active AND campaign.deleted_at IS NULL
    """

    campaign = models.ForeignKey(
        PublicCampaign, on_delete=models.DO_NOTHING, related_name="endorsements"
    )
    stakeholder = models.ForeignKey(
        PublicStakeholder, on_delete=models.DO_NOTHING, related_name="endorsements"
    )
    statement = column(Endorsement, "statement")
    created_at = column(Endorsement, "created_at")
    # The stakeholder's.
    name = column(Stakeholder, "name")
    organization = column(Stakeholder, "organization")
    role = column(Stakeholder, "role")
    type = column(Stakeholder, "type")
    state = column(Stakeholder, "state")
    county = column(Stakeholder, "county")

    objects = PublicEndorsementQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        db_table = "public_endorsement"

    def __str__(self) -> str:
        return f"{self.name} for {self.campaign_id}"

from typing import Self

from django.db import models

from backend.models import Stakeholder, State
from backend.public.base import PublicModel
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
    statement = models.TextField()
    created_at = models.DateTimeField()
    # The stakeholder's.
    name = models.CharField(max_length=200)
    organization = models.CharField(max_length=200)
    role = models.CharField(max_length=100)
    type = models.CharField(max_length=10, choices=Stakeholder.Type)
    state = models.CharField(max_length=2, choices=State)
    county = models.CharField(max_length=100)

    objects = PublicEndorsementQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        db_table = "public_endorsement"

    def __str__(self) -> str:
        return f"{self.name} for {self.campaign_id}"

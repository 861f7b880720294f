from typing import ClassVar, Self

from django.db import models
from django.db.models import ExpressionWrapper, Q

from backend.models import endorsement_tally, revision_triggers
from backend.models.campaign import PolicyCampaign
from backend.models.fields import OPTIONAL_TEXT, ConsentsField
from backend.models.soft_deletion import (
    LiveManager,
    SoftDeletionModel,
    SoftDeletionQuerySet,
)
from backend.models.stakeholder import Stakeholder
from backend.models.timestamps import TimestampedModel


class EndorsementQuerySet(SoftDeletionQuerySet["Endorsement"]):
    """Questions one can ask about endorsements; answers chain."""

    def counted(self) -> Self:
        """Those in their campaign's tally: consented to, approved, and by a live stakeholder."""
        return self.filter(is_public=True, stakeholder__deleted_at=None)

    def waiting(self) -> Self:
        """Those that a reviewer has to decide: pending, or approved with new words beside them."""
        is_undecided = Q(submissions__confirmed_at__isnull=False, submissions__decided_at=None)
        return self.filter(Q(status="pending") | Q(is_undecided)).distinct()

    def flagged(self) -> Self:
        """Those of which something sent has a flag for the reviewer."""
        return self.filter(submissions__flags__0__isnull=False).distinct()


class Endorsement(SoftDeletionModel, TimestampedModel):
    """A stakeholder's support for a campaign."""

    class Status(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"
        REJECTED = "rejected"
        WITHDRAWN = "withdrawn"

    # The indexes of both keys carry the names below.
    stakeholder = models.ForeignKey(
        Stakeholder,
        on_delete=models.PROTECT,
        related_name="endorsements",
        db_index=False,
    )
    campaign = models.ForeignKey(
        PolicyCampaign,
        on_delete=models.PROTECT,
        related_name="endorsements",
        db_index=False,
    )
    statement = models.TextField(**OPTIONAL_TEXT)
    # Without a default: consent is given by somebody, or it is not there.
    public_display = models.BooleanField(
        help_text="The stakeholder consents to publication. Without it, the endorsement is on "
        "record, and neither shown nor counted.",
    )
    consents = ConsentsField(
        help_text="What the supporter agreed to with this endorsement, in which words, and when.",
    )
    status = models.CharField(
        max_length=10, choices=Status, default=Status.PENDING, db_default=Status.PENDING
    )
    is_public = models.GeneratedField(
        expression=ExpressionWrapper(
            Q(public_display=True, status="approved", deleted_at=None), models.BooleanField()
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    objects: ClassVar = LiveManager.from_queryset(EndorsementQuerySet)()
    all_objects: ClassVar = models.Manager.from_queryset(EndorsementQuerySet)()

    class Meta:
        db_table = "endorsements_endorsement"
        triggers = [*revision_triggers.OF_ENDORSEMENTS, *endorsement_tally.OF_ENDORSEMENTS]
        indexes = [
            # Deletions, restorations and foreign key checks look at hidden rows too.
            models.Index(fields=["campaign"], name="idx_endorsement_campaign"),
            models.Index(fields=["stakeholder"], name="idx_endorsement_stakeholder"),
            # A campaign's public endorsements, newest first, and how many there are.
            models.Index(
                fields=["campaign", "-created_at", "-id"],
                include=["stakeholder"],
                # The second follows from the first, which the planner cannot know.
                condition=Q(is_public=True, deleted_at=None),
                name="idx_endorsement_public",
            ),
            # The moderator's list.
            models.Index(fields=["-created_at", "-id"], name="idx_endorsement_created"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["stakeholder", "campaign"],
                condition=Q(deleted_at=None),
                name="unique_stakeholder_campaign",
                violation_error_message="This stakeholder has endorsed this campaign already.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "approved", "rejected", "withdrawn"]),
                name="valid_endorsement_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stakeholder} for {self.campaign}"

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.db.models import ExpressionWrapper, F, Prefetch, Q

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

if TYPE_CHECKING:
    from backend.models.submission import Submission


class EndorsementQuerySet(SoftDeletionQuerySet["Endorsement"]):
    """Questions one can ask about endorsements; answers chain."""

    def counted(self) -> Self:
        """Those in their campaign's tally: consented to, approved, and by a live stakeholder."""
        return self.filter(is_public=True, stakeholder__deleted_at=None)

    def waiting(self) -> Self:
        """Those that a reviewer has to decide: pending, or approved with new words beside them."""
        endorsements = Endorsement.objects.values("pk")
        pending = endorsements.filter(status="pending")
        renewed = endorsements.filter(
            submissions__confirmed_at__isnull=False, submissions__decided_at=None
        )
        # Not by OR, for which no index serves.
        return self.filter(pk__in=pending.union(renewed))

    def flagged(self, flag: str | None = None) -> Self:
        """Those of which what was sent last has a flag for the reviewer, or this one."""
        submission: Any = self.model.submissions.rel.related_model
        sent = submission.objects.confirmed().flagged(flag).newest_of_endorsements()
        return self.filter(pk__in=sent.values("endorsement"))

    def in_status(self, *statuses: str) -> Self:
        return self.filter(status__in=statuses)

    def of_type(self, *types: str) -> Self:
        """Those of stakeholders of any of the types."""
        return self.filter(stakeholder__type__in=types)

    def in_state(self, *states: str) -> Self:
        """Those of stakeholders in any of the states, by USPS code."""
        return self.filter(stakeholder__state__in=states)

    def matching(self, text: str) -> Self:
        """Those of stakeholders with `text` in name, organization or e-mail, in whatever case."""
        return self.filter(stakeholder__in=Stakeholder.all_objects.matching(text).values("pk"))

    def named(self, text: str) -> Self:
        """Those of stakeholders with `text` in name or organization, in whatever case."""
        return self.filter(stakeholder__in=Stakeholder.all_objects.named(text).values("pk"))

    def submitted_after(self, moment: datetime) -> Self:
        return self.filter(created_at__gt=moment)

    def with_history(self) -> Self:
        """Load the transitions, the first first, with who made them, by one more query."""
        transition: Any = self.model.transitions.rel.related_model
        transitions = transition.objects.in_order()
        return self.prefetch_related(Prefetch("transitions", transitions))

    def alike(self, submission_id: int) -> Self:
        """Those for which this was sent, or something that says nearly the same."""
        sent = Q(submissions__pk=submission_id) | Q(submissions__alike=submission_id)
        return self.filter(pk__in=Endorsement.objects.filter(sent).values("pk"))

    def after(self, endorsement: "Endorsement") -> Self:
        """Those that follow it where the oldest are first."""
        later = Q(created_at=endorsement.created_at, pk__gt=endorsement.pk)
        return self.filter(Q(created_at__gt=endorsement.created_at) | later)

    def with_review(self) -> Self:
        """With all that a reviewer looks at, by one more query."""
        return self.select_related("stakeholder", "campaign").prefetch_related("submissions")

    def with_who_and_what(self) -> Self:
        """Annotate what is known of the stakeholder, and which campaign it is."""
        fields = ["name", "organization", "role", "email", "type", "state", "county"]
        fields += ["location", "public_location"]
        return self.annotate(
            campaign_slug=F("campaign__slug"),
            campaign_title=F("campaign__title"),
            **{field: F(f"stakeholder__{field}") for field in fields},
        )

    def oldest_first(self) -> Self:
        return self.order_by("created_at", "pk")

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")


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
            # The moderator's lists: all, and those of a status.
            models.Index(fields=["-created_at", "-id"], name="idx_endorsement_created"),
            models.Index(
                fields=["status", "-created_at", "-id"],
                condition=Q(deleted_at=None),
                name="idx_endorsement_status",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["stakeholder", "campaign"],
                condition=Q(deleted_at=None),
                name="unique_stakeholder_campaign",
                violation_error_code="unique",
                violation_error_message="This stakeholder has endorsed this campaign already.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "approved", "rejected", "withdrawn"]),
                name="valid_endorsement_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stakeholder} for {self.campaign}"

    def newest_submission(self) -> "Submission | None":
        """What its supporter sent last; None if staff entered it, or after it was purged."""
        sent = self.submissions.all()  # in Python, for those that with_review() loaded
        return max(sent, key=lambda each: (each.created_at, each.pk), default=None)

    def closed_gates(self) -> list[str]:
        """Why the public does not see it; empty if it does. As the view public_endorsement has it.

        Reads the stakeholder and the campaign.
        """
        gates = {
            "deleted": self.deleted_at,
            self.status: self.status != self.Status.APPROVED,
            "no_consent": not self.public_display,
            "stakeholder_deleted": self.stakeholder.deleted_at,
            "campaign_deleted": self.campaign.deleted_at,
            "campaign_inactive": not self.campaign.active,
        }
        return [gate for gate, is_closed in gates.items() if is_closed]

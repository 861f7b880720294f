from typing import TYPE_CHECKING, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce

from backend.models import endorsement_tally, revision_triggers
from backend.models.fields import OPTIONAL_TEXT
from backend.models.soft_deletion import (
    LiveManager,
    SoftDeletionModel,
    SoftDeletionQuerySet,
)
from backend.models.timestamps import TimestampedModel
from backend.models.upload import ImageURLField


class PolicyCampaignQuerySet(SoftDeletionQuerySet["PolicyCampaign"]):
    """Questions one can ask about campaigns; answers chain."""

    def open(self) -> Self:
        """Those that anybody may endorse, once the legal texts are published."""
        return self.filter(active=True, allow_endorsements=True)

    def with_endorsement_count(self) -> Self:
        """Annotate `endorsement_count`, of the endorsements that the public sees or would see."""
        return self.annotate(endorsement_count=Coalesce("tally__endorsement_count", 0))

    def miscounted(self) -> Self:
        """Those whose `endorsement_count` is not what counting finds, annotated as `recount`."""
        counted = Q(endorsements__is_public=True, endorsements__stakeholder__deleted_at=None)
        return (
            self.with_endorsement_count()
            .annotate(recount=Count("endorsements", filter=counted))
            .exclude(endorsement_count=F("recount"))
        )

    def matching(self, text: str) -> Self:
        """Those with `text` in their title or summary, in upper or lower case."""
        return self.filter(Q(title__icontains=text) | Q(summary__icontains=text))

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")

    def by_title(self) -> Self:
        return self.order_by("title", "pk")


class PolicyCampaign(SoftDeletionModel, TimestampedModel):
    """A policy that the coalition wants, for stakeholders to endorse."""

    title = models.CharField(max_length=200)
    # It stays taken when the campaign is deleted, so that an old link never leads to another.
    slug = models.SlugField(max_length=200, db_index=False)
    summary = models.TextField()
    description = models.TextField(**OPTIONAL_TEXT)
    endorsement_statement = models.TextField(**OPTIONAL_TEXT, help_text="What an endorser signs.")
    allow_endorsements = models.BooleanField(default=True, db_default=True)
    image_url = ImageURLField("image URL", max_length=500, **OPTIONAL_TEXT)
    image_alt_text = models.CharField(
        max_length=300,
        **OPTIONAL_TEXT,
        help_text="What the image shows, for those who do not see it.",
    )
    image_credit = models.CharField(
        max_length=200, **OPTIONAL_TEXT, help_text="Who made the image, or owns it."
    )
    endorsement_form_instructions = models.TextField(**OPTIONAL_TEXT)
    active = models.BooleanField(default=True, db_default=True)

    objects: ClassVar = LiveManager.from_queryset(PolicyCampaignQuerySet)()
    all_objects: ClassVar = models.Manager.from_queryset(PolicyCampaignQuerySet)()

    if TYPE_CHECKING:
        endorsement_count: int  # with_endorsement_count()
        recount: int  # miscounted()

    class Meta:
        db_table = "campaigns_policycampaign"
        triggers = [*revision_triggers.OF_CAMPAIGNS, *endorsement_tally.OF_CAMPAIGNS]
        indexes = [
            # The public list, newest first.
            models.Index(
                fields=["-created_at", "-id"],
                condition=Q(active=True, deleted_at=None),
                name="idx_campaign_active",
            ),
            # Every campaign, newest first: the admin's list.
            models.Index(fields=["-created_at", "-id"], name="idx_campaign_created"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["title"], name="unique_title"),
            models.UniqueConstraint(fields=["slug"], name="unique_slug"),
            models.CheckConstraint(
                condition=Q(image_url="") | ~Q(image_alt_text=""),
                name="campaign_image_has_alt_text",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def closed_gates(self) -> list[str]:
        """Why the public does not see it; empty if it does. As the view public_campaign has it."""
        gates = {"deleted": self.deleted_at, "inactive": not self.active}
        return [gate for gate, is_closed in gates.items() if is_closed]

    def clean(self) -> None:
        """Titles and slugs are taken by deleted campaigns too, which Django does not look at."""
        taken = PolicyCampaign.all_objects.deleted().exclude(pk=self.pk)
        errors = {
            field: ValidationError(
                f"A deleted campaign has this {field}. Restore it, or choose another.",
                code="unique",
            )
            for field in ("title", "slug")
            if taken.filter(**{field: getattr(self, field)}).exists()
        }
        if self.image_url and not self.image_alt_text:
            message = "Say what the image shows, for those who do not see it."
            errors["image_alt_text"] = ValidationError(message, code="required")
        if errors:
            raise ValidationError(errors)

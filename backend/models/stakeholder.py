from typing import ClassVar, Self

from django.contrib.gis.db.models import PointField
from django.contrib.gis.geos import Point
from django.contrib.gis.measure import D
from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Lower, Upper

from backend.models import endorsement_tally, revision_triggers, stakeholder_tally
from backend.models.fields import (
    OPTIONAL_TEXT,
    WGS84,
    ConsentsField,
    LowercaseEmailField,
    PositionField,
)
from backend.models.geography import grid_cell_centre, is_on_earth, planar
from backend.models.soft_deletion import (
    LiveManager,
    SoftDeletionModel,
    SoftDeletionQuerySet,
)
from backend.models.timestamps import TimestampedModel
from backend.models.us_states import State

# As the view public_stakeholder has it.
LISTED = Q(is_public=True, deleted_at=None)
REFUSED = {"is_public": {"given": False}}


class StakeholderQuerySet(SoftDeletionQuerySet["Stakeholder"]):
    """Questions of the coalition's own people; what the public asks is in `backend.public`."""

    def reachable_at(self, *emails: str) -> Self:
        """Those with one of the e-mail addresses, which must be in lower case."""
        # As `unique_email` has it, which an index on the column itself would only repeat.
        return self.alias(lower_email=Lower("email")).filter(lower_email__in=emails)

    def of_type(self, *types: str) -> Self:
        return self.filter(type__in=types)

    def in_state(self, *states: str) -> Self:
        """Those in any of the states, by USPS code."""
        return self.filter(state__in=states)

    def named(self, text: str) -> Self:
        """Those with `text` in name or organization, in upper or lower case."""
        return self.filter(Q(name__icontains=text) | Q(organization__icontains=text))

    def matching(self, text: str) -> Self:
        """Those with `text` in name, organization or e-mail, in upper or lower case."""
        return self.filter(
            Q(name__icontains=text) | Q(organization__icontains=text) | Q(email__icontains=text)
        )

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")

    def by_name(self) -> Self:
        return self.order_by("name", "pk")

    def listed(self) -> Self:
        return self.filter(is_public=True)

    def unlisted(self) -> Self:
        return self.filter(is_public=False)

    def refusing(self) -> Self:
        """Those who said themselves that they are not to be listed."""
        return self.unlisted().filter(consents__contains=REFUSED)

    def listable(self) -> Self:
        """Those who are not listed, and did not refuse it themselves."""
        return self.unlisted().exclude(consents__contains=REFUSED)

    def near(self, point: Point, *, miles: float) -> Self:
        """At most `miles` from `point`, along the Earth's surface, by their exact location."""
        return self.filter(location__dwithin=(point, D(mi=miles)))


class Stakeholder(SoftDeletionModel, TimestampedModel):
    """A person or organization that may endorse campaigns."""

    class Type(models.TextChoices):
        FARMER = "farmer"
        WATERMAN = "waterman"
        BUSINESS = "business"
        NONPROFIT = "nonprofit"
        INDIVIDUAL = "individual"
        GOVERNMENT = "government"
        OTHER = "other"

    name = models.CharField(max_length=200)
    organization = models.CharField(max_length=200, **OPTIONAL_TEXT)
    role = models.CharField(max_length=100, **OPTIONAL_TEXT)
    email = LowercaseEmailField()
    state = models.CharField(max_length=2, choices=State)
    county = models.CharField(max_length=100, **OPTIONAL_TEXT)
    type = models.CharField(max_length=10, choices=Type)
    location = PositionField(
        null=True,
        blank=True,
        spatial_index=False,
        help_text="The public sees an individual's to within two kilometres, others' exactly.",
    )
    is_public = models.BooleanField(
        "shown to the public",
        default=False,
        db_default=False,
        help_text="The stakeholder agreed to be listed.",
    )
    email_updates = models.BooleanField(
        "wants updates by e-mail",
        default=False,
        db_default=False,
        help_text="The stakeholder agreed to be written to about campaigns.",
    )
    consents = ConsentsField(
        help_text="What the stakeholder agreed to, whatever the campaign, in which words, and when."
    )
    details_at = models.DateTimeField(
        "last described by themselves",
        null=True,
        blank=True,
        editable=False,
        help_text="When the stakeholder last said who and where they are.",
    )
    public_location = models.GeneratedField(
        expression=Case(
            # LEAST, which the centre takes, ignores nulls: nowhere would become a place.
            When(type="individual", location__isnull=False, then=grid_cell_centre()),
            default=F("location"),
            output_field=PointField(geography=True, srid=WGS84),
        ),
        output_field=PointField(geography=True, srid=WGS84, null=True, spatial_index=False),
        db_persist=True,
    )

    objects: ClassVar = LiveManager.from_queryset(StakeholderQuerySet)()
    all_objects: ClassVar = models.Manager.from_queryset(StakeholderQuerySet)()

    class Meta:
        db_table = "stakeholders_stakeholder"
        permissions = [
            ("view_private_details", "Can see e-mail addresses and exact locations"),
            ("export_private_details", "Can export e-mail addresses and exact locations"),
            ("import_stakeholders", "Can import stakeholders"),
        ]
        triggers = [
            *revision_triggers.OF_STAKEHOLDERS,
            *endorsement_tally.OF_STAKEHOLDERS,
            *stakeholder_tally.OF_STAKEHOLDERS,
        ]
        indexes = [
            # Each serves the public reads, which all ask for listed, live rows.
            models.Index(
                fields=["-created_at", "-id"],
                condition=LISTED,
                name="idx_stakeholder_public",
            ),
            models.Index(fields=["name", "id"], condition=LISTED, name="idx_stakeholder_name"),
            models.Index(
                fields=["type", "-created_at", "-id"],
                condition=LISTED,
                name="idx_stakeholder_type",
            ),
            models.Index(
                fields=["state", "-created_at", "-id"],
                condition=LISTED,
                name="idx_stakeholder_state",
            ),
            models.Index(
                fields=["county", "-created_at", "-id"],
                condition=LISTED,
                name="idx_stakeholder_county",
            ),
            GistIndex(
                fields=["public_location"],
                condition=LISTED,
                name="idx_stakeholder_location",
            ),
            GistIndex(
                planar("public_location"),
                condition=LISTED,
                name="idx_stakeholder_position",
            ),
            # Colleagues, listed or not, for a reviewer of what one of them sent.
            models.Index(
                Upper("organization"),
                condition=Q(deleted_at=None) & ~Q(organization=""),
                name="idx_stakeholder_organization",
            ),
            # Text that the public looks for, and staff, who look among all.
            GinIndex(
                OpClass(Upper("name"), "gin_trgm_ops"),
                OpClass(Upper("organization"), "gin_trgm_ops"),
                name="idx_stakeholder_search",
            ),
            GinIndex(OpClass(Upper("email"), "gin_trgm_ops"), name="idx_stakeholder_email_search"),
            # All of them, newest first: staff's list.
            models.Index(fields=["-created_at", "-id"], name="idx_stakeholder_created"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=Q(deleted_at=None),
                name="unique_email",
                violation_error_code="unique",
                violation_error_message="A stakeholder with this e-mail exists.",
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="lowercase_stakeholder_email"
            ),
            models.CheckConstraint(
                condition=Q(
                    type__in=[
                        "farmer",
                        "waterman",
                        "business",
                        "nonprofit",
                        "individual",
                        "government",
                        "other",
                    ]
                ),
                name="valid_stakeholder_type",
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="valid_stakeholder_state"
            ),
            models.CheckConstraint(
                condition=is_on_earth("location"), name="valid_stakeholder_location"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """What somebody refused themselves, nobody else agrees to for them."""
        message = "They refused this themselves. They can change it by the link in a mail."
        refused = {
            name: ValidationError(message, code="refused")
            for name in ("is_public", "email_updates")
            if getattr(self, name) and self.consents.get(name, {}).get("given") is False
        }
        if refused:
            raise ValidationError(refused)

    @property
    def refuses_listing(self) -> bool:
        """As StakeholderQuerySet.refusing() has it."""
        return not self.is_public and self.consents.get("is_public", {}).get("given") is False

    def closed_gates(self) -> list[str]:
        """Why the public does not see it; empty if it does. As public_stakeholder has it."""
        gates = {"deleted": self.deleted_at, "not_listed": not self.is_public}
        return [gate for gate, is_closed in gates.items() if is_closed]

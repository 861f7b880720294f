from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple, Self

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from backend.models.campaign import PolicyCampaign
from backend.models.consents import later_consents
from backend.models.endorsement import Endorsement
from backend.models.fields import (
    OPTIONAL_TEXT,
    ConsentsField,
    LowercaseEmailField,
    PositionField,
)
from backend.models.stakeholder import Stakeholder
from backend.models.tokens import make_token, new_nonce
from backend.models.us_states import State

CONFIRMABLE = timedelta(days=7)
KEPT_UNCONFIRMED = timedelta(days=30)
KEPT_DECIDED = timedelta(days=30)

DETAILS = ("name", "organization", "role", "state", "county", "type", "location")
# Consents that are of an endorsement, and those of the stakeholder, whatever the campaign.
OF_ENDORSEMENT = {"public_display", "is_authorized", "terms", "privacy"}
OF_STAKEHOLDER = ("is_public", "email_updates")
WORDS = ("statement", "public_display")

TOKEN_PURPOSE = "submission"  # noqa: S105  # it is what tokens are for, and none itself


def confirmable_until() -> datetime:
    return timezone.now() + CONFIRMABLE


class Difference(NamedTuple):
    """A field whose value, as it is known, approval would replace by what was sent."""

    field: str
    known: Any
    sent: Any


class SubmissionQuerySet(models.QuerySet["Submission"]):
    """Questions one can ask about submissions; answers chain."""

    def unconfirmed(self) -> Self:
        return self.filter(confirmed_at=None)

    def confirmable(self) -> Self:
        """Those whose mail can still be answered."""
        return self.unconfirmed().filter(expires_at__gt=Now())

    def expired(self) -> Self:
        """Those whose mail cannot be answered any more."""
        return self.unconfirmed().filter(expires_at__lte=Now())

    def undecided(self) -> Self:
        """Those that a reviewer has yet to see."""
        return self.confirmed().filter(decided_at=None)

    def confirmed(self) -> Self:
        return self.filter(confirmed_at__isnull=False)

    def flagged(self, flag: str | None = None) -> Self:
        """Those with a flag for the reviewer, or with this one."""
        return self.filter(flags__contains=[{"flag": flag}]) if flag else self.exclude(flags=[])

    def newest_of_endorsements(self) -> Self:
        """Those after which nothing was sent for the same endorsement."""
        sent_later = Q(created_at__gt=OuterRef("created_at"))
        sent_later |= Q(created_at=OuterRef("created_at"), pk__gt=OuterRef("pk"))
        later = Submission.objects.filter(sent_later, endorsement=OuterRef("endorsement"))
        return self.filter(~Exists(later))

    def by(self, stakeholder: Stakeholder) -> Self:
        """Those that became, or renew, an endorsement of the stakeholder."""
        return self.filter(endorsement__stakeholder=stakeholder, endorsement__deleted_at=None)

    def past_their_time(self) -> Self:
        unconfirmed = Q(confirmed_at=None, created_at__lt=Now() - KEPT_UNCONFIRMED)
        return self.filter(unconfirmed | Q(decided_at__lt=Now() - KEPT_DECIDED))

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")


class Submission(models.Model):
    """What an anonymous request sent to endorse a campaign, kept until it is decided.

    It becomes an endorsement when its sender confirms, from the e-mail address that it names.
    """

    campaign = models.ForeignKey(PolicyCampaign, on_delete=models.CASCADE, db_index=False)
    name = models.CharField(max_length=200)
    organization = models.CharField(max_length=200, **OPTIONAL_TEXT)
    role = models.CharField(max_length=100, **OPTIONAL_TEXT)
    email = LowercaseEmailField()
    state = models.CharField(max_length=2, choices=State)
    county = models.CharField(max_length=100, **OPTIONAL_TEXT)
    type = models.CharField(max_length=10, choices=Stakeholder.Type)
    location = PositionField(null=True, blank=True, spatial_index=False)
    statement = models.TextField(**OPTIONAL_TEXT)
    public_display = models.BooleanField()
    is_public = models.BooleanField()
    email_updates = models.BooleanField()
    consents = ConsentsField()

    # The language of the request, and from which network it came: a digest, to tell many of one.
    language = models.CharField(max_length=35, **OPTIONAL_TEXT)
    network = models.BinaryField(max_length=16)
    nonce = models.BinaryField(max_length=16, default=new_nonce)

    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(default=confirmable_until)
    confirmed_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    # Null until it is confirmed.
    endorsement = models.ForeignKey(
        Endorsement,
        on_delete=models.CASCADE,
        null=True,
        related_name="submissions",
        db_index=False,
    )
    # Sent by somebody known, from the page of their own data: what is blank is to be blank.
    is_correction = models.BooleanField(default=False, db_default=False)
    # Each an object: `flag` and `reason`.
    flags = models.JSONField(default=list)
    # The first submission that said nearly the same, if any did before; it may be gone by now.
    alike = models.BigIntegerField(null=True)

    objects: ClassVar = models.Manager.from_queryset(SubmissionQuerySet)()

    class Meta:
        db_table = "endorsements_submission"
        default_permissions = ("view",)
        indexes = [
            # To send a mail again, and to find all that a person sent.
            models.Index(fields=["email", "campaign"], name="idx_submission_email"),
            models.Index(
                fields=["endorsement"],
                condition=Q(endorsement__isnull=False),
                name="idx_submission_endorsement",
            ),
            # The many of campaigns, or of a network, within some time.
            models.Index(fields=["created_at", "campaign"], name="idx_submission_created"),
            models.Index(fields=["network", "created_at"], name="idx_submission_network"),
            # What waits for a reviewer, and for an answer to its mail.
            models.Index(
                fields=["confirmed_at"],
                include=["endorsement"],
                condition=Q(confirmed_at__isnull=False, decided_at=None),
                name="idx_submission_undecided",
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(confirmed_at=None),
                name="idx_submission_unconfirmed",
            ),
            GinIndex(
                OpClass(F("flags"), "jsonb_path_ops"),
                condition=Q(confirmed_at__isnull=False),
                name="idx_submission_flags",
            ),
            models.Index(
                fields=["decided_at"],
                condition=Q(decided_at__isnull=False),
                name="idx_submission_decided",
            ),
            # Statements that are alike. Those that nobody confirmed cost an insert nothing.
            GinIndex(
                OpClass(F("statement"), "gin_trgm_ops"),
                condition=Q(confirmed_at__isnull=False) & ~Q(statement=""),
                name="idx_submission_statement",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_at=None, endorsement=None)
                | Q(confirmed_at__isnull=False, endorsement__isnull=False),
                name="confirmed_submission_has_endorsement",
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None) | Q(confirmed_at__isnull=False),
                name="decided_submission_is_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} for {self.campaign}"

    def is_as_seen(self, seen: Collection[int]) -> bool:
        """Whether it waits if it is among those (their keys) that were seen waiting; else not."""
        return (self.decided_at is None) == (self.pk in seen)

    def details(self) -> dict[str, Any]:
        """Who and where its sender is, by the fields of Stakeholder."""
        return {name: getattr(self, name) for name in DETAILS}

    def words(self) -> dict[str, Any]:
        """What is said and agreed to about the campaign, by the fields of Endorsement."""
        consents = {name: self.consents[name] for name in self.consents if name in OF_ENDORSEMENT}
        return {
            "statement": self.statement,
            "public_display": self.public_display,
            "consents": consents,
        }

    def changes(self, stakeholder: Stakeholder) -> dict[str, Any]:
        """What approval writes to the stakeholder, by field; nothing over a later choice."""
        changes: dict[str, Any] = {}
        if stakeholder.details_at is None or self.created_at > stakeholder.details_at:
            changes = self._said_of_themselves() | {"details_at": self.created_at}
        sent = {name: self.consents[name] for name in OF_STAKEHOLDER if name in self.consents}
        if later := later_consents(sent, stakeholder.consents):
            changes |= {name: consent["given"] for name, consent in later.items()}
            changes["consents"] = stakeholder.consents | later
        return changes

    def _said_of_themselves(self) -> dict[str, Any]:
        """What a form left out, nobody takes back."""
        said = self.details().items()
        return {
            name: value for name, value in said if self.is_correction or value not in ("", None)
        }

    def words_for(self, endorsement: Endorsement) -> dict[str, Any]:
        """What it writes to an endorsement that is there; nothing over a later choice."""
        words = self.words()
        later = later_consents(words["consents"], endorsement.consents)
        if "public_display" not in later:
            del words["public_display"]
        return words | {"consents": endorsement.consents | later}

    def words_beside(self, endorsement: Endorsement) -> dict[str, Any]:
        """What waits beside the words of an approved endorsement; empty for another.

        Of one that is pending, the words that wait are its own.
        """
        is_beside = endorsement.status == Endorsement.Status.APPROVED and self.decided_at is None
        return self.words_for(endorsement) if is_beside else {}

    def differences(self) -> list[Difference]:
        """What approval would change of what is known, for the reviewer; nothing once decided.

        Reads the endorsement and its stakeholder.
        """
        if self.decided_at is not None or self.endorsement is None:
            return []
        stakeholder = self.endorsement.stakeholder
        words = self.words_beside(self.endorsement)
        proposed = [
            (stakeholder, self.changes(stakeholder), (*DETAILS, *OF_STAKEHOLDER)),
            (self.endorsement, words, WORDS),
        ]
        return [
            Difference(name, getattr(row, name), changes[name])
            for row, changes, names in proposed
            for name in names
            if name in changes and changes[name] != getattr(row, name)
        ]

    def token(self) -> str:
        """What its mails carry, to confirm or decline it."""
        return make_token(self.pk, bytes(self.nonce), purpose=TOKEN_PURPOSE)


class RedeemedToken(models.Model):
    """A token of a submission that was used, so that using it again says so.

    It outlives the submission, and holds nothing of a person.
    """

    submission_id = models.BigIntegerField(primary_key=True)
    nonce = models.BinaryField(max_length=16)
    # Null where the submission was declined.
    endorsement = models.ForeignKey(
        Endorsement, on_delete=models.CASCADE, null=True, db_index=False
    )
    redeemed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "endorsements_redeemedtoken"
        default_permissions = ()
        indexes = [models.Index(fields=["endorsement"], name="idx_redeemedtoken_endorsement")]

    def __str__(self) -> str:
        return f"Submission {self.submission_id}"

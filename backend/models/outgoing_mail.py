from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Count, Min, Q
from django.db.models.functions import Now

from backend.models.campaign import PolicyCampaign
from backend.models.endorsement import Endorsement
from backend.models.fields import OPTIONAL_TEXT, LowercaseEmailField
from backend.models.keyed_digests import keyed_digest
from backend.models.personal_link import PersonalLink
from backend.models.submission import Submission

KEPT_DONE = timedelta(days=30)
# So long after a mail was due, some worker must have taken it.
LATE = timedelta(minutes=10)


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    """Questions one can ask about the outbox; answers chain."""

    def queued(self) -> Self:
        return self.filter(state=OutgoingMail.State.QUEUED)

    def waiting(self) -> dict[str, float]:
        """How many are queued, are due, and were tried in vain; and the seconds that the first of
        the due has been (`age`), 0 if none is."""
        is_due = Q(due_at__lte=Now())
        found = self.queued().aggregate(
            queued=Count("*"),
            due=Count("pk", filter=is_due),
            retried=Count("pk", filter=Q(attempts__gt=1)),
            age=Now() - Min("due_at", filter=is_due),
        )
        return found | {"age": found["age"].total_seconds() if found["age"] else 0}

    def failed(self) -> Self:
        """Those that nobody tries to send any more."""
        return self.filter(state=OutgoingMail.State.FAILED)

    def not_sent(self) -> Self:
        """Those that went wrong: given up, or tried in vain, or nobody is there to send them."""
        is_late = Q(attempts__gt=1) | Q(due_at__lt=Now() - LATE)
        return self.filter(Q(state=OutgoingMail.State.FAILED) | Q(is_late, state="queued"))

    def past_their_time(self) -> Self:
        return self.exclude(state=OutgoingMail.State.QUEUED).filter(due_at__lt=Now() - KEPT_DONE)


class OutgoingMail(models.Model):
    """Something to be said by mail: what about, not the text, so that no token lies here."""

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation"
        REMINDER = "reminder"
        RESEND = "resend", "confirmation again"
        APPROVED = "approved"
        REJECTED = "rejected"
        LINK = "link", "link to their data"

    class State(models.TextChoices):
        QUEUED = "queued"
        SENT = "sent"
        # Not wanted any more, or more than one address is sent.
        DROPPED = "dropped"
        FAILED = "failed"

    kind = models.CharField(max_length=12, choices=Kind)
    # What it is about: a submission, an endorsement, a link to what is held about somebody, or
    # whatever an address sent to a campaign.
    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, null=True, related_name="mails", db_index=False
    )
    endorsement = models.ForeignKey(
        Endorsement, on_delete=models.CASCADE, null=True, related_name="mails", db_index=False
    )
    link = models.ForeignKey(
        PersonalLink, on_delete=models.CASCADE, null=True, related_name="mails", db_index=False
    )
    email = LowercaseEmailField(**OPTIONAL_TEXT)
    campaign = models.ForeignKey(
        PolicyCampaign, on_delete=models.CASCADE, null=True, db_index=False
    )

    state = models.CharField(
        max_length=7, choices=State, default=State.QUEUED, db_default=State.QUEUED
    )
    created_at = models.DateTimeField(db_default=Now())
    # When to try, or to try again. Whoever tries puts it off first: that is the lease.
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.SmallIntegerField(default=0, db_default=0)
    error = models.TextField(**OPTIONAL_TEXT)

    objects: ClassVar = models.Manager.from_queryset(OutgoingMailQuerySet)()

    class Meta:
        db_table = "mail_outgoingmail"
        default_permissions = ("view",)
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=Q(state="queued"), name="idx_mail_queued"
            ),
            models.Index(fields=["due_at"], condition=~Q(state="queued"), name="idx_mail_done"),
            models.Index(fields=["id"], condition=Q(state="failed"), name="idx_mail_failed"),
            models.Index(fields=["submission"], name="idx_mail_submission"),
            models.Index(
                fields=["endorsement"],
                condition=Q(endorsement__isnull=False),
                name="idx_mail_endorsement",
            ),
            models.Index(fields=["link"], condition=Q(link__isnull=False), name="idx_mail_link"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "sent", "dropped", "failed"]),
                name="valid_mail_state",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.state}"


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    """Questions one can ask about addresses that are not written to; answers chain."""

    def of(self, email: str, *, campaign_id: int | None) -> Self:
        """Those that forbid a mail to the address about the campaign, or about none."""
        digests = [Suppression.digest_of(email), Suppression.digest_of(email, campaign_id)]
        return self.filter(digest__in=digests)

    def add(
        self, email: str, reason: "Suppression.Reason", *, campaign_id: int | None = None
    ) -> None:
        """Forbid mails to the address, about whatever campaign unless one is given."""
        digest = Suppression.digest_of(email, campaign_id)
        self.bulk_create([Suppression(digest=digest, reason=reason)], ignore_conflicts=True)


class Suppression(models.Model):
    """An address that is not written to any more, at all or about one campaign; only a digest."""

    class Reason(models.TextChoices):
        BOUNCED = "bounced"
        COMPLAINED = "complained"
        DECLINED = "declined"
        OPERATOR = "operator", "by an operator"

    digest = models.BinaryField(max_length=16, primary_key=True)
    reason = models.CharField(max_length=10, choices=Reason)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar = models.Manager.from_queryset(SuppressionQuerySet)()

    class Meta:
        db_table = "mail_suppression"
        default_permissions = ()

    def __str__(self) -> str:
        return f"An address that {self.get_reason_display()}"

    @staticmethod
    def digest_of(email: str, campaign_id: int | None = None) -> bytes:
        """What stands for the address, whatever its case; about all campaigns without one."""
        about = () if campaign_id is None else (str(campaign_id),)
        return keyed_digest("suppression", email.lower(), *about)

"""What an anonymous request asks for: an endorsement, or the mail to confirm one once more.

All of it is the same work whether the address is known, declined, suppressed or over its limit:
only the outbox's worker looks.
"""

from django.db import transaction

from backend.actions.quotas import Limit
from backend.models import OutgoingMail, PolicyCampaign, Submission


@transaction.atomic
def submit(*, submission: Submission, is_bot: bool) -> None:
    """Store a submission, and the mail that asks to confirm it.

    Of what a bot sends nothing stays, after the same work.
    """
    submission.save(force_insert=True)
    OutgoingMail.objects.create(
        kind=OutgoingMail.Kind.CONFIRMATION,
        submission=submission,
        state=_state_of_mail_to(submission.email),
    )
    if is_bot:
        submission.delete()


@transaction.atomic
def resend(*, email: str, campaign_slug: str) -> None:
    """Ask for the mail to confirm what the address last sent to the campaign, if it did."""
    OutgoingMail.objects.create(
        kind=OutgoingMail.Kind.RESEND,
        email=email,
        campaign=PolicyCampaign.objects.filter(slug=campaign_slug).first(),
        state=_state_of_mail_to(email),
    )


def _state_of_mail_to(email: str) -> OutgoingMail.State:
    """What more than its limit is not sent to an address, and nobody is told."""
    is_within = Limit.named("mails").spend(email.lower())
    return OutgoingMail.State.QUEUED if is_within else OutgoingMail.State.DROPPED

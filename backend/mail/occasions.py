"""What a mail of the outbox says, and whether it is still wanted."""

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from backend.mail.messages import Message, compose
from backend.models import (
    Endorsement,
    OutgoingMail,
    PersonalLink,
    Stakeholder,
    Submission,
    Suppression,
    Transition,
)

Kind = OutgoingMail.Kind
Status = Endorsement.Status

OF_SUBMISSION = (
    *("email", "nonce", "confirmed_at", "expires_at"),
    *(f"campaign__{name}" for name in ("title", "active", "allow_endorsements", "deleted_at")),
)
OF_ENDORSEMENT = ("status", "campaign__title", "stakeholder__email")


def message_for(mail: OutgoingMail) -> EmailMultiAlternatives | None:
    """What to send now; None if nobody wants it any more."""
    message = MESSAGES[Kind(mail.kind)](mail)
    return compose(message) if message else None


def _confirmation(mail: OutgoingMail) -> Message | None:
    # All columns would take as long as the mail server does.
    sent = Submission.objects.select_related("campaign").only(*OF_SUBMISSION)
    return _about_submission(mail, sent.filter(pk=cast("int", mail.submission_id)).first())


def _resend(mail: OutgoingMail) -> Message | None:
    sent = Submission.objects.select_related("campaign").confirmable()
    own = sent.filter(email=mail.email, campaign=mail.campaign_id)
    return _about_submission(mail, own.newest_first().first())


def _about_submission(mail: OutgoingMail, submission: Submission | None) -> Message | None:
    if submission is None or not _is_confirmable(submission):
        return None
    if _is_suppressed(submission.email, submission.campaign_id):
        return None
    token = submission.token()
    is_reminder = mail.kind == Kind.REMINDER
    return Message(
        kind="reminder" if is_reminder else "confirmation",
        to=submission.email,
        campaign_title=submission.campaign.title,
        confirm_url=_link("/endorsements/confirm", token),
        decline_url=_link("/endorsements/decline", token),
        token=token,
        expires_at=submission.expires_at,
    )


def _is_confirmable(submission: Submission) -> bool:
    campaign = submission.campaign
    is_open = campaign.active and campaign.allow_endorsements and campaign.deleted_at is None
    is_waiting = submission.confirmed_at is None and submission.expires_at > timezone.now()
    return is_open and is_waiting


def _decision(mail: OutgoingMail) -> Message | None:
    endorsements = Endorsement.objects.select_related("campaign", "stakeholder")
    decided = endorsements.only(*OF_ENDORSEMENT).filter(pk=cast("int", mail.endorsement_id))
    endorsement: Endorsement | None = decided.first()
    if endorsement is None or not _is_decided(mail, endorsement):
        return None
    if _is_suppressed(endorsement.stakeholder.email, endorsement.campaign_id):
        return None
    last = endorsement.transitions.order_by("-created_at", "-pk").first()
    return Message(
        kind=_kind_of_decision(mail, last),
        to=endorsement.stakeholder.email,
        campaign_title=endorsement.campaign.title,
        reason=last.reason if last and mail.kind == Kind.REJECTED else "",
    )


def _is_decided(mail: OutgoingMail, endorsement: Endorsement) -> bool:
    """Whether the decision still stands."""
    standing = {Status.APPROVED} | ({Status.REJECTED} if mail.kind == Kind.REJECTED else set())
    return endorsement.status in standing


def _kind_of_decision(mail: OutgoingMail, last: Transition | None) -> str:
    """In other words where it was about what waited beside an approved endorsement."""
    if last is None or {last.from_status, last.to_status} != {Status.APPROVED}:
        return mail.kind
    decided = Submission.objects.filter(endorsement=last.endorsement_id, decided_at__isnull=False)
    if decided.newest_first().values_list("is_correction", flat=True).first():
        return f"change_{mail.kind}"
    return "words_rejected" if mail.kind == Kind.REJECTED else mail.kind


def _link_to_data(mail: OutgoingMail) -> Message | None:
    """For whoever is known; where nobody is, nobody learns that somebody asked."""
    link = PersonalLink.objects.filter(pk=cast("int", mail.link_id)).first()
    if link is None or link.expires_at <= timezone.now():
        return None
    is_known = Stakeholder.objects.reachable_at(link.email).exists()
    if not is_known or _is_suppressed(link.email, None):
        return None
    token = link.token()
    return Message(
        kind="link",
        to=link.email,
        personal_url=_link("/me", token),
        token=token,
        expires_at=link.expires_at,
    )


def _is_suppressed(email: str, campaign_id: int | None) -> bool:
    return Suppression.objects.of(email, campaign_id=campaign_id).exists()


def _link(path: str, token: str) -> str:
    """The token is in the fragment, which no server is sent."""
    return f"{settings.LINKS_URL}{path}#token={token}"


MESSAGES: dict[Kind, Callable[[OutgoingMail], Message | None]] = {
    Kind.CONFIRMATION: _confirmation,
    Kind.REMINDER: _confirmation,
    Kind.RESEND: _resend,
    Kind.APPROVED: _decision,
    Kind.REJECTED: _decision,
    Kind.LINK: _link_to_data,
}

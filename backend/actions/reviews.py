"""What a reviewer decides."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from backend.actions.errors import NotAllowed
from backend.actions.transitions import lock, move
from backend.models import Endorsement, OutgoingMail, Stakeholder, Submission

Status = Endorsement.Status
# Consents that are the stakeholder's, whatever the campaign.
STAKEHOLDERS_CONSENTS = ("is_public", "email_updates")


@transaction.atomic
def approve(*, endorsement_id: int, by: User) -> Endorsement:
    """Make a confirmed endorsement count, or the new words of one that counts already.

    With it comes what its supporter sent of themselves, where they have not said otherwise since.
    Raises NotAllowed if nothing waits any more: somebody else was faster.
    """
    endorsement = lock(endorsement_id)
    submission = endorsement.submissions.newest_first().first()
    is_waiting = submission is not None and submission.decided_at is None
    if endorsement.status != Status.PENDING and not is_waiting:
        raise NotAllowed
    if submission:
        if is_waiting and endorsement.status == Status.APPROVED:
            _update(endorsement, submission.words())
        _apply_to_stakeholder(submission, endorsement.stakeholder)
    move(endorsement, Status.APPROVED, by=by)
    _decide(endorsement, submission, OutgoingMail.Kind.APPROVED)
    return endorsement


@transaction.atomic
def reject(*, endorsement_id: int, by: User, reason: str = "") -> Endorsement:
    """Turn down an endorsement; of an approved one with new words, the words.

    Raises NotAllowed if it is neither pending nor approved any more.
    """
    endorsement = lock(endorsement_id)
    submission = endorsement.submissions.newest_first().first()
    keeps_old_words = (
        endorsement.status == Status.APPROVED
        and submission is not None
        and submission.decided_at is None
    )
    to = Status.APPROVED if keeps_old_words else Status.REJECTED
    move(endorsement, to, by=by, reason=reason)
    _decide(endorsement, submission, OutgoingMail.Kind.REJECTED)
    return endorsement


@transaction.atomic
def reopen(*, endorsement_id: int, by: User, reason: str = "") -> Endorsement:
    """Let a decided endorsement wait again; raises NotAllowed if it waits, or was withdrawn."""
    endorsement = lock(endorsement_id)
    if endorsement.status == Status.PENDING:
        raise NotAllowed
    move(endorsement, Status.PENDING, by=by, reason=reason)
    return endorsement


def _decide(
    endorsement: Endorsement, submission: Submission | None, kind: OutgoingMail.Kind
) -> None:
    """Whoever sent the endorsement hears of the decision; who was entered by staff does not."""
    endorsement.submissions.undecided().update(decided_at=timezone.now())
    if submission is not None:
        OutgoingMail.objects.create(kind=kind, endorsement=endorsement)


def _apply_to_stakeholder(submission: Submission, stakeholder: Stakeholder) -> None:
    changes: dict[str, Any] = {}
    if stakeholder.details_at is None or submission.created_at > stakeholder.details_at:
        # What was left out, nobody takes back.
        details = submission.details()
        changes = {name: value for name, value in details.items() if value not in ("", None)}
        changes["details_at"] = submission.created_at
    consents = dict(stakeholder.consents)
    for name in STAKEHOLDERS_CONSENTS:
        consent = submission.consents[name]
        if _at(consent) > _at(consents.get(name)):
            changes[name] = consent["given"]
            consents[name] = consent
    if consents != stakeholder.consents:
        changes["consents"] = consents
    if changes:
        _update(stakeholder, changes)


def _at(consent: dict[str, Any] | None) -> datetime:
    if consent is None:
        return datetime.min.replace(tzinfo=timezone.get_default_timezone())
    return datetime.fromisoformat(consent["at"])


def _update(row: Endorsement | Stakeholder, changes: dict[str, Any]) -> None:
    type(row).objects.filter(pk=row.pk).update(**changes, updated_at=Now())
    for name, value in changes.items():
        setattr(row, name, value)

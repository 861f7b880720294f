"""What a reviewer decides."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from backend.actions.errors import NotAllowed, Superseded
from backend.actions.transitions import lock, move
from backend.models import Endorsement, OutgoingMail, Stakeholder, Submission

Status = Endorsement.Status
DECISIONS = (OutgoingMail.Kind.APPROVED, OutgoingMail.Kind.REJECTED)
# In this time a reviewer may think again, before anybody is told.
TOLD_AFTER = timedelta(seconds=30)


@transaction.atomic
def approve(*, endorsement_id: int, by: User, seen: Collection[int] | None = None) -> Endorsement:
    """Make a confirmed endorsement count, or the new words of one that counts already.

    With it comes what its supporter sent of themselves, where they have not said otherwise since.
    Raises NotAllowed if nothing waits any more, or one of the submissions that were `seen`
    waiting, by their keys, is decided: somebody else was faster; Superseded if another waits.
    """
    endorsement = lock(endorsement_id)
    submission = _submission(endorsement, seen)
    if not _waits(endorsement, submission):
        raise NotAllowed
    if submission:
        _update(endorsement, _new_words(endorsement, submission))
        _update(endorsement.stakeholder, submission.changes(endorsement.stakeholder))
    move(endorsement, Status.APPROVED, by=by)
    _decide(endorsement, submission, OutgoingMail.Kind.APPROVED)
    return endorsement


@transaction.atomic
def reject(
    *, endorsement_id: int, by: User, reason: str = "", seen: Collection[int] | None = None
) -> Endorsement:
    """Turn down an endorsement; of an approved one with new words, the words.

    Raises NotAllowed if it is neither pending nor approved any more, and both as approve does.
    """
    endorsement = lock(endorsement_id)
    submission = _submission(endorsement, seen)
    to = Status.APPROVED if _new_words(endorsement, submission) else Status.REJECTED
    move(endorsement, to, by=by, reason=reason)
    _decide(endorsement, submission, OutgoingMail.Kind.REJECTED)
    return endorsement


@transaction.atomic
def reopen(*, endorsement_id: int, by: User, reason: str = "") -> Endorsement:
    """Let a decided endorsement wait again, with what its supporter sent last.

    Raises NotAllowed if it waits, or was withdrawn.
    """
    endorsement = lock(endorsement_id)
    if endorsement.status == Status.PENDING:
        raise NotAllowed
    submission = endorsement.newest_submission()
    words = _words_not_accepted(endorsement, submission)
    move(endorsement, Status.PENDING, by=by, reason=reason)
    _update(endorsement, words)
    if submission:
        Submission.objects.filter(pk=submission.pk).update(decided_at=None)
    _tell_nobody(endorsement)
    return endorsement


def _submission(endorsement: Endorsement, seen: Collection[int] | None) -> Submission | None:
    """What was sent last, which a decision that saw it otherwise must not be about."""
    submission = endorsement.newest_submission()
    if submission and seen is not None and not submission.is_as_seen(seen):
        raise NotAllowed if submission.decided_at else Superseded
    return submission


def _waits(endorsement: Endorsement, submission: Submission | None) -> bool:
    return endorsement.status == Status.PENDING or bool(_new_words(endorsement, submission))


def _new_words(endorsement: Endorsement, submission: Submission | None) -> dict[str, Any]:
    """What waits beside the words of an approved endorsement."""
    return submission.words_beside(endorsement) if submission else {}


def _words_not_accepted(endorsement: Endorsement, submission: Submission | None) -> dict[str, Any]:
    """What waits beside the words of an approved endorsement, or was turned down there last."""
    if submission is None or endorsement.status != Status.APPROVED:
        return {}
    decisions = endorsement.mails.filter(kind__in=DECISIONS).order_by("-pk")
    is_accepted = submission.decided_at is not None and (
        decisions.values_list("kind", flat=True).first() != OutgoingMail.Kind.REJECTED
    )
    return {} if is_accepted else submission.words_for(endorsement)


def _decide(
    endorsement: Endorsement, submission: Submission | None, kind: OutgoingMail.Kind
) -> None:
    """Whoever sent the endorsement hears of the decision; who was entered by staff does not."""
    endorsement.submissions.undecided().update(decided_at=timezone.now())
    _tell_nobody(endorsement)
    if submission is not None:
        OutgoingMail.objects.create(kind=kind, endorsement=endorsement, due_at=Now() + TOLD_AFTER)


def _tell_nobody(endorsement: Endorsement) -> None:
    """Of an earlier decision, if nobody was told of it yet."""
    endorsement.mails.queued().update(state=OutgoingMail.State.DROPPED)


def _update(row: Endorsement | Stakeholder, changes: dict[str, Any]) -> None:
    if not changes:
        return
    type(row).objects.filter(pk=row.pk).update(**changes, updated_at=Now())
    for name, value in changes.items():
        setattr(row, name, value)

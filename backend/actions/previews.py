"""What a decision would do, for whoever is asked to confirm it."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from backend.models import Endorsement, Submission

Status = Endorsement.Status


@dataclass
class Preview:
    """Those that are decided, those that stay as they are, and what changes for the public."""

    decided: list[Endorsement] = field(default_factory=list)
    left: list[Endorsement] = field(default_factory=list)
    # By how much the number of a campaign's public endorsements changes, by its key.
    changes: Counter[int] = field(default_factory=Counter)


def preview(
    decision: str, endorsements: Iterable[Endorsement], *, seen: Collection[int] | None = None
) -> Preview:
    """What approve, reject or reopen of actions/reviews.py would do to each.

    Reads the stakeholders and the submissions.
    """
    result = Preview()
    for endorsement in endorsements:
        waiting = _waiting(endorsement)
        becomes_public = OUTCOMES[decision](endorsement, waiting)
        sent = endorsement.newest_submission()
        is_other = sent is not None and seen is not None and not sent.is_as_seen(seen)
        is_deleted = endorsement.deleted_at or endorsement.stakeholder.deleted_at
        if becomes_public is None or is_other or is_deleted:
            result.left.append(endorsement)
            continue
        result.decided.append(endorsement)
        result.changes[endorsement.campaign_id] += becomes_public - endorsement.is_public
    return result


def _waiting(endorsement: Endorsement) -> Submission | None:
    sent = endorsement.newest_submission()
    return sent if sent and sent.decided_at is None else None


# Whether the endorsement is public afterwards; None where nothing waits for such a decision.


def _approved(endorsement: Endorsement, waiting: Submission | None) -> bool | None:
    if endorsement.status == Status.PENDING:
        return bool(endorsement.public_display)
    if endorsement.status == Status.APPROVED and waiting:
        words = waiting.words_beside(endorsement)
        return bool(words.get("public_display", endorsement.public_display))
    return None


def _rejected(endorsement: Endorsement, waiting: Submission | None) -> bool | None:
    if endorsement.status == Status.APPROVED and waiting:
        # The new words are rejected, and the old ones stay.
        return bool(endorsement.is_public)
    return False if endorsement.status in (Status.PENDING, Status.APPROVED) else None


def _reopened(endorsement: Endorsement, _waiting: Submission | None) -> bool | None:
    return False if endorsement.status in (Status.APPROVED, Status.REJECTED) else None


OUTCOMES = {"approve": _approved, "reject": _rejected, "reopen": _reopened}

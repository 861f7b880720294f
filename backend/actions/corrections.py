"""What a known supporter changes after review: a submission beside what is known of them."""

from collections.abc import Mapping
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone

from backend.actions import transitions
from backend.actions.flags import flags_of
from backend.models import Endorsement, Submission
from backend.models.consents import later_consents
from backend.models.submission import DETAILS, OF_STAKEHOLDER, WORDS

Status = Endorsement.Status

OF_THEMSELVES = (*DETAILS, *OF_STAKEHOLDER)


def correct(
    endorsement: Endorsement,
    values: Mapping[str, Any],
    consents: Mapping[str, Any],
    *,
    network: bytes,
) -> None:
    """Have a reviewer see the values, by fields of Submission, with all else as it is or waits.

    The endorsement and its stakeholder are locked. Nothing happens if nothing changes.
    """
    correction = _as_it_is_or_waits(endorsement)
    if all(getattr(correction, name) == value for name, value in values.items()):
        return
    for name, value in values.items():
        setattr(correction, name, value)
    correction.consents |= consents
    correction.network = network
    correction.flags = flags_of(correction)
    put_forward(endorsement, correction, reason="Corrected by the supporter.")
    correction.save()


def put_forward(endorsement: Endorsement, submission: Submission, *, reason: str) -> None:
    """Let it wait in place of what waits; what is approved stays as it is until it is, too."""
    endorsement.submissions.undecided().update(decided_at=timezone.now())
    if endorsement.status == Status.APPROVED:
        return
    words = submission.words_for(endorsement)
    Endorsement.objects.filter(pk=endorsement.pk).update(**words, updated_at=Now())
    transitions.move(endorsement, Status.PENDING, by=None, reason=reason)
    for name, value in words.items():
        setattr(endorsement, name, value)


def _as_it_is_or_waits(endorsement: Endorsement) -> Submission:
    """What would be known if all that waits were approved, as a submission that is not saved."""
    stakeholder, now = endorsement.stakeholder, timezone.now()
    waiting = endorsement.submissions.undecided().newest_first().first()
    known = stakeholder.consents | endorsement.consents
    changes = waiting.changes(stakeholder) if waiting else {}
    words = waiting.words_beside(endorsement) if waiting else {}
    return Submission(
        **{name: changes.get(name, getattr(stakeholder, name)) for name in OF_THEMSELVES},
        **{name: words.get(name, getattr(endorsement, name)) for name in WORDS},
        consents=known | later_consents(waiting.consents if waiting else {}, known),
        email=stakeholder.email,
        campaign_id=endorsement.campaign_id,
        endorsement=endorsement,
        is_correction=True,
        created_at=now,
        confirmed_at=now,
    )

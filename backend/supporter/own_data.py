"""What is held about a person, in the words of the API."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.gis.geos import Point

from backend.models import Endorsement, Stakeholder, Submission
from backend.models.consents import as_told
from backend.models.submission import DETAILS, OF_STAKEHOLDER, WORDS

OF_THEMSELVES = (*DETAILS, *OF_STAKEHOLDER)


def described(stakeholder: Stakeholder, *, token_expires_at: datetime) -> dict[str, Any]:
    """All of it, by two queries."""
    endorsements = Endorsement.objects.filter(stakeholder=stakeholder).select_related("campaign")
    waiting = list(Submission.objects.undecided().by(stakeholder).newest_first())
    renewals = {submission.endorsement_id: submission for submission in reversed(waiting)}
    described_endorsements = []
    for endorsement in endorsements.newest_first():
        endorsement.stakeholder = stakeholder
        described_endorsements.append(_endorsement(endorsement, renewals.get(endorsement.pk)))
    return {
        "email": stakeholder.email,
        **{name: _json(getattr(stakeholder, name)) for name in OF_THEMSELVES},
        "public_location": _json(stakeholder.public_location),
        "consents": as_told(stakeholder.consents),
        "details_at": _json(stakeholder.details_at),
        **_times(stakeholder),
        "waiting": _changes(stakeholder, waiting),
        "endorsements": described_endorsements,
        "token_expires_at": _json(token_expires_at),
    }


def described_endorsement(endorsement: Endorsement) -> dict[str, Any]:
    """With what waits beside it."""
    return _endorsement(endorsement, endorsement.submissions.undecided().newest_first().first())


def _endorsement(endorsement: Endorsement, waiting: Submission | None) -> dict[str, Any]:
    campaign = endorsement.campaign
    words = waiting.words_beside(endorsement) if waiting else {}
    return {
        "id": endorsement.pk,
        "campaign": {"slug": campaign.slug, "title": campaign.title},
        "statement": endorsement.statement,
        "public_display": endorsement.public_display,
        "status": endorsement.status,
        "public": not endorsement.closed_gates(),
        "consents": as_told(endorsement.consents),
        **_times(endorsement),
        "waiting": _differing(endorsement, words, WORDS),
    }


def _changes(stakeholder: Stakeholder, waiting: Iterable[Submission]) -> dict[str, Any] | None:
    """What would be known of them if all that waits were approved, the newest last."""
    changes: dict[str, Any] = {}
    for submission in reversed([*waiting]):
        changes |= submission.changes(stakeholder)
    return _differing(stakeholder, changes, OF_THEMSELVES)


def _differing(row: Any, changes: dict[str, Any], names: Iterable[str]) -> dict[str, Any] | None:
    differing = {
        name: _json(changes[name])
        for name in names
        if name in changes and changes[name] != getattr(row, name)
    }
    return differing or None


def _times(row: Stakeholder | Endorsement) -> dict[str, Any]:
    return {"created_at": _json(row.created_at), "updated_at": _json(row.updated_at)}


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Point):
        return {"type": "Point", "coordinates": list(value.coords)}
    return value

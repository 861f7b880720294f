"""Many decisions of a reviewer at once."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from backend.actions.errors import NotAllowed
from backend.actions.previews import preview
from backend.actions.reviews import approve, reject
from backend.models import Endorsement, PolicyCampaign

DECISIONS = {"approve": approve, "reject": reject}


@dataclass(frozen=True)
class Outcome:
    """What became of an endorsement, and its status then; None where there is none."""

    id: int
    outcome: str  # decided, conflict, not_found
    status: str | None


def decide(
    *,
    endorsement_ids: Sequence[int],
    decision: str,
    by: User,
    reason: str = "",
    seen: Collection[int] | None = None,
) -> list[Outcome]:
    """Approve or reject each by itself: one that somebody else decided holds up no other.

    One of which not the submissions that were `seen` wait, but newer ones or none, is a conflict.
    Whoever is stopped in the middle has decided those before, and can ask for all once more.
    """
    values: dict[str, Any] = {"by": by, "seen": seen}
    if decision == "reject":
        values["reason"] = reason
    decided = {pk for pk in endorsement_ids if _is_decided(pk, DECISIONS[decision], values)}
    rows = Endorsement.objects.filter(pk__in=endorsement_ids).values_list("pk", "status")
    return _outcomes(endorsement_ids, decided, dict(rows))


def foresee(
    *, endorsement_ids: Sequence[int], decision: str, seen: Collection[int] | None = None
) -> tuple[list[Outcome], list[tuple[PolicyCampaign, int]]]:
    """What `decide` would do now, without doing it.

    Beside the outcomes, each campaign whose endorsements are among them, with its present
    `endorsement_count`, and by how much that would change.
    """
    endorsements = Endorsement.objects.with_review().in_bulk(endorsement_ids)
    told = preview(decision, endorsements.values(), seen=seen)
    statuses = {pk: endorsement.status for pk, endorsement in endorsements.items()}
    outcomes = _outcomes(endorsement_ids, {row.pk for row in told.decided}, statuses)
    campaigns = PolicyCampaign.all_objects.with_endorsement_count().by_title()
    counted = campaigns.filter(pk__in=told.changes)
    return outcomes, [(campaign, told.changes[campaign.pk]) for campaign in counted]


def _is_decided(
    endorsement_id: int, decision: Callable[..., Endorsement], values: dict[str, Any]
) -> bool:
    try:
        decision(endorsement_id=endorsement_id, **values)
    except NotAllowed:
        return False
    return True


def _outcomes(
    asked: Sequence[int], decided: Collection[int], statuses: Mapping[int, str]
) -> list[Outcome]:
    return [_outcome(pk, statuses, is_decided=pk in decided) for pk in asked]


def _outcome(pk: int, statuses: Mapping[int, str], *, is_decided: bool) -> Outcome:
    if pk not in statuses:
        return Outcome(pk, "not_found", None)
    return Outcome(pk, "decided" if is_decided else "conflict", statuses[pk])

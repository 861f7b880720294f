"""Many decisions of a reviewer at once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User

from backend.actions.errors import NotAllowed
from backend.actions.reviews import approve, reject, would_count
from backend.models import Endorsement, PolicyCampaign


@dataclass(frozen=True)
class Outcome:
    """What became of an endorsement, and its status then; None where there is none."""

    id: int
    outcome: str  # decided, conflict, not_found
    status: str | None


@dataclass(frozen=True)
class CountChange:
    """How many public endorsements a campaign has, and by how many that is to change."""

    campaign: PolicyCampaign
    change: int


def decide(
    *, endorsement_ids: Sequence[int], decision: str, by: User, reason: str = ""
) -> list[Outcome]:
    """Approve or reject each by itself: one that somebody else decided holds up no other.

    Whoever is stopped in the middle has decided those before, and can ask for all once more.
    """
    decided = {pk: _decide(pk, decision, by, reason) for pk in endorsement_ids}
    statuses = _statuses(endorsement_ids)
    return [_outcome(pk, statuses, is_decided=decided[pk]) for pk in endorsement_ids]


def preview(
    *, endorsement_ids: Sequence[int], decision: str
) -> tuple[list[Outcome], list[CountChange]]:
    """What `decide` would do now, and to which counts, without doing it."""
    endorsements = Endorsement.objects.with_review().in_bulk(endorsement_ids)
    changes: Counter[int] = Counter()
    allowed = set()
    for endorsement in endorsements.values():
        try:
            counts_then = would_count(endorsement, decision)
        except NotAllowed:
            continue
        allowed.add(endorsement.pk)
        counts_now = endorsement.is_public and endorsement.stakeholder.deleted_at is None
        changes[endorsement.campaign_id] += counts_then - counts_now
    statuses = {pk: endorsement.status for pk, endorsement in endorsements.items()}
    outcomes = [_outcome(pk, statuses, is_decided=pk in allowed) for pk in endorsement_ids]
    campaigns = PolicyCampaign.all_objects.with_endorsement_count().by_title()
    counted = campaigns.filter(pk__in=changes)
    return outcomes, [CountChange(campaign, changes[campaign.pk]) for campaign in counted]


def _decide(endorsement_id: int, decision: str, by: User, reason: str) -> bool:
    try:
        if decision == "approve":
            approve(endorsement_id=endorsement_id, by=by)
        else:
            reject(endorsement_id=endorsement_id, by=by, reason=reason)
    except NotAllowed:
        return False
    return True


def _statuses(endorsement_ids: Sequence[int]) -> dict[int, str]:
    rows = Endorsement.objects.filter(pk__in=endorsement_ids).values_list("pk", "status")
    return dict(rows)


def _outcome(pk: int, statuses: dict[int, str], *, is_decided: bool) -> Outcome:
    if pk not in statuses:
        return Outcome(pk, "not_found", None)
    return Outcome(pk, "decided" if is_decided else "conflict", statuses[pk])

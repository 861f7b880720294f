"""The one place where the status of an endorsement changes."""

from django.contrib.auth.models import User
from django.db.models.functions import Now

from backend.actions.errors import NotAllowed
from backend.models import Endorsement, Stakeholder, Transition

Status = Endorsement.Status

ALLOWED = {
    Status.PENDING: {Status.PENDING, Status.APPROVED, Status.REJECTED, Status.WITHDRAWN},
    Status.APPROVED: {Status.APPROVED, Status.REJECTED, Status.WITHDRAWN, Status.PENDING},
    Status.REJECTED: {Status.PENDING},
    # Only by the supporter, who endorses again.
    Status.WITHDRAWN: {Status.PENDING},
}


def lock(endorsement_id: int) -> Endorsement:
    """The live endorsement with its stakeholder, whom nobody else changes until the end.

    In the order of locks that the tallies and soft deletion keep. Raises NotAllowed for none.
    """
    endorsements = Endorsement.objects.filter(pk=endorsement_id)
    # Who has endorsed never changes.
    of_it = endorsements.values("stakeholder")
    stakeholder = Stakeholder.objects.filter(pk__in=of_it).select_for_update(no_key=True).first()
    endorsement = endorsements.select_for_update(no_key=True).first()
    if stakeholder is None or endorsement is None:
        raise NotAllowed
    endorsement.stakeholder = stakeholder
    return endorsement


def move(endorsement: Endorsement, to: Status, *, by: User | None, reason: str = "") -> None:
    """Change the status and put it on record, `by` being None for the supporter.

    Raises NotAllowed if the endorsement has another status by now, or none that leads there.
    """
    before = Status(endorsement.status)
    is_barred = before == Status.WITHDRAWN and by is not None
    if to not in ALLOWED[before] or is_barred:
        raise NotAllowed
    moved = Endorsement.objects.filter(pk=endorsement.pk, status=before)
    if not moved.update(status=to, updated_at=Now()):
        raise NotAllowed
    endorsement.status = to
    record(endorsement, before, by=by, reason=reason)


def record(
    endorsement: Endorsement,
    before: Status | None,
    *,
    by: User | None = None,
    reason: str = "",
) -> None:
    """Put on record how the endorsement came to its status; `before` is None for a new one."""
    Transition.objects.create(
        endorsement=endorsement,
        from_status=before or "",
        to_status=endorsement.status,
        by=by,
        reason=reason,
    )

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
    endorsement = Endorsement.objects.filter(pk=endorsement_id).first()
    if endorsement is None:
        raise NotAllowed
    stakeholders = Stakeholder.objects.select_for_update(no_key=True)
    stakeholder = stakeholders.filter(pk=endorsement.stakeholder_id).first()
    locked = Endorsement.objects.select_for_update(no_key=True).filter(pk=endorsement_id).first()
    if stakeholder is None or locked is None:
        raise NotAllowed
    locked.stakeholder = stakeholder
    return locked


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

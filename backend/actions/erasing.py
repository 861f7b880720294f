"""Removing all that is stored about a person, for good."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from backend.actions.personal_data import Person, created_before
from backend.models import (
    Endorsement,
    Erasure,
    OutgoingMail,
    PersonalLink,
    Stakeholder,
    Submission,
    Transition,
)

logger = logging.getLogger(__name__)


@transaction.atomic
def erase(*, email: str, before: datetime | None = None) -> dict[str, int]:
    """Remove all about whoever reads the address; say how many rows of what there were.

    A keyed digest with the time stays, and what the address asked of our mails. With `before`, what
    was created since stays, too, and no new time is noted.
    """
    _lock(email.lower(), before)
    person = Person.at(email, before=before)
    removed = {
        str(model._meta.verbose_name_plural): _remove(model, rows)
        for model, rows in person.rows().items()
    }
    if any(removed.values()) and before is None:
        _record(email)
    return {name: count for name, count in removed.items() if count}


def _lock(email: str, before: datetime | None) -> None:
    """In the order of `confirm`, which begins with what is not confirmed."""
    in_time = created_before(before)
    # Without its key: the worker that has just sent a mail about it may yet note a reminder.
    unconfirmed = Submission.objects.filter(in_time, email=email, confirmed_at=None)
    list(unconfirmed.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    # With its key: nobody endorses in its name until the end.
    stakeholders = Stakeholder.all_objects.reachable_at(email).filter(in_time)
    keys = list(stakeholders.order_by("pk").select_for_update().values_list("pk", flat=True))
    endorsements = Endorsement.all_objects.filter(stakeholder__in=keys)
    list(endorsements.order_by("pk").select_for_update().values_list("pk"))


def _remove(model: type[Any], rows: Any) -> int:
    if model is Transition:
        return int(rows.count())  # they go with their endorsements
    if model is Endorsement:
        return _remove_endorsements(list(rows.values_list("pk", flat=True)))
    if model is Stakeholder:
        return int(rows.delete(hard=True)[0])
    return int(rows.delete()[1].get(model._meta.label, 0))


def _remove_endorsements(keys: list[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM endorsements_endorsement WHERE id = ANY(%s)", [keys])
        count: int = cursor.rowcount
        # What happened stays on record for as long as what it happened to.
        cursor.execute("SELECT coalition_erase_transitions(%s)", [keys])
    return count


def _record(email: str) -> None:
    digest, now = Erasure.digest_of(email), timezone.now()
    Erasure.objects.record(digest, now)
    transaction.on_commit(lambda: logger.info("Erased %s at %s", digest.hex(), now.isoformat()))


def replay(erasures: Mapping[bytes, datetime] | None = None) -> int:
    """Erase again whom a backup has brought back; returns how many that were.

    Those are known by the digests in the database, and by the given ones, which are added to it.
    """
    for digest, erased_at in (erasures or {}).items():
        _note(digest, erased_at)
    noted = {bytes(each.digest): each.erased_at for each in Erasure.objects.all()}
    return sum(_erase_again(email, noted) for email in set(_known_emails()))


def _note(digest: bytes, erased_at: datetime) -> None:
    if not Erasure.objects.filter(digest=digest, erased_at__gte=erased_at).exists():
        Erasure.objects.record(digest, erased_at)


def _erase_again(email: str, noted: Mapping[bytes, datetime]) -> bool:
    erased_at = noted.get(Erasure.digest_of(email))
    return erased_at is not None and bool(erase(email=email, before=erased_at))


def _known_emails() -> Iterator[str]:
    managers: Iterable[Any] = (
        Stakeholder.all_objects,
        Submission.objects,
        PersonalLink.objects,
        OutgoingMail.objects,
    )
    for manager in managers:
        yield from manager.values_list("email", flat=True).distinct()

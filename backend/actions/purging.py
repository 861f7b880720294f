"""Removing what is past its time."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.db.models.functions import Now
from knox.models import AuthToken

from backend.actions.image_purging import purge_images
from backend.models import IdempotentRequest, OutgoingMail, PersonalLink, Quota, Submission

BATCH = 1_000


def purge() -> dict[str, int]:
    """Remove them for good, and say how many, by what they are called. At any time, by anybody."""
    expired: dict[str, QuerySet[Any]] = {
        "submissions": Submission.objects.past_their_time(),
        "mails": OutgoingMail.objects.past_their_time(),
        "personal links": PersonalLink.objects.past_their_time(),
        "limits": Quota.objects.filter(expires_at__lt=Now()),
        "sign-in tokens": AuthToken.objects.filter(expiry__lt=Now()),
        "idempotency keys": IdempotentRequest.objects.filter(expires_at__lt=Now()),
    }
    removed = {name: sum(_removed(rows)) for name, rows in expired.items()}
    return removed | {"images": purge_images()}


def _removed(rows: "QuerySet[Model]") -> Iterator[int]:
    """A batch in each transaction, so that nobody waits; what somebody holds is left for later."""
    while True:
        with transaction.atomic():
            locked = rows.select_for_update(skip_locked=True).values_list("pk", flat=True)
            keys = list(locked[:BATCH])
            rows.model._default_manager.filter(pk__in=keys).delete()
        yield len(keys)
        if len(keys) < BATCH:
            return

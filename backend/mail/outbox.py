"""The outbox: taking what is due, sending it, and saying so.

Whoever takes a mail puts it off for the length of a lease first, and commits; so nobody waits
while the mail server thinks, and what a killed worker had taken is due again by itself. A worker
that dies between sending and saying so has it sent twice: no mail server can tell.
"""

import logging
import time
from datetime import timedelta
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from backend.mail.occasions import message_for
from backend.mail.outcomes import Postponed, RecipientRefused, TransportDown
from backend.mail.transports import Transport
from backend.models import OutgoingMail, Suppression
from backend.observing.activity import Activity, busy_with
from backend.observing.metrics import MAILS

logger = logging.getLogger(__name__)

Kind, State = OutgoingMail.Kind, OutgoingMail.State

LEASE = timedelta(minutes=2)
# What a mail may still take when the rest of a lease is less is another's.
LEASE_MARGIN = timedelta(seconds=30)
BATCH = 10
# After 1, 2, 4 … minutes, then every 512: a little more than a day in all.
MAX_ATTEMPTS = 12
LONGEST_DELAY = timedelta(minutes=512)
REMINDED_AFTER = timedelta(days=2)


class Mailing(Activity):
    """The sending of one mail."""

    def __init__(self, mail_id: int) -> None:
        super().__init__("sendMail")
        self._mail_id = mail_id

    @property
    def log_fields(self) -> dict[str, Any]:
        return {"mail_id": self._mail_id, **super().log_fields}


def send_due(transport: Transport) -> int:
    """Try once what is due, at most a batch; returns how many were taken.

    Raises TransportDown, with the rest put back for the next try.
    """
    deadline = time.monotonic() + (LEASE - LEASE_MARGIN).total_seconds()
    taken = _lease()
    for position, mail_id in enumerate(taken):
        if time.monotonic() > deadline:
            break  # the others are due again when the lease is over
        try:
            with busy_with(Mailing(mail_id)):
                _try_to_send(mail_id, transport)
        except TransportDown:
            _give_back(taken[position + 1 :])
            raise
    return len(taken)


def _lease() -> list[int]:
    with transaction.atomic():
        due = OutgoingMail.objects.queued().filter(due_at__lte=Now()).order_by("due_at", "pk")
        locked = due.select_for_update(skip_locked=True).values_list("pk", flat=True)
        taken = list(locked[:BATCH])
        OutgoingMail.objects.filter(pk__in=taken).update(
            due_at=Now() + LEASE, attempts=F("attempts") + 1
        )
    return taken


def _give_back(taken: list[int]) -> None:
    OutgoingMail.objects.queued().filter(pk__in=taken).update(
        due_at=Now(), attempts=F("attempts") - 1
    )


def _try_to_send(mail_id: int, transport: Transport) -> None:
    mail = OutgoingMail.objects.about().filter(pk=mail_id).first()
    if mail is None:
        return  # what it was about is gone, and it with that
    message = message_for(mail)
    if message is None:
        _close(mail, State.DROPPED)
    else:
        _send(mail, message, transport)


def _send(mail: OutgoingMail, message: EmailMultiAlternatives, transport: Transport) -> None:
    try:
        transport.send(message)
    except RecipientRefused as error:
        Suppression.objects.add(message.to[0], Suppression.Reason.BOUNCED)
        _close(mail, State.FAILED, str(error))
        logger.warning("Mail %s was refused: the address takes none.", mail.pk)
    except (Postponed, ValueError) as error:
        # Or a mail that cannot be written, such as to an address that no header may have: the
        # others must not wait for whoever mends it.
        _put_off(mail, str(error))
    except TransportDown as error:
        _put_off(mail, str(error))
        raise
    else:
        _close(mail, State.SENT)


def _put_off(mail: OutgoingMail, error: str) -> None:
    if mail.attempts >= MAX_ATTEMPTS:
        _close(mail, State.FAILED, error)
        # What the server said may name the address, and is for staff alone.
        logger.error("Mail %s was given up after %s attempts.", mail.pk, mail.attempts)
        return
    MAILS.labels("postponed").inc()
    delay = min(timedelta(minutes=2 ** (mail.attempts - 1)), LONGEST_DELAY)
    _leased(mail).update(due_at=Now() + delay, error=error)


@transaction.atomic
def _close(mail: OutgoingMail, state: OutgoingMail.State, error: str = "") -> None:
    is_own = _leased(mail).update(state=state, due_at=Now(), error=error)
    MAILS.labels(state.value).inc()
    if is_own and state == State.SENT and mail.kind == Kind.CONFIRMATION:
        OutgoingMail.objects.create(
            kind=Kind.REMINDER, submission=mail.submission, due_at=Now() + REMINDED_AFTER
        )


def _leased(mail: OutgoingMail) -> "QuerySet[OutgoingMail]":
    """The mail, unless the lease ran out and somebody else took it."""
    return OutgoingMail.objects.queued().filter(pk=mail.pk, attempts=mail.attempts)

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
from django.db import connection, transaction
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

# Each of a crowd has one: a single statement, which needs no transaction around it. It closes
# nothing if the lease ran out and somebody else took the mail.
CLOSE = """
WITH closed AS (
    UPDATE mail_outgoingmail
    SET state = %(state)s, due_at = statement_timestamp(), error = %(error)s
    WHERE id = %(id)s AND state = 'queued' AND attempts = %(attempts)s
    RETURNING submission_id
)
INSERT INTO mail_outgoingmail (kind, submission_id, email, due_at)
SELECT 'reminder', submission_id, '', statement_timestamp() + %(reminded_after)s
FROM closed WHERE %(is_confirmation)s
"""


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
    for position, mail in enumerate(taken):
        if time.monotonic() > deadline:
            break  # the others are due again when the lease is over
        try:
            with busy_with(Mailing(mail.pk)):
                _try_to_send(mail, transport)
        except TransportDown:
            _give_back(taken[position + 1 :])
            raise
    return len(taken)


def _lease() -> list[OutgoingMail]:
    with transaction.atomic():
        due = OutgoingMail.objects.queued().filter(due_at__lte=Now()).order_by("due_at", "pk")
        taken = list(due.select_for_update(skip_locked=True)[:BATCH])
        _rows(taken).update(due_at=Now() + LEASE, attempts=F("attempts") + 1)
    for mail in taken:
        mail.attempts += 1
    return taken


def _give_back(taken: list[OutgoingMail]) -> None:
    _rows(taken).update(due_at=Now(), attempts=F("attempts") - 1)


def _rows(mails: list[OutgoingMail]) -> "QuerySet[OutgoingMail]":
    return OutgoingMail.objects.queued().filter(pk__in=[mail.pk for mail in mails])


def _try_to_send(mail: OutgoingMail, transport: Transport) -> None:
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


def _close(mail: OutgoingMail, state: OutgoingMail.State, error: str = "") -> None:
    values: dict[str, Any] = {
        "id": mail.pk,
        "attempts": mail.attempts,
        "state": state,
        "error": error,
        "is_confirmation": state == State.SENT and mail.kind == Kind.CONFIRMATION,
        "reminded_after": REMINDED_AFTER,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, values)
    MAILS.labels(state.value).inc()


def _leased(mail: OutgoingMail) -> "QuerySet[OutgoingMail]":
    """The mail, unless the lease ran out and somebody else took it."""
    return OutgoingMail.objects.queued().filter(pk=mail.pk, attempts=mail.attempts)

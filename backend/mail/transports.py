"""Handing mails to whoever delivers them, and what it means when that fails."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.mail import EmailMessage, get_connection

from backend.mail.outcomes import Postponed, SendingError, TransportDown, outcome_of

# What SES calls a mail that it will not take, as opposed to a time when it takes none.
SES_REFUSES_MAIL = {"MessageRejected", "BadRequestException"}


class Transport:
    """One connection for many mails, opened when it is needed."""

    def __init__(self) -> None:
        self._connection: Any = get_connection()

    def send(self, message: EmailMessage) -> None:
        """Raises a SendingError; otherwise it was taken."""
        try:
            self._connection.open()
            self._connection.send_messages([message])
        except (ClientError, BotoCoreError, OSError) as error:
            outcome = _outcome_of(error)
            if isinstance(outcome, TransportDown):
                self.close()
            raise outcome from error

    def close(self) -> None:
        with suppress(OSError):
            self._connection.close()
        self._connection = get_connection()


def _outcome_of(error: Exception) -> SendingError:
    if isinstance(error, OSError):  # smtplib's are
        return outcome_of(error)
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    return Postponed(str(error)) if code in SES_REFUSES_MAIL else TransportDown(str(error))


@contextmanager
def opened_transport() -> Iterator[Transport]:
    transport = Transport()
    try:
        yield transport
    finally:
        transport.close()

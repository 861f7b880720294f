"""Handing mails to whoever delivers them, and what it means when that fails."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from smtplib import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
)
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.mail import EmailMessage, get_connection

# What SES calls a mail that it will not take, as opposed to a time when it takes none.
SES_REFUSES_MAIL = {"MessageRejected", "BadRequestException"}


class RecipientRefused(Exception):
    """There is no such mailbox, or it takes nothing: never try again."""


class Postponed(Exception):
    """This mail was not taken, and may be later."""


class TransportDown(Exception):
    """No mail can be handed over at present."""


class Transport:
    """One connection for many mails, opened when it is needed."""

    def __init__(self) -> None:
        self._connection: Any = get_connection()

    def send(self, message: EmailMessage) -> None:
        """Raises RecipientRefused, Postponed or TransportDown; otherwise it was taken."""
        try:
            self._connection.open()
            self._connection.send_messages([message])
        except SMTPRecipientsRefused as error:
            raise _refusal(error) from error
        except (SMTPDataError, SMTPSenderRefused) as error:
            raise Postponed(f"{error.smtp_code} {_text(error.smtp_error)}") from error
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            failure = Postponed if code in SES_REFUSES_MAIL else TransportDown
            raise failure(str(error)) from error
        except (SMTPException, OSError, BotoCoreError) as error:
            self.close()
            raise TransportDown(str(error) or type(error).__name__) from error

    def close(self) -> None:
        with suppress(SMTPException, OSError):
            self._connection.close()
        self._connection = get_connection()


def _refusal(error: SMTPRecipientsRefused) -> RecipientRefused | Postponed:
    [(code, text)] = error.recipients.values()
    reason = f"{code} {_text(text)}"
    # RFC 5321, section 4.2.1: 5 is for ever, 4 for now.
    return RecipientRefused(reason) if code >= 500 else Postponed(reason)


def _text(answer: bytes | str) -> str:
    return answer.decode(errors="replace") if isinstance(answer, bytes) else answer


@contextmanager
def opened_transport() -> Iterator[Transport]:
    transport = Transport()
    try:
        yield transport
    finally:
        transport.close()

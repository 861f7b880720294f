"""What a failure to send means for those mails that are still to be sent."""

import re
from smtplib import SMTPDataError, SMTPRecipientsRefused


class SendingError(Exception):
    """A mail was not handed over; the text says why, in the server's words."""


class RecipientRefused(SendingError):
    """For good: no mail to this address will ever be accepted."""


class Postponed(SendingError):
    """This mail alone, and not for good: it may be accepted later."""


class TransportDown(SendingError):
    """All mails: the server is away, overloaded, or does not know us."""


# Answers about us, whichever mail is sent: closing down, or asking who we are (RFC 5321, RFC 4954).
_ABOUT_US = {421, 454, 530, 534, 535, 538}

# The enhanced status codes (RFC 3463) of an address, a mailbox or the way to it, but for the two
# of the sender's address. Relays refuse with others, 5.7.1 above all, what no address can help:
# to take these for the recipient's would strike out everybody while we are misconfigured.
_ABOUT_THE_RECIPIENT = re.compile(r"5\.(?:1\.(?![78]\b)|2\.|4\.)\d+")
_ADDRESS = re.compile(r"\S+@\S+")
_ENHANCED = re.compile(r"5\.\d+\.\d+")
# What a server without enhanced status codes says of a mailbox.
_NO_SUCH_MAILBOX = {550, 551, 553}


def outcome_of(error: OSError) -> SendingError:
    """What an error of a connection, or of SMTP on it, means.

    smtplib's errors are OSErrors. Those of the sender, of logging in and of TLS meet every mail.
    """
    if isinstance(error, SMTPRecipientsRefused):
        (code, answer), *_ = error.recipients.values()
        return _outcome_of_answer(code, answer, _NO_SUCH_MAILBOX)
    if isinstance(error, SMTPDataError):
        # By now the server knows the recipient, and its bare 550 is about what it has read.
        return _outcome_of_answer(error.smtp_code, error.smtp_error, set())
    return TransportDown(str(error) or type(error).__name__)


def _outcome_of_answer(code: int, answer: bytes | str, final_codes: set[int]) -> SendingError:
    text = answer if isinstance(answer, str) else answer.decode(errors="replace")
    said = f"{code} {text}"
    if code in _ABOUT_US:
        # It is logged, and an answer may name whom the mail was for.
        return TransportDown(_ADDRESS.sub("…", said))
    if _ENHANCED.match(text):
        is_final = _ABOUT_THE_RECIPIENT.match(text) is not None
    else:
        is_final = code in final_codes
    return RecipientRefused(said) if is_final else Postponed(said)

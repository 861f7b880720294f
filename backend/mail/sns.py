"""What Amazon SES tells through Amazon SNS: which addresses not to write to again."""

import json
from base64 import b64decode
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import lru_cache
from re import compile as regex
from typing import Any
from urllib.request import HTTPRedirectHandler, build_opener

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import Certificate, load_pem_x509_certificate
from django.conf import settings

# AWS answers at these hosts whoever asks, so that a path of theirs may show what anybody has left
# there, a certificate for one: those of SNS itself have this path alone.
HOST = r"https://sns\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?"
CERTIFICATE_URL = regex(HOST + r"/SimpleNotificationService-[0-9a-f]+\.pem")
SUBSCRIBE_URL = regex(HOST + r"/\?\S+")

TIMEOUT_SECONDS = 5
CERTIFICATE_BYTES = 64 * 1024

# By SignatureVersion.
HASHES: dict[str, HashAlgorithm] = {"1": SHA1(), "2": SHA256()}  # noqa: S303  # SNS signs by SHA1 unless told otherwise

_OF_SUBSCRIPTION = (
    "Message",
    "MessageId",
    "SubscribeURL",
    "Timestamp",
    "Token",
    "TopicArn",
    "Type",
)
# What is signed of a message, by its type.
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _OF_SUBSCRIPTION,
    "UnsubscribeConfirmation": _OF_SUBSCRIPTION,
}


class NotFromSNS(Exception):
    """It is forged, or from a topic that is none of ours."""


@dataclass(frozen=True)
class Feedback:
    """Addresses that mail never reaches, and those whose owners call it spam."""

    bounced: tuple[str, ...] = ()
    complained: tuple[str, ...] = ()


def feedback(body: bytes) -> Feedback:
    """What the body of a request by SNS tells; a subscription to a topic of ours is confirmed.

    Raises NotFromSNS, and OSError when AWS cannot be asked for its certificate.
    """
    message = _parse(body)
    _verify(message)
    if message["Type"] == "Notification":
        return _told_by_ses(message["Message"])
    if message["Type"] == "SubscriptionConfirmation":
        _confirm(message["SubscribeURL"])
    return Feedback()


def _parse(body: bytes) -> dict[str, str]:
    """The members that are text, as all are that matter."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotFromSNS("The message is not JSON.") from error
    if not isinstance(message, dict):
        raise NotFromSNS("The message is no object.")
    return {name: value for name, value in message.items() if isinstance(value, str)}


def _verify(message: dict[str, str]) -> None:
    # Whoever has an account at AWS can have SNS sign what they like, for a topic of theirs.
    if message.get("TopicArn") not in settings.SNS_TOPIC_ARNS:
        raise NotFromSNS("The message is from no topic in SNS_TOPIC_ARNS.")
    try:
        signed = _signed_text(message).encode()
        signature = b64decode(message["Signature"], validate=True)
        hash_algorithm = HASHES[message["SignatureVersion"]]
        key = _key(message["SigningCertURL"])
    except (LookupError, ValueError) as error:
        raise NotFromSNS("The message is not as SNS writes them.") from error
    try:
        key.verify(signature, signed, PKCS1v15(), hash_algorithm)
    except InvalidSignature as error:
        raise NotFromSNS("The signature is not that of SNS.") from error


def _signed_text(message: dict[str, str]) -> str:
    names = (name for name in SIGNED[message["Type"]] if name != "Subject" or name in message)
    return "".join(f"{name}\n{message[name]}\n" for name in names)


def _key(url: str) -> RSAPublicKey:
    """Raises ValueError unless it is the key of a certificate that holds today."""
    if not CERTIFICATE_URL.fullmatch(url):
        raise ValueError(f"{url} is not where SNS has its certificates")
    found = certificate(url)
    if not found.not_valid_before_utc <= datetime.now(UTC) <= found.not_valid_after_utc:
        raise ValueError(f"{url} has expired")
    key = found.public_key()
    if not isinstance(key, RSAPublicKey):
        raise ValueError(f"{url} has no RSA key")  # noqa: TRY004  # its value, not its type
    return key


@lru_cache(maxsize=8)
def certificate(url: str) -> Certificate:
    return load_pem_x509_certificate(https_get(url))


class _NoRedirects(HTTPRedirectHandler):
    """The URL was checked, and one that it leads on to would not be."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def https_get(url: str) -> bytes:
    """What is at a URL of AWS's; raises OSError."""
    with build_opener(_NoRedirects).open(url, timeout=TIMEOUT_SECONDS) as response:
        content: bytes = response.read(CERTIFICATE_BYTES)
    return content


def _confirm(url: str) -> None:
    if not SUBSCRIBE_URL.fullmatch(url):
        raise NotFromSNS("The message leads elsewhere than to SNS.")
    https_get(url)


def _told_by_ses(text: str) -> Feedback:
    try:
        event = json.loads(text)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        return Feedback()  # SES greets a new topic in plain words
    # The former is in events of a configuration set, the latter in notifications of an identity.
    kind = event.get("eventType") or event.get("notificationType")
    if kind == "Bounce" and event["bounce"]["bounceType"] == "Permanent":
        return Feedback(bounced=_addresses(event["bounce"]["bouncedRecipients"]))
    # Somebody may also have told their provider that it was no spam after all.
    if kind == "Complaint" and event["complaint"].get("complaintFeedbackType") != "not-spam":
        return Feedback(complained=_addresses(event["complaint"]["complainedRecipients"]))
    return Feedback()


def _addresses(recipients: list[dict[str, str]]) -> tuple[str, ...]:
    return tuple(parseaddr(recipient["emailAddress"])[1] for recipient in recipients)

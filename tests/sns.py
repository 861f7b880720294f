"""A topic of Amazon SNS, whose key and certificate are made here: AWS is simulated."""

import datetime as dt
import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.error import URLError

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

ARN = "arn:aws:sns:eu-west-1:123456789012:mail-feedback"
SITE = "https://sns.eu-west-1.amazonaws.com"
CERTIFICATE_URL = f"{SITE}/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
SUBSCRIBE_URL = f"{SITE}/?Action=ConfirmSubscription&TopicArn={ARN}&Token=2336412f37"

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(key: Any = KEY, *, age: dt.timedelta = dt.timedelta()) -> bytes:
    """One that holds for a day, in PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    begins = dt.datetime.now(dt.UTC) - age
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(Encoding.PEM)


@dataclass
class Aws:
    """What is at the URLs of AWS, and which of them were asked for."""

    pages: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get(self, url: str) -> bytes:
        self.asked.append(url)
        if url not in self.pages:
            raise URLError("AWS is away")
        return self.pages[url]


def notification(event: Any, **members: Any) -> dict[str, Any]:
    """What SNS delivers when SES has published an event."""
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": ARN,
        "Message": event if isinstance(event, str) else json.dumps(event),
        "Timestamp": "2026-11-28T07:00:00.000Z",
        "UnsubscribeURL": f"{SITE}/?Action=Unsubscribe",
        "MessageAttributes": {},
    } | members


def subscription(**members: Any) -> dict[str, Any]:
    return {
        "Type": "SubscriptionConfirmation",
        "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
        "Token": "2336412f37",
        "TopicArn": ARN,
        "Message": "You have chosen to subscribe to the topic.",
        "SubscribeURL": SUBSCRIBE_URL,
        "Timestamp": "2026-11-28T07:00:00.000Z",
    } | members


# As documented, in the order of bytes.
SIGNED = (
    "Message",
    "MessageId",
    "Subject",
    "SubscribeURL",
    "Timestamp",
    "Token",
    "TopicArn",
    "Type",
)
HASHES = {"1": hashes.SHA1(), "2": hashes.SHA256()}


def signed(message: dict[str, Any], *, version: str = "2", key: Any = KEY) -> bytes:
    """The body of SNS's request."""
    text = "".join(f"{name}\n{message[name]}\n" for name in SIGNED if name in message)
    signature = key.sign(text.encode(), PKCS1v15(), HASHES[version])
    proof = {
        "SignatureVersion": version,
        "Signature": b64encode(signature).decode(),
        "SigningCertURL": CERTIFICATE_URL,
    }
    return json.dumps(message | proof).encode()


def bounce(*addresses: str, kind: str = "Permanent") -> dict[str, Any]:
    recipients = [{"emailAddress": each, "status": "5.1.1"} for each in addresses]
    return {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": kind,
            "bounceSubType": "General",
            "bouncedRecipients": recipients,
        },
        "mail": {"source": "hello@bay.example.org", "destination": list(addresses)},
    }


def complaint(*addresses: str, **members: str) -> dict[str, Any]:
    recipients = [{"emailAddress": each} for each in addresses]
    return {
        "notificationType": "Complaint",
        "complaint": {"complainedRecipients": recipients, **members},
        "mail": {"source": "hello@bay.example.org", "destination": list(addresses)},
    }

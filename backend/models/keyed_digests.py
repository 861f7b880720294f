"""What stands for a value that must not be kept: whoever lacks the key cannot guess it."""

import hmac

from django.conf import settings

DIGEST_BYTES = 16


def keyed_digest(purpose: str, *values: str) -> bytes:
    """16 bytes that are the same for the same values, and other ones for another purpose."""
    # Lengths, so that no other division of the same text has the same digest.
    message = "".join(f"{len(value)}:{value}" for value in (purpose, *values))
    key = settings.DIGEST_KEY.encode()
    return hmac.digest(key, message.encode("utf-8", "surrogatepass"), "sha256")[:DIGEST_BYTES]

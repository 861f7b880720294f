"""Tokens that a mail carries, and that the database does not hold.

A token is the id of a row and an HMAC of the id, a nonce of the row and the token's purpose. All
mails about the row can carry the same one, and who reads the database cannot make it.
"""

import binascii
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from django.conf import settings

ID_BYTES = 6
MAC_BYTES = 18
NONCE_BYTES = 16
# In base64, which takes four characters for three bytes: nothing is left over to be padded.
TOKEN_LENGTH = (ID_BYTES + MAC_BYTES) // 3 * 4


def new_nonce() -> bytes:
    return secrets.token_bytes(NONCE_BYTES)


def _mac(key: str, row_id: int, nonce: bytes, purpose: str) -> bytes:
    own_key = hmac.digest(key.encode(), b"coalition token: " + purpose.encode(), "sha256")
    return hmac.digest(own_key, row_id.to_bytes(ID_BYTES) + nonce, "sha256")[:MAC_BYTES]


def make_token(row_id: int, nonce: bytes, *, purpose: str) -> str:
    """32 characters of the alphabet that is safe in URLs (RFC 4648, section 5)."""
    mac = _mac(settings.SECRET_KEY, row_id, nonce, purpose)
    return urlsafe_b64encode(row_id.to_bytes(ID_BYTES) + mac).decode()


@dataclass(frozen=True)
class Token:
    """What somebody presents as a token; only `is_of` tells whether it is one."""

    row_id: int
    mac: bytes

    @classmethod
    def parse(cls, text: str) -> "Token | None":
        """None for what cannot be a token. White space does not count: mail clients break lines."""
        characters = "".join(text.split())
        if len(characters) != TOKEN_LENGTH:
            return None
        try:
            content = urlsafe_b64decode(characters.encode("ascii"))
        except (UnicodeEncodeError, binascii.Error):
            return None
        if len(content) != ID_BYTES + MAC_BYTES:
            return None  # characters of another alphabet are skipped, not refused
        return cls(int.from_bytes(content[:ID_BYTES]), content[ID_BYTES:])

    def is_of(self, nonce: bytes, *, purpose: str) -> bool:
        """Whether it was made for the row with this nonce, by this key or one before it."""
        keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        return any(
            hmac.compare_digest(self.mac, _mac(key, self.row_id, nonce, purpose)) for key in keys
        )

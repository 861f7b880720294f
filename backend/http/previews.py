"""Tokens that show a page to whoever has one, before the public sees it."""

from datetime import UTC, datetime, timedelta

from django.core import signing

HEADER = "Preview-Token"
VALID = timedelta(hours=24)
SIGNER = signing.TimestampSigner(salt="preview of a homepage")


def preview_token(homepage_id: int) -> tuple[str, datetime]:
    """The token, and when it ends."""
    return SIGNER.sign(str(homepage_id)), datetime.now(UTC) + VALID


def previewed(token: str) -> int:
    """The page's id; raises BadSignature, or of its kinds SignatureExpired."""
    return int(SIGNER.unsign(token, max_age=VALID))

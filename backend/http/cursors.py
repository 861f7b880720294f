"""Opaque cursors: signed positions in one list (see `rendering.keyset`)."""

from django.core import signing
from django.core.exceptions import ValidationError

from backend.rendering.keyset import Position


def encode(position: Position, scope: str) -> str:
    """An opaque token, valid for this scope alone."""
    return _signer(scope).sign_object(position)


def decode(token: str, scope: str) -> Position:
    """Raises ValidationError if the token was changed, or made for another list."""
    try:
        values, is_backward = _signer(scope).unsign_object(token)
    except (signing.BadSignature, ValueError) as error:
        message = "This cursor was not made for this list. Start again without it."
        raise ValidationError(message, code="invalid") from error
    return Position(values, is_backward)


def _signer(scope: str) -> signing.Signer:
    return signing.Signer(sep="~", salt=f"cursor of {scope}")

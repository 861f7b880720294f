"""Addresses that are not written to any more."""

from backend.models import Suppression


def suppress(*, email: str, reason: str) -> None:
    """Write to the address no more, about whatever campaign; `reason` is a Suppression.Reason."""
    Suppression.objects.add(email, Suppression.Reason(reason))

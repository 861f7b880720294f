"""The texts of the consents that a supporter gives.

They are code, for they promise what the code does. What somebody agreed to is stored with the
version and the digest of its text, so a text that was ever shown stays here as it was: to change
one, add it below with a new version.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class ConsentText:
    """What a supporter reads beside a box, in one version of it."""

    name: str
    version: str
    text: str

    @property
    def sha256(self) -> str:
        """In hexadecimal, of the text in UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()


# Of each name the newest last.
RELEASED = (
    ConsentText(
        name="public_display",
        version="2026-11",
        text=(
            "Show my endorsement on the coalition's public pages: my name, organization, role, "
            "type (such as farmer or business), state and county, my statement, and the date. "
            "My e-mail address is never shown."
        ),
    ),
    ConsentText(
        name="is_public",
        version="2026-11",
        text=(
            "List me in the coalition's public directory and on its map: my name, organization, "
            "role, type (such as farmer or business), state and county, the date, and my location. "
            "An individual is shown to within two kilometers of where they said, anybody else "
            "exactly there. My e-mail address is never shown."
        ),
    ),
    ConsentText(
        name="email_updates",
        version="2026-11",
        text=(
            "Write to me by e-mail about the coalition's campaigns. I can take this back at any "
            "time."
        ),
    ),
    ConsentText(
        name="is_authorized",
        version="2026-11",
        text="I may speak for the organization that I named.",
    ),
    # A form links both documents.
    ConsentText(
        name="terms_version",
        version="2026-11",
        text=(
            "I have read the terms and accept them. I have seen the privacy text, which says what "
            "is kept about me, why, for how long, and who sees it."
        ),
    ),
)

# What a form shows, by name.
CURRENT = {consent.name: consent for consent in RELEASED}

# As ConsentsField has them.
Consents = Mapping[str, Mapping[str, Any]]


def later_consents(sent: Consents, known: Consents) -> dict[str, Any]:
    """Those of the consents sent that were given, or refused, later than what is known."""
    return {
        name: consent
        for name, consent in sent.items()
        if name not in known or _at(consent) > _at(known[name])
    }


def as_told(consents: Mapping[str, Any]) -> dict[str, Any]:
    """The consents with their times as answers have all times: in UTC, with a Z."""
    return {name: _as_told(consent) for name, consent in consents.items()}


def _as_told(consent: Any) -> Any:
    # What somebody stored by hand may lack the time, and is shown as it is.
    if not isinstance(consent, dict) or "at" not in consent:
        return consent
    return {**consent, "at": _at(consent).isoformat().replace("+00:00", "Z")}


def _at(consent: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(consent["at"])

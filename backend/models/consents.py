"""What a supporter is asked to agree to, in words that are kept with the answer.

They promise what the code does, so they change with it: a text that is changed gets a new version
beside the old one, which stays, so that what somebody once agreed to can be read for ever.
"""

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True)
class ConsentText:
    """A question, by the member of a submission that answers it."""

    name: str
    version: str
    text: str

    @property
    def sha256(self) -> str:
        """In hexadecimal, of the text in UTF-8."""
        return sha256(self.text.encode()).hexdigest()


# Of each name, the newest is last.
TEXTS = [
    ConsentText(
        "public_display",
        "2026-11",
        "Show my endorsement to everybody on the coalition's public pages, with my name, my "
        "organization and role, my state and county, and my statement.",
    ),
    ConsentText(
        "is_public",
        "2026-11",
        "List me among the coalition's supporters and show me on its map. A private person is "
        "shown to within two kilometres, never exactly; anybody else, such as a farm or a "
        "business, is shown exactly at the place that was given.",
    ),
    ConsentText(
        "email_updates",
        "2026-11",
        "Write to me about this and other campaigns of the coalition. I can take this back at "
        "any time.",
    ),
    ConsentText(
        "is_authorized",
        "2026-11",
        "I am allowed to speak for the organization that I named.",
    ),
    ConsentText(
        "terms_version",
        "2026-11",
        "I have read the terms and the privacy text, and I accept the terms.",
    ),
]

CURRENT = {text.name: text for text in TEXTS}

"""The site at /admin/: importing the modules registers what they hold."""

from backend.admin import (
    accounts,
    campaign,
    content_blocks,
    endorsement,
    homepage,
    legal_document,
    outgoing_mail,
    stakeholder,
    submission,
    transfers,
)

__all__ = [
    "accounts",
    "campaign",
    "content_blocks",
    "endorsement",
    "homepage",
    "legal_document",
    "outgoing_mail",
    "stakeholder",
    "submission",
    "transfers",
]

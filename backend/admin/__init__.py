"""The site at /admin/: importing the modules registers what they hold."""

from backend.admin import (
    campaign,
    endorsement,
    homepage,
    legal_document,
    outgoing_mail,
    stakeholder,
)

__all__ = [
    "campaign",
    "endorsement",
    "homepage",
    "legal_document",
    "outgoing_mail",
    "stakeholder",
]

"""The site at /admin/: importing the modules registers what they hold."""

from django.contrib import admin

from backend.admin import (
    campaign,
    endorsement,
    homepage,
    legal_document,
    outgoing_mail,
    signing_in,
    stakeholder,
)

__all__ = [
    "campaign",
    "endorsement",
    "homepage",
    "legal_document",
    "outgoing_mail",
    "signing_in",
    "stakeholder",
]

admin.site.site_header = admin.site.site_title = "Coalition Builder"
# The frontend stands elsewhere.
admin.site.site_url = None
admin.site.index_title = "Manage the coalition"

"""Why the public sees something, or does not, in words."""

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

GATES = {
    "campaign_deleted": "the campaign is deleted",
    "campaign_inactive": "the campaign is not active",
    "deleted": "it is deleted",
    "draft": "it is a draft",
    "hidden": "it is hidden",
    "homepage_inactive": "its homepage is not active",
    "inactive": "it is not active",
    "no_consent": "the supporter does not agree to be shown",
    "not_listed": "nobody chose to list it",
    "pending": "it waits for a decision",
    "rejected": "it was rejected",
    "stakeholder_deleted": "the stakeholder is deleted",
    "superseded": "a newer version is published",
    "withdrawn": "the supporter has withdrawn it",
}


def reasons(row: Any) -> list[str]:
    """Why the public does not see a row, in words; empty if it does."""
    return [GATES[gate] for gate in row.closed_gates()]


def publicity(row: Any) -> SafeString:
    """Whether the public sees a row, and if not, each reason, for a cell of a list."""
    if not (closed := reasons(row)):
        return format_html('<span class="pill pill-yes">{}</span>', "Public")
    items = format_html_join("", "<li>{}</li>", ((reason,) for reason in closed))
    return format_html(
        '<span class="pill">{}</span><ul class="reasons">{}</ul>', "Not public", items
    )

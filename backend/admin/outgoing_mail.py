from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from backend.admin.read_only import ReadOnlyAdmin
from backend.admin.tabs import TabsFilter
from backend.models import OutgoingMail


class MailFilter(TabsFilter):
    """What went wrong first; then by state."""

    title = "state"
    parameter_name = "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        states = [(value, str(label)) for value, label in OutgoingMail.State.choices]
        return [("not_sent", "Not sent"), *states]

    def narrow(self, rows: Any, choice: str) -> Any:
        return rows.not_sent() if choice == "not_sent" else rows.filter(state=choice)


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    """What is sent, to be looked at: above all what could not be."""

    list_display = ["about", "kind", "outcome", "attempts", "due_at"]
    list_filter = [MailFilter, "kind"]
    list_select_related = [
        "submission",
        "endorsement__stakeholder",
        "endorsement__campaign",
        "link",
    ]
    ordering = ["-pk"]
    fieldsets = [
        (None, {"fields": ["about", "kind", "outcome", "attempts", "due_at", "created_at"]}),
        ("About", {"fields": ["endorsement_link", "campaign"]}),
    ]

    @admin.display(description="for")
    def about(self, mail: OutgoingMail) -> str:
        """Whom it is for, as far as that is known."""
        if mail.submission:
            return str(mail.submission.name)
        if mail.endorsement:
            return str(mail.endorsement.stakeholder)
        return str(mail.link.email) if mail.link else mail.email

    @admin.display(description="state", ordering="state")
    def outcome(self, mail: OutgoingMail) -> SafeString:
        """With what the mail server answered, if it refused."""
        error = format_html('<span class="under">{}</span>', mail.error) if mail.error else ""
        return format_html(
            '<span class="pill pill-{}">{}</span>{}', mail.state, mail.get_state_display(), error
        )

    @admin.display(description="endorsement")
    def endorsement_link(self, mail: OutgoingMail) -> SafeString | None:
        """Where what it is about can be read; None while nothing is confirmed."""
        endorsement = mail.endorsement or (mail.submission and mail.submission.endorsement)
        if not endorsement:
            return None
        url = reverse("admin:coalition_endorsement_change", args=[endorsement.pk])
        return format_html('<a href="{}">{}</a>', url, endorsement)

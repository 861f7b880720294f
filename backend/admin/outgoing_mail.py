from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import model_ngettext
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from backend.actions.mails import send_again
from backend.admin.history import log_changes
from backend.admin.read_only import ReadOnlyAdmin
from backend.admin.tabs import TabsFilter
from backend.models import OutgoingMail

# Who may send one by deciding may send it again.
DECIDES = "coalition.change_endorsement"


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
    actions = ["send_again"]
    fieldsets = [
        (None, {"fields": ["about", "kind", "outcome", "attempts", "due_at", "created_at"]}),
        ("About", {"fields": ["endorsement_link", "campaign_title"]}),
    ]

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(DECIDES)

    @admin.action(permissions=["send"], description="Send selected failed mails again")
    def send_again(self, request: HttpRequest, queryset: Any) -> None:
        mails = send_again(mail_ids=list(queryset.failed().values_list("pk", flat=True)))
        log_changes(request, mails, "Sent again.")
        if not mails:
            message = "Select mails that failed: the others are sent, on their way or not wanted."
            self.message_user(request, message, messages.ERROR)
            return
        message = f"{len(mails)} {model_ngettext(self.opts, len(mails))} will be sent again."
        why = "Those that nobody wants any more, and to addresses that take none, are dropped."
        self.message_user(request, f"{message} {why}", messages.SUCCESS)

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

    @admin.display(description="campaign", empty_value="None")
    def campaign_title(self, mail: OutgoingMail) -> str | None:
        about = mail.submission or mail.endorsement or mail
        return about.campaign.title if about.campaign else None

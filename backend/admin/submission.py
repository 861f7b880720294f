from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from backend.admin.read_only import ReadOnlyAdmin
from backend.admin.tabs import TabsFilter
from backend.models import OutgoingMail, Submission

PRIVATE = "coalition.view_private_details"
SEE_MAILS = "coalition.view_outgoingmail"


class UnconfirmedFilter(TabsFilter):
    """What the desk counts first; of it, whose sender got no mail to answer; then the others."""

    title = "state"
    parameter_name = "show"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.rows = model_admin.get_queryset(request)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("waiting", "Can be confirmed"),
            ("unreached", "Whose mail was not sent"),
            ("late", "Too late"),
        ]

    def narrow(self, rows: Any, choice: str) -> Any:
        if choice == "late":
            return rows.expired()
        confirmable = rows.confirmable()
        unsent = OutgoingMail.objects.not_sent().values("submission")
        return confirmable.filter(pk__in=unsent) if choice == "unreached" else confirmable


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    """What nobody has confirmed: nobody's word yet, so that only its way is to be looked at."""

    list_display = ["about", "sender", "sent", "expires", "mail"]
    list_display_links = None
    list_filter = [UnconfirmedFilter, "campaign"]
    list_select_related = ["campaign"]
    search_help_text = "E-mail"
    ordering = ["-expires_at", "-pk"]  # idx_submission_unconfirmed

    def get_queryset(self, request: HttpRequest) -> Any:
        return Submission.objects.unconfirmed().prefetch_related("mails").order_by(*self.ordering)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        private = request.user.has_perm(PRIVATE)
        return [name for name in self.list_display if private or name != "sender"]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return ["email"] if request.user.has_perm(PRIVATE) else []

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Nothing of the sender can be asked by an address that somebody made up.
        return lookup.partition("__")[0] in {"campaign", UnconfirmedFilter.parameter_name}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_list_display(request)

    @admin.display(description="campaign", ordering="campaign__title")
    def about(self, submission: Submission) -> str:
        return submission.campaign.title

    @admin.display(description="sender")
    def sender(self, submission: Submission) -> SafeString:
        """As they say: nobody knows whether the address is theirs."""
        return format_html('{}<span class="under">{}</span>', submission.name, submission.email)

    @admin.display(ordering="created_at")
    def sent(self, submission: Submission) -> str:
        return date_format(submission.created_at, "M j, Y, H:i")

    @admin.display(description="can be confirmed until", ordering="expires_at")
    def expires(self, submission: Submission) -> str:
        return date_format(submission.expires_at, "M j, Y, H:i")

    @admin.display(description="mail", empty_value="None")
    def mail(self, submission: Submission) -> SafeString | None:
        """What became of the last one that was to be sent."""
        mail = max(submission.mails.all(), key=lambda each: each.pk, default=None)
        if mail is None:
            return None
        url = reverse("admin:coalition_outgoingmail_change", args=[mail.pk])
        return format_html(
            '<span class="pill pill-{}"><a href="{}">{}: {}</a></span>',
            mail.state,
            url,
            mail.get_kind_display().capitalize(),
            mail.get_state_display(),
        )

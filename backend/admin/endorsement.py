from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import model_ngettext
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from backend.actions.errors import NotAllowed
from backend.actions.reviews import approve, reject, reopen
from backend.admin.history import log_changes
from backend.admin.soft_deletion import DeletedFilter, SoftDeletionAdmin
from backend.models import Endorsement, Submission

UNANSWERED = [(None, "Choose"), (True, "Yes"), (False, "No")]


class EndorsementForm(forms.ModelForm):  # type: ignore[type-arg]  # only in its stubs
    """Asks for the consent: a box would answer No for whoever overlooks it."""

    public_display = forms.TypedChoiceField(
        choices=UNANSWERED,
        coerce=lambda value: value == "True",
        empty_value=None,
        help_text="Does the stakeholder consent to be shown? Without it, nobody sees or counts it.",
    )


class WaitingFilter(admin.SimpleListFilter):
    """What a reviewer has to decide, approved ones with new words included."""

    title = "waiting for a decision"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("flagged", "With a warning")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() is None:
            return queryset
        waiting = queryset.waiting()
        return waiting.flagged() if self.value() == "flagged" else waiting


@admin.register(Endorsement)
class EndorsementAdmin(SoftDeletionAdmin):
    """The moderator's list."""

    form = EndorsementForm
    list_display = [
        "stakeholder",
        "campaign",
        "status",
        "public_display",
        "warnings",
        "created_at",
    ]
    list_filter = [WaitingFilter, "status", "public_display", DeletedFilter, "campaign"]
    list_select_related = ["stakeholder", "campaign"]
    search_fields = ["stakeholder__name", "stakeholder__organization", "stakeholder__email"]
    search_fields += ["campaign__title", "statement"]
    ordering = ["-created_at", "-pk"]  # idx_endorsement_created
    autocomplete_fields = ["stakeholder", "campaign"]
    actions = ["approve", "reject", "reopen", *SoftDeletionAdmin.actions]
    readonly_fields = ["status", "warnings", "new_words"]
    fieldsets = [
        (None, {"fields": ["stakeholder", "campaign", "statement"]}),
        ("Publication", {"fields": ["public_display", "status"]}),
        ("For the reviewer", {"fields": ["warnings", "new_words"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        endorsements: Any = super().get_queryset(request)
        return endorsements.prefetch_related("submissions")

    @admin.display(description="warnings")
    def warnings(self, endorsement: Endorsement) -> SafeString:
        """Why to look twice, for each thing that was found in what was sent last."""
        sent = _last_sent(endorsement)
        flags = sent.flags if sent else []
        return format_html_join("\n", "<div>{}</div>", ((flag["reason"],) for flag in flags))

    @admin.display(description="new words", empty_value="None")
    def new_words(self, endorsement: Endorsement) -> str | None:
        """What replaces the statement of an approved endorsement if it is approved again."""
        sent = _last_sent(endorsement)
        is_waiting = sent is not None and sent.decided_at is None
        return sent.statement if sent and is_waiting else None

    @admin.action(permissions=["change"], description="Approve selected endorsements")
    def approve(self, request: HttpRequest, queryset: Any) -> None:
        self._decide(request, queryset, approve, "Approved")

    @admin.action(permissions=["change"], description="Reject selected endorsements")
    def reject(self, request: HttpRequest, queryset: Any) -> None:
        self._decide(request, queryset, reject, "Rejected")

    @admin.action(permissions=["change"], description="Reopen selected endorsements")
    def reopen(self, request: HttpRequest, queryset: Any) -> None:
        self._decide(request, queryset, reopen, "Reopened")

    def _decide(
        self, request: HttpRequest, queryset: Any, decide: Callable[..., Endorsement], done: str
    ) -> None:
        """Each by itself: one that somebody else decided meanwhile holds up no other."""
        decided, left = [], 0
        for endorsement in queryset.live():
            try:
                decided.append(decide(endorsement_id=endorsement.pk, by=request.user))
            except NotAllowed:
                left += 1
        log_changes(request, decided, f"{done}.")
        count = len(decided)
        what = f"{count} {model_ngettext(self.opts, count)}"
        self.message_user(request, f"{done} {what}.", messages.SUCCESS)
        if left:
            message = f"{left} did not wait for this, and stayed as they are."
            self.message_user(request, message, messages.WARNING)


def _last_sent(endorsement: Endorsement) -> Submission | None:
    """Among those that the list has loaded."""
    sent = endorsement.submissions.all()
    return max(sent, key=lambda submission: (submission.created_at, submission.pk), default=None)

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from backend.actions.previews import preview
from backend.admin.decisions import DecisionsAdmin, next_after
from backend.admin.differences import changes, sent_values
from backend.admin.endorsement_filters import AlikeFilter, FlagFilter, ShowFilter
from backend.admin.exporting import ExportingAdmin
from backend.admin.publicity import publicity, reasons
from backend.admin.soft_deletion import DeletedFilter, SoftDeletionAdmin
from backend.http.exports import Table
from backend.models import Endorsement, Export, Stakeholder
from backend.public import PublicEndorsement
from backend.rendering.staff_tables import ENDORSEMENTS

PRIVATE = "coalition.view_private_details"

UNANSWERED = [(None, "Choose"), (True, "Yes"), (False, "No")]


class EndorsementForm(forms.ModelForm):  # type: ignore[type-arg]  # only in its stubs
    """Asks for the consent: a box would answer No for whoever overlooks it."""

    public_display = forms.TypedChoiceField(
        choices=UNANSWERED,
        coerce=lambda value: value == "True",
        empty_value=None,
        help_text="Does the stakeholder consent to be shown? Without it, nobody sees or counts it.",
    )


@admin.register(Endorsement)
class EndorsementAdmin(DecisionsAdmin, ExportingAdmin):
    """The moderator's list, each row with all that a decision needs, and a page for each."""

    form = EndorsementForm
    change_form_template = "admin/coalition/endorsement/change_form.html"
    change_list_template = "admin/coalition/endorsement/change_list.html"
    list_display = ["who", "said", "campaign_and_date", "publicity", "decide"]
    list_filter = [
        ShowFilter,
        AlikeFilter,
        FlagFilter,
        "campaign",
        ("public_display", admin.BooleanFieldListFilter),
        DeletedFilter,
    ]
    search_fields = ["stakeholder__name", "stakeholder__organization", "stakeholder__email"]
    search_fields += ["campaign__title", "statement"]
    search_help_text = "Name, organization, e-mail, campaign or words of the statement"
    list_per_page = 50
    ordering = ["-created_at", "-pk"]  # idx_endorsement_created
    autocomplete_fields = ["stakeholder", "campaign"]
    actions = ["approve", "reject", "reopen", *SoftDeletionAdmin.actions]
    readonly_fields = ["status"]
    exported = Table(Export.Resource.ENDORSEMENTS, ENDORSEMENTS)
    fieldsets = [
        (None, {"fields": ["stakeholder", "campaign", "statement"]}),
        ("Publication", {"fields": ["public_display", "status"]}),
    ]

    class Media:
        js = ["backend/admin/review.js"]

    def get_queryset(self, request: HttpRequest) -> Any:
        endorsements: Any = super().get_queryset(request)
        return endorsements.with_review()

    def rows_to_export(self) -> Any:
        return Endorsement.objects.with_who_and_what()

    def lock(self, row: Endorsement) -> None:
        # In the order of all who lock both.
        stakeholders = Stakeholder.all_objects.select_for_update(no_key=True)
        list(stakeholders.filter(pk=row.stakeholder_id))
        super().lock(row)

    def get_ordering(self, request: HttpRequest) -> Any:
        # Who waits longest is served first.
        is_queue = request.GET.get(ShowFilter.parameter_name) in {"waiting", "flagged"}
        return ["created_at", "pk"] if is_queue else self.ordering

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        decides = self.has_change_permission(request)
        return [name for name in self.list_display if decides or name != "decide"]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        private = request.user.has_perm(PRIVATE)
        return [name for name in self.search_fields if private or "email" not in name]

    @admin.display(description="supporter", ordering="stakeholder__name")
    def who(self, endorsement: Endorsement) -> SafeString:
        stakeholder = endorsement.stakeholder
        place = ", ".join(part for part in (stakeholder.county, stakeholder.state) if part)
        return format_html(
            '{}<span class="under">{}</span><span class="under">{}, {}</span>',
            stakeholder.name,
            stakeholder.organization,
            stakeholder.get_type_display(),
            place,
        )

    @admin.display(description="says")
    def said(self, endorsement: Endorsement) -> str:
        """The statement, what approval would change, and why to look twice."""
        sent = endorsement.newest_submission()
        context = {
            "endorsement": endorsement,
            "changes": changes(sent, private=False),
            "sent": sent,
            "batch": sent and sent.decided_at is None and (sent.alike or None),
        }
        return render_to_string("admin/coalition/endorsement/said.html", context)

    @admin.display(description="campaign", ordering="created_at")
    def campaign_and_date(self, endorsement: Endorsement) -> SafeString:
        return format_html(
            '{}<span class="under">{}</span>',
            endorsement.campaign,
            date_format(endorsement.created_at, "M j, Y, H:i"),
        )

    @admin.display(description="public", ordering="is_public")
    def publicity(self, endorsement: Endorsement) -> SafeString:
        return publicity(endorsement)

    @admin.display(description="decide")
    def decide(self, endorsement: Endorsement) -> str:
        context = {"endorsement": endorsement, "sent": endorsement.newest_submission()} | {
            name: can_be(endorsement, name) for name in ("approve", "reject", "reopen")
        }
        return render_to_string("admin/coalition/endorsement/buttons.html", context)

    @admin.action(permissions=["change"], description="Approve selected endorsements")
    def approve(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self.ask(request, "approve", queryset)

    @admin.action(permissions=["change"], description="Reject selected endorsements")
    def reject(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self.ask(request, "reject", queryset)

    @admin.action(permissions=["change"], description="Reopen selected endorsements")
    def reopen(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self.ask(request, "reopen", queryset)

    def about(self, request: HttpRequest, row: Endorsement) -> dict[str, Any]:
        sent = row.newest_submission()
        private = request.user.has_perm(PRIVATE)
        return {
            "sent": sent,
            "sent_values": list(sent_values(sent, private=private)) if sent else [],
            "changes": changes(sent, private=private),
            "waits": can_be(row, "approve"),
            "batch": sent and sent.alike,
            "reasons": reasons(row),
            "shown": PublicEndorsement.objects.filter(pk=row.pk).first(),
            "transitions": row.transitions.select_related("by").order_by("-pk"),
            "next": next_after(row),
            "can_be_rejected": can_be(row, "reject"),
            "can_be_reopened": can_be(row, "reopen"),
        }


def can_be(endorsement: Endorsement, decision: str) -> bool:
    """Whether it waits for such a decision."""
    return bool(preview(decision, [endorsement]).decided)

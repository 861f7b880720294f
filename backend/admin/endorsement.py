from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import model_ngettext
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpRequest

from backend.admin.history import log_changes
from backend.admin.soft_deletion import DeletedFilter, SoftDeletionAdmin
from backend.models import Endorsement


@admin.register(Endorsement)
class EndorsementAdmin(SoftDeletionAdmin):
    """The moderator's list."""

    list_display = [
        "stakeholder",
        "campaign",
        "status",
        "public_display",
        "created_at",
    ]
    list_filter = ["status", "public_display", DeletedFilter, "campaign"]
    list_select_related = ["stakeholder", "campaign"]
    search_fields = ["stakeholder__name", "stakeholder__organization", "stakeholder__email"]
    search_fields += ["campaign__title", "statement"]
    ordering = ["-created_at", "-pk"]  # idx_endorsement_created
    autocomplete_fields = ["stakeholder", "campaign"]
    actions = ["approve", "reject", *SoftDeletionAdmin.actions]
    fieldsets = [
        (None, {"fields": ["stakeholder", "campaign", "statement"]}),
        ("Publication", {"fields": ["public_display", "status"]}),
    ]

    @admin.action(permissions=["change"], description="Approve selected endorsements")
    def approve(self, request: HttpRequest, queryset: Any) -> None:
        self._review(request, queryset, Endorsement.Status.APPROVED)

    @admin.action(permissions=["change"], description="Reject selected endorsements")
    def reject(self, request: HttpRequest, queryset: Any) -> None:
        self._review(request, queryset, Endorsement.Status.REJECTED)

    @transaction.atomic
    def _review(self, request: HttpRequest, queryset: Any, status: Endorsement.Status) -> None:
        reviewed = list(queryset.live().exclude(status=status))
        keys = [endorsement.pk for endorsement in reviewed]
        Endorsement.objects.filter(pk__in=keys).update(status=status, updated_at=Now())
        log_changes(request, reviewed, f"{status.label}.")
        count = len(reviewed)
        what = f"{count} {model_ngettext(self.opts, count)}"
        self.message_user(request, f"{status.label} {what}.", messages.SUCCESS)

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from backend.models import OutgoingMail


@admin.register(OutgoingMail)
class OutgoingMailAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # it takes one in its stubs alone
    """What is sent, to be looked at: above all what could not be."""

    list_display = ["kind", "state", "about", "attempts", "due_at", "error"]
    list_filter = ["state", "kind"]
    list_select_related = ["submission", "endorsement__stakeholder"]
    ordering = ["-pk"]
    show_full_result_count = False

    @admin.display(description="about")
    def about(self, mail: OutgoingMail) -> str:
        """Whom it is for, as far as that is known."""
        if mail.submission:
            return str(mail.submission.name)
        return str(mail.endorsement.stakeholder) if mail.endorsement else mail.email

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

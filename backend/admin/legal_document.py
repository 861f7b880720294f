from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from backend.actions.errors import NotAllowed
from backend.actions.legal_documents import publish
from backend.admin.history import HistoryAdmin, log_changes
from backend.models import LegalDocument


@admin.register(LegalDocument)
class LegalDocumentAdmin(HistoryAdmin):
    """Drafts, to be written and published; what is published can only be read."""

    list_display = ["kind", "version", "title", "state", "published_at"]
    list_filter = ["kind"]
    ordering = ["kind", "-published_at", "-pk"]
    actions = ["publish"]
    readonly_fields = ["published_at"]
    fieldsets = [(None, {"fields": [("kind", "version"), "title", "content", "published_at"]})]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        # It would fail at the first that is published: drafts are deleted one by one.
        actions.pop("delete_selected", None)
        return actions

    @admin.display(description="state")
    def state(self, document: LegalDocument) -> str:
        if document.published_at is None:
            return "Draft"
        is_current = LegalDocument.objects.current().filter(kind=document.kind).get() == document
        return "Current" if is_current else "Superseded"

    @admin.action(
        permissions=["change"],
        description="Publish selected drafts: everybody who endorses agrees to them from now on",
    )
    def publish(self, request: HttpRequest, queryset: Any) -> None:
        published = []
        for document in queryset:
            try:
                publish(document_id=document.pk)
            except NotAllowed:
                self.message_user(request, f"{document} is published.", messages.WARNING)
            else:
                published.append(document)
        log_changes(request, published, "Published.")
        if published:
            names = ", ".join(map(str, published))
            self.message_user(request, f"Published {names}.", messages.SUCCESS)


def _is_draft(document: LegalDocument | None) -> bool:
    return document is None or document.published_at is None

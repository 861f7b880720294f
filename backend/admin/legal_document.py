from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from backend.actions import legal_documents
from backend.actions.errors import NotAllowed
from backend.admin.history import HistoryAdmin, log_changes
from backend.admin.rich_text import RichTextWidget
from backend.models import LegalDocument
from backend.models.fields import RichTextField

LIST = "admin:coalition_legaldocument_changelist"
PUBLISH = "coalition_legaldocument_publish"
COPIED = ("kind", "title", "content")


@admin.register(LegalDocument)
class LegalDocumentAdmin(HistoryAdmin):
    """The terms and the privacy text. A draft can be changed, deleted, and published for good."""

    list_display = ["title", "kind", "version", "state", "published_at", "publish_link"]
    list_filter = ["kind"]
    search_fields = ["title", "version", "content"]
    ordering = ["kind", "-published_at", "-pk"]
    actions = ["publish"]
    times = [*HistoryAdmin.times, "published_at"]
    formfield_overrides = {RichTextField: {"widget": RichTextWidget}}
    fieldsets = [(None, {"fields": ["kind", "version", "title", "content"]})]

    def get_queryset(self, request: HttpRequest) -> Any:
        documents: Any = super().get_queryset(request)
        return documents.with_state()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_draft(obj) and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # Drafts are deleted one by one, each locked: see get_object().
        actions = super().get_actions(request)
        return {name: action for name, action in actions.items() if name != "delete_selected"}

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """With `copy` in the query, what the document with that key says."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        original = self.get_object(request, initial.pop("copy", ""))
        return initial | {name: getattr(original, name) for name in COPIED if original}

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        publishes = super().has_change_permission(request)
        return [name for name in self.list_display if publishes or name != "publish_link"]

    @admin.display(ordering="published_at")
    def state(self, document: LegalDocument) -> SafeString:
        state = document.state
        return format_html('<span class="pill pill-{}">{}</span>', state, state.capitalize())

    @admin.display(description="publish", empty_value="")
    def publish_link(self, document: LegalDocument) -> SafeString | None:
        """For drafts; the page behind it asks first."""
        if not is_draft(document):
            return None
        url = reverse(f"admin:{PUBLISH}", args=[document.pk])
        return format_html('<a class="button" href="{}">Publish …</a>', url)

    @admin.action(permissions=["change"], description="Publish selected legal document")
    def publish(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        keys = list(queryset.drafts().values_list("pk", flat=True)[:2])
        if len(keys) == 1:
            return redirect(f"admin:{PUBLISH}", keys[0])
        self.message_user(request, "Select exactly one draft.", messages.ERROR)
        return None

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.publish_view)
        return [path("<int:pk>/publish/", view, name=PUBLISH), *super().get_urls()]

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what it means to publish a draft; publish it once that is confirmed."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        try:
            if request.method != "POST":
                return self._confirmation(request, LegalDocument.objects.drafts().get(pk=pk))
            with transaction.atomic():
                document = legal_documents.publish(document_id=pk)
                log_changes(request, [document], "Published.")
        except (NotAllowed, LegalDocument.DoesNotExist):
            message = "Nothing was published: the document was published already, or deleted."
            self.message_user(request, message, messages.ERROR)
        else:
            self.message_user(request, f"{document} is published, and current now.")
        return redirect(LIST)

    def _confirmation(self, request: HttpRequest, draft: LegalDocument) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Publish",
            "opts": self.opts,
            "draft": draft,
            "current": LegalDocument.objects.current(draft.kind).first(),
        }
        return TemplateResponse(request, "admin/coalition/legaldocument/publish.html", context)


def is_draft(document: LegalDocument | None) -> bool:
    """Whether it may still change; no document in particular may, so that actions are on offer."""
    return document is None or document.published_at is None

"""When a row was created and changed, and by which actions."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from backend.admin.versions import VersionedAdmin


def log_changes(request: HttpRequest, rows: Sequence[Model], message: str) -> None:
    """Note in the history of each row what an action did to it, and who chose it."""
    LogEntry.objects.log_actions(
        user_id=cast("int", request.user.pk),
        queryset=rows,
        action_flag=CHANGE,
        change_message=message,
    )


class HistoryAdmin(VersionedAdmin):
    """Shows what is known about a row above its form, and its times below, once it exists."""

    times = ["created_at", "updated_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), *self.times]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        history = [("History", {"fields": self.times})]
        return [*super().get_fieldsets(request, obj), *(history if obj else [])]

    def about(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the template of the form is given beside it."""
        return {}

    def render_change_form(  # noqa: PLR0917  # as Django has it
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        about = self.about(request, obj) if obj else {}
        return super().render_change_form(
            request, context | about, add=add, change=change, form_url=form_url, obj=obj
        )

"""When a row was created and changed, and by which actions."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.http import HttpRequest


def log_changes(request: HttpRequest, rows: Sequence[Model], message: str) -> None:
    """Note in the history of each row what an action did to it, and who chose it."""
    LogEntry.objects.log_actions(
        user_id=cast("int", request.user.pk),
        queryset=rows,
        action_flag=CHANGE,
        change_message=message,
    )


class HistoryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # it takes one in its stubs alone
    """Shows the times of a row below its `fieldsets`, once it has any."""

    times = ["created_at", "updated_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), *self.times]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        history = [("History", {"fields": self.times})]
        return [*super().get_fieldsets(request, obj), *(history if obj else [])]

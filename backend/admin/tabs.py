"""Filters that stand above a list, each choice with how many it shows."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

# Counting all of a million rows would take longer than all else on the page.
MOST_COUNTED = 10_000


class TabsFilter(admin.SimpleListFilter):
    """The kinds of a list's rows, to go from one to the other; all of them without a choice."""

    template = "admin/tabs.html"
    is_tabs = True

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.rows = model.objects.all()

    def narrow(self, rows: Any, choice: str) -> Any:
        """Those of the rows that one of the `lookups` shows."""
        raise NotImplementedError  # for each filter to say

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        choice = self.value()
        is_known = choice in dict(self.lookup_choices)
        return self.narrow(queryset, choice) if choice and is_known else queryset

    def get_facet_counts(self, pk_attname: str, filtered_qs: Any) -> dict[str, Any]:
        return {}  # They stand there already.

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for choice, title in [*self.lookup_choices, (None, "All")]:
            yield {
                "selected": self.value() == choice,
                "query_string": changelist.get_query_string({str(self.parameter_name): choice}),
                "display": title,
                "count": _count(self.narrow(self.rows, choice) if choice else self.rows),
            }


def _count(rows: Any) -> str:
    number = rows[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED:,}+" if number > MOST_COUNTED else f"{number:,}"

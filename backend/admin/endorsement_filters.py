"""What a moderator asks of the list of endorsements."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from backend.admin.tabs import TabsFilter
from backend.models import Endorsement
from backend.models.submission_groups import groups

FLAGS = {
    "similar_statement": "says what others say",
    "same_network": "many from one network",
    "organization_domain": "another address than the organization's",
    "other_name": "the address is known by another name",
    "links": "has a link",
    "disposable_email": "address for a few minutes",
}
MOST_BATCHES = 10
EXCERPT = 60


class ShowFilter(TabsFilter):
    """What waits first, approved endorsements with new words included; then by status."""

    title = "state"
    parameter_name = "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        decided = [(value, str(label)) for value, label in Endorsement.Status.choices[1:]]
        return [("waiting", "Waiting"), ("flagged", "Waiting, with a warning"), *decided]

    def narrow(self, rows: Any, choice: str) -> Any:
        if choice in Endorsement.Status.values:
            return rows.filter(status=choice)
        waiting = rows.waiting()
        return waiting.flagged() if choice == "flagged" else waiting


class FlagFilter(admin.SimpleListFilter):
    """By what should be looked at."""

    title = "warning"
    parameter_name = "flag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(FLAGS.items())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.flagged(self.value()) if self.value() else queryset


class AlikeFilter(admin.SimpleListFilter):
    """By what many say, as far as it waits: each is a batch to decide at once."""

    title = "batch"
    parameter_name = "alike"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        batches = groups("statement", shared_domains=())
        shown = {each.key: (each.size, each.statement) for each in batches[:MOST_BATCHES]}
        if chosen := _key(request.GET.get(self.parameter_name)):
            # One of which the others are decided too.
            shown.setdefault(str(chosen), (1, "…"))
        return [(key, f"{n} alike: “{_excerpt(said)}”") for key, (n, said) in shown.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = _key(self.value())
        return queryset.alike(chosen) if chosen else queryset


def _key(value: str | None) -> int | None:
    """A submission's; None for what is none."""
    return int(value) if value and value.isdecimal() and len(value) < 19 else None


def _excerpt(statement: str) -> str:
    return statement if len(statement) <= EXCERPT else f"{statement[:EXCERPT]}…"

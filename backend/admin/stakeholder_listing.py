"""Showing many stakeholders to the public, or none of them any more, after a look at how many."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import model_ngettext
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from backend.actions.listing import show_to_public, stop_showing
from backend.admin.history import HistoryAdmin, log_changes
from backend.models import Stakeholder
from backend.public import PublicTotals


@dataclass(frozen=True)
class Listing:
    """What an organiser may choose for many, in the words of its page."""

    name: str
    action: Callable[..., list[Stakeholder]]
    verb: str
    done: str
    is_public: bool


SHOW = Listing("show", show_to_public, "Show", "Shown to the public now", is_public=True)
STOP = Listing("stop_showing", stop_showing, "Stop showing", "Not shown any more", is_public=False)


class ListingAdmin(HistoryAdmin):
    """Has the two actions for the selected stakeholders."""

    @admin.action(permissions=["change"], description="Show selected stakeholders to the public")
    def show(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._choose(request, SHOW, queryset.live())

    @admin.action(permissions=["change"], description="Stop showing selected stakeholders")
    def stop_showing(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._choose(request, STOP, queryset.live())

    def _choose(self, request: HttpRequest, listing: Listing, rows: Any) -> HttpResponse | None:
        if "confirmed" not in request.POST:
            return self._ask(request, listing, rows)
        keys: Collection[int] = list(rows.values_list("pk", flat=True))
        with transaction.atomic():
            changed = listing.action(stakeholder_ids=keys)
            log_changes(request, changed, f"{listing.done}.")
        what = f"{len(changed)} {model_ngettext(self.opts, len(changed))}"
        self.message_user(request, f"{listing.done}: {what}.", messages.SUCCESS)
        return None

    def _ask(self, request: HttpRequest, listing: Listing, rows: Any) -> HttpResponse:
        """How many change, and why others do not."""
        changing = rows.listable() if listing.is_public else rows.listed()
        count = changing.count()
        now = PublicTotals.objects.get().stakeholders
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{listing.verb} {count} {model_ngettext(self.opts, count)}?",
            "listing": listing,
            "count": count,
            "now": now,
            "then": now + count if listing.is_public else now - count,
            "as_they_are": (rows.listed() if listing.is_public else rows.unlisted()).count(),
            "refusing": rows.refusing().count() if listing.is_public else 0,
            "without_place": changing.filter(location=None).count(),
            "individuals": changing.filter(type=Stakeholder.Type.INDIVIDUAL).count(),
            "some": changing.order_by("name", "pk")[:20],
            "selected": request.POST.getlist("_selected_action"),
            "select_across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/coalition/stakeholder/listing.html", context)

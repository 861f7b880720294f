"""Approving, rejecting and reopening, one endorsement or many at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import model_ngettext
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from backend.actions.errors import NotAllowed, Superseded
from backend.actions.previews import preview
from backend.actions.reviews import approve, reject, reopen
from backend.admin.history import HistoryAdmin, log_changes
from backend.models import Endorsement, PolicyCampaign

MOST_AT_ONCE = 500
MOST_NAMED = 10
LIST = "admin:coalition_endorsement_changelist"


@dataclass(frozen=True)
class Decision:
    """What a moderator may decide, in the words of its buttons."""

    name: str
    action: Callable[..., Endorsement]
    verb: str
    done: str
    takes_reason: bool
    names_seen: bool


DECISIONS = {
    each.name: each
    for each in (
        Decision("approve", approve, "Approve", "Approved", takes_reason=False, names_seen=True),
        Decision("reject", reject, "Reject", "Rejected", takes_reason=True, names_seen=True),
        Decision("reopen", reopen, "Reopen", "Reopened", takes_reason=True, names_seen=False),
    )
}


class DecisionsAdmin(HistoryAdmin):
    """Has a page for each decision, which asks before it changes what it has not shown."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.decide_view)
        name = "coalition_endorsement_decide"
        return [path("decide/<slug:decision>/", view, name=name), *super().get_urls()]

    def decide_view(self, request: HttpRequest, decision: str) -> HttpResponse:
        """Decide about each `id` of a form, once it is confirmed, and go on where it says `back`.

        Approving one needs no second answer: it was chosen where all of it stands.
        """
        chosen = DECISIONS.get(decision)
        if chosen is None:
            raise Http404
        if not self.has_change_permission(request):
            raise PermissionDenied
        keys = _numbers(request, "id")
        if not 0 < len(keys) <= MOST_AT_ONCE:
            message = f"Select endorsements, {MOST_AT_ONCE} at most."
            self.message_user(request, message, messages.ERROR)
            return _back(request)
        is_plain = len(keys) == 1 and not chosen.takes_reason
        if is_plain or "confirmed" in request.POST:
            return self._decide(request, chosen, keys)
        return self._ask(request, chosen, keys)

    def ask(self, request: HttpRequest, decision: str, queryset: Any) -> HttpResponse | None:
        """The page that asks about the selected rows of the list."""
        keys = list(queryset.live().values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
        if 0 < len(keys) <= MOST_AT_ONCE:
            return self._ask(request, DECISIONS[decision], keys)
        message = f"Select endorsements that are not deleted, {MOST_AT_ONCE} at most."
        self.message_user(request, message, messages.ERROR)
        return None

    def _ask(self, request: HttpRequest, decision: Decision, keys: list[int]) -> HttpResponse:
        selected = Endorsement.objects.filter(pk__in=keys).with_review().oldest_first()
        found = preview(decision.name, selected)
        campaigns = PolicyCampaign.all_objects.with_endorsement_count().in_bulk(found.changes)
        number = len(found.decided)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{decision.verb} {number} {model_ngettext(self.opts, number)}?",
            "decision": decision,
            "preview": found,
            "counts": [
                (campaigns[key].title, count := campaigns[key].endorsement_count, count + change)
                for key, change in found.changes.items()
            ],
            "back": request.POST.get("back", request.GET.urlencode()),
        }
        return TemplateResponse(request, "admin/coalition/endorsement/decide.html", context)

    def _decide(self, request: HttpRequest, decision: Decision, keys: list[int]) -> HttpResponse:
        """Each by itself: one that somebody else decided meanwhile holds up no other."""
        values: dict[str, Any] = {"by": request.user}
        if decision.names_seen:
            values["seen"] = _numbers(request, "seen")
        if decision.takes_reason:
            values["reason"] = request.POST.get("reason", "").strip()
        decided: list[Endorsement] = []
        left: dict[type[NotAllowed], list[int]] = {NotAllowed: [], Superseded: []}
        for key in keys:
            try:
                # With its line in the log, which an erasure that comes next must find.
                with transaction.atomic():
                    endorsement = decision.action(endorsement_id=key, **values)
                    log_changes(request, [endorsement], f"{decision.done}.")
            except NotAllowed as error:
                left[type(error)].append(key)
            else:
                decided.append(endorsement)
        self._report(request, decision, decided)
        self._report_left(request, left)
        return _back(request, after=keys[-1])

    def _report(self, request: HttpRequest, decision: Decision, decided: list[Endorsement]) -> None:
        if len(decided) == 1:
            link = reverse("admin:coalition_endorsement_change", args=[decided[0].pk])
            done = format_html(
                '{}: {}. <a href="{}">Look again</a>', decision.done, decided[0], link
            )
            self.message_user(request, done, messages.SUCCESS)
        elif decided:
            what = f"{len(decided)} {model_ngettext(self.opts, len(decided))}"
            self.message_user(request, f"{decision.done} {what}.", messages.SUCCESS)

    def _report_left(self, request: HttpRequest, left: dict[type[NotAllowed], list[int]]) -> None:
        for why, describe in ((NotAllowed, _why_left), (Superseded, _why_superseded)):
            if left[why]:
                self.message_user(request, describe(left[why]), messages.WARNING)


def _numbers(request: HttpRequest, name: str) -> list[int]:
    """The keys that fields of a form carry, one or many in each."""
    keys = " ".join(request.POST.getlist(name)).split()
    return [int(key) for key in keys if key.isdecimal() and len(key) < 19]


def _why_left(keys: list[int]) -> SafeString:
    """Which ones did not wait for the decision, and what has become of them."""
    rows = _named(keys).prefetch_related("transitions__by")
    items = format_html_join("", "<li>{}: {}</li>", ((row, _fate(row)) for row in rows))
    return _listed("{} stayed as they are. Somebody else was faster:", keys, items)


def _why_superseded(keys: list[int]) -> SafeString:
    """Which ones the decision was not about, and where to look again."""
    rows = (
        (reverse("admin:coalition_endorsement_change", args=[each.pk]), each)
        for each in _named(keys)
    )
    items = format_html_join("", '<li><a href="{}">{}</a></li>', rows)
    why = "{} stayed as they are. Their supporters have sent something newer: look again."
    return _listed(why, keys, items)


def _named(keys: list[int]) -> Any:
    return Endorsement.all_objects.filter(pk__in=keys[:MOST_NAMED]).with_review()


def _listed(what: str, keys: list[int], items: SafeString) -> SafeString:
    more = len(keys) - MOST_NAMED
    rest = format_html("<li>and {} more</li>", more) if more > 0 else ""
    return format_html(what + "<ul>{}{}</ul>", len(keys), items, rest)


def _fate(row: Endorsement) -> str:
    last = max(row.transitions.all(), key=lambda each: each.pk, default=None)
    fate = "deleted" if row.deleted_at else row.status
    return f"{fate} by {last.by or 'the supporter'}" if last else fate


def _back(request: HttpRequest, *, after: int = 0) -> HttpResponse:
    """To the next one that waits, or the list as it was."""
    back = request.POST.get("back", "")
    if back != "next":
        return redirect(f"{reverse(LIST)}?{back}")
    decided = Endorsement.all_objects.filter(pk=after).first()
    following = next_after(decided) if decided else None
    if following:
        return redirect("admin:coalition_endorsement_change", following.pk)
    return redirect(f"{reverse(LIST)}?show=waiting")


def next_after(endorsement: Endorsement) -> Endorsement | None:
    """What waits after it, by age, or before if nothing does; None if nothing else waits."""
    waiting = Endorsement.objects.waiting().exclude(pk=endorsement.pk).oldest_first()
    following: Endorsement | None = waiting.after(endorsement).first() or waiting.first()
    return following

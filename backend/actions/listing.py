"""Choosing who is listed, many at once: those whose consent the organisers have on paper."""

from collections.abc import Collection

from django.db import transaction
from django.db.models.functions import Now

from backend.models import Stakeholder


@transaction.atomic
def show_to_public(*, stakeholder_ids: Collection[int]) -> list[Stakeholder]:
    """List those that can be; who refused it themselves stays as they are."""
    return _set(stakeholder_ids, is_public=True)


@transaction.atomic
def stop_showing(*, stakeholder_ids: Collection[int]) -> list[Stakeholder]:
    """List none of them any more."""
    return _set(stakeholder_ids, is_public=False)


def _set(stakeholder_ids: Collection[int], *, is_public: bool) -> list[Stakeholder]:
    """Returns those that changed."""
    chosen = Stakeholder.objects.filter(pk__in=stakeholder_ids)
    chosen = chosen.listable() if is_public else chosen.listed()
    # In the order that deletions keep, and judged once nobody else can change them.
    changed = list(chosen.order_by("pk").select_for_update(no_key=True))
    rows = Stakeholder.objects.filter(pk__in=[each.pk for each in changed])
    rows.update(is_public=is_public, updated_at=Now())
    return changed

import pytest

from backend.actions.listing import show_to_public, stop_showing
from backend.models import Stakeholder
from tests.factories import make_stakeholder

pytestmark = pytest.mark.django_db

REFUSED = {"is_public": {"given": False, "version": "", "sha256": "", "at": "2026-11-01"}}


def listed() -> set[Stakeholder]:
    return set(Stakeholder.objects.listed())


class TestShowToPublic:
    def test_lists_those_alone_that_were_chosen(self) -> None:
        chosen, other = make_stakeholder(is_public=False), make_stakeholder(is_public=False)
        before = chosen.updated_at

        changed = show_to_public(stakeholder_ids=[chosen.pk])

        assert (changed, listed()) == ([chosen], {chosen})
        chosen.refresh_from_db()
        assert chosen.updated_at > before
        assert not Stakeholder.objects.get(pk=other.pk).is_public

    def test_overrides_nobody_who_refused_it_themselves(self) -> None:
        refusing = make_stakeholder(is_public=False, consents=REFUSED)

        assert show_to_public(stakeholder_ids=[refusing.pk]) == []

        assert listed() == set()

    def test_leaves_those_who_are_shown_or_deleted(self) -> None:
        shown, deleted = make_stakeholder(), make_stakeholder(is_public=False)
        deleted.delete()

        assert show_to_public(stakeholder_ids=[shown.pk, deleted.pk]) == []


class TestStopShowing:
    def test_lists_none_of_them(self) -> None:
        chosen, other = make_stakeholder(), make_stakeholder()
        unlisted = make_stakeholder(is_public=False)

        changed = stop_showing(stakeholder_ids=[chosen.pk, unlisted.pk])

        assert (changed, listed()) == ([chosen], {other})

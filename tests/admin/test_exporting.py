"""The button above a list that downloads it."""

import csv
import io
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from django.test import Client

from backend.http.errors import Problem
from backend.http.overload import EXPORTS
from backend.models import Export
from tests.factories import make_endorsement, make_stakeholder, make_user

pytestmark = pytest.mark.django_db

STAKEHOLDERS = "/admin/coalition/stakeholder/"
ENDORSEMENTS = "/admin/coalition/endorsement/"


def as_member_of(group: str) -> Client:
    client = Client()
    client.force_login(make_user(group))
    return client


def exported(client: Client, path: str, **query: str) -> list[dict[str, str]]:
    response: Any = client.get(f"{path}export/", query)
    assert response["Content-Type"] == "text/csv"
    text = b"".join(response.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


class TestExport:
    def test_has_the_live_rows_that_the_list_finds_the_oldest_first(self) -> None:
        client = as_member_of("administrator")
        first, second = (make_stakeholder(name=name, state="VA") for name in ("=Ann 1", "Ann 2"))
        make_stakeholder(name="Ann 3", state="MD")
        make_stakeholder(name="Bob", state="VA")
        make_stakeholder(name="Ann 4", state="VA").delete()

        rows = exported(client, STAKEHOLDERS, q="ann", state__exact="VA", deleted="all")

        found = [(row["id"], row["name"], row["email"]) for row in rows]
        assert found == [
            (str(first.pk), "'=Ann 1", first.email),
            (str(second.pk), "Ann 2", second.email),
        ]

    def test_of_endorsements_has_those_of_its_tab(self) -> None:
        make_endorsement()
        waiting = make_endorsement(status="pending", statement="Now!")

        rows = exported(as_member_of("moderator"), ENDORSEMENTS, show="waiting")

        found = [(row["id"], row["statement"], row["campaign_slug"]) for row in rows]
        assert found == [(str(waiting.pk), "Now!", waiting.campaign.slug)]

    @pytest.mark.parametrize("path", [STAKEHOLDERS, ENDORSEMENTS])
    def test_has_addresses_for_those_who_may_export_them(self, path: str) -> None:
        make_endorsement()
        private = {"email", "longitude", "latitude"}

        (whole,) = exported(as_member_of("administrator"), path)
        (part,) = exported(as_member_of("moderator"), path)

        assert whole.keys() - part.keys() == private

    def test_is_on_record_without_what_was_searched_or_made_up(self) -> None:
        client = as_member_of("administrator")

        exported(client, STAKEHOLDERS, q="Ann", state__exact="VA", name__startswith="Ann", o="1")

        record = Export.objects.get()
        assert (record.resource, record.format, record.rows) == ("stakeholders", "csv", 0)
        assert record.filters == {"q": True, "state__exact": "VA", "name__startswith": True}
        assert record.has_private_details

    def test_is_for_those_who_see_the_list(self) -> None:
        response = as_member_of("editor").get(f"{ENDORSEMENTS}export/")

        assert response.status_code == 403
        assert not Export.objects.exists()

    def test_leads_back_to_the_list_from_a_filter_that_is_none(self) -> None:
        response = as_member_of("moderator").get(f"{ENDORSEMENTS}export/", {"colour": "red"})

        assert response["Location"] == ENDORSEMENTS


class TestButton:
    @pytest.mark.parametrize("path", [STAKEHOLDERS, ENDORSEMENTS])
    def test_keeps_the_filters_and_says_what_is_left_out(self, path: str) -> None:
        query = {"q": "ann", "deleted": "all"}

        whole = as_member_of("administrator").get(path, query).content.decode()
        part = as_member_of("moderator").get(path, query).content.decode()

        link = '<a href="export/?q=ann&amp;deleted=all">Export as CSV'
        assert f"{link}</a>" in whole
        assert f"{link}, without addresses</a>" in part

    def test_stands_above_no_other_list(self) -> None:
        page = as_member_of("administrator").get("/admin/coalition/policycampaign/")

        assert "Export as CSV" not in page.content.decode()


class TestAddresses:
    @pytest.mark.parametrize("query", ["email__startswith", "email", "location__isnull"])
    def test_cannot_be_guessed_by_filters_of_ones_own(self, query: str) -> None:
        make_stakeholder()

        for path in (STAKEHOLDERS, f"{STAKEHOLDERS}export/"):
            assert as_member_of("editor").get(path, {query: "s"}).status_code == 400
        assert not Export.objects.exists()


class TestTooMany:
    def test_is_said_on_the_list_and_nothing_is_on_record(self) -> None:
        client = as_member_of("administrator")

        with ExitStack() as others:
            with suppress(Problem):
                while True:
                    others.enter_context(EXPORTS.place())
            response: Any = client.get(f"{STAKEHOLDERS}export/", follow=True)

        assert "Too many exports" in response.content.decode()
        assert not Export.objects.exists()

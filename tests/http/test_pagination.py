from itertools import chain
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.gis.geos import Point
from rest_framework.test import APIClient

from backend.models import Stakeholder
from backend.public import PublicStakeholder
from backend.rendering.keyset import Ordering
from tests.factories import make_campaign, make_endorsement, make_stakeholder

pytestmark = pytest.mark.django_db


def walk(api: APIClient, url: str, link: str) -> list[list[str]]:
    """The names on each page, following `link` from page to page."""
    pages = []
    while url:
        document = api.get(url).json()
        pages.append([feature["properties"]["name"] for feature in document["features"]])
        url = next((each["href"] for each in document["links"] if each["rel"] == link), "")
    return pages


def url_of_last_page(api: APIClient, url: str) -> str:
    while True:
        links = {each["rel"]: each["href"] for each in api.get(url).json()["links"]}
        if "next" not in links:
            return url
        url = links["next"]


class TestKeyset:
    @pytest.mark.parametrize("ordering", ["name", "-name", "created_at", "-created_at"])
    def test_visits_each_row_once_in_either_direction(self, api: APIClient, ordering: str) -> None:
        for name in "abcabca":  # names repeat: the key decides
            make_stakeholder(name=name)
        url = f"/api/v1/stakeholders?ordering={ordering}&limit=3"
        everything = walk(api, url.replace("limit=3", "limit=7"), "next")[0]

        forward = walk(api, url, "next")

        assert [len(page) for page in forward] == [3, 3, 1]
        assert list(chain(*forward)) == everything
        last = url
        for _ in range(2):
            links = {each["rel"]: each["href"] for each in api.get(last).json()["links"]}
            last = links["next"]
        assert walk(api, last, "prev") == forward[::-1]

    def test_neither_repeats_nor_skips_when_rows_come_and_go(self, api: APIClient) -> None:
        rows = [make_stakeholder(name=name) for name in "abdef"]
        first = api.get("/api/v1/stakeholders?ordering=name&limit=3").json()
        make_stakeholder(name="A before")
        make_stakeholder(name="c between")
        rows[2].delete()  # the row that the cursor stands on

        rest = walk(api, first["links"][1]["href"], "next")

        assert rest == [["e", "f"]]

    def test_pages_through_distances(self, api: APIClient) -> None:
        for step in range(5):
            make_stakeholder(name=str(step), location=Point(-76.49 + step / 100, 38.97, srid=4326))
        make_stakeholder(name="0", location=Point(-76.49, 38.97, srid=4326))

        pages = walk(api, "/api/v1/stakeholders?near=-76.49,38.97&limit=2", "next")

        assert pages == [["0", "0"], ["1", "2"], ["3", "4"]]

    @pytest.mark.parametrize("radius", ["50mi", "2000km"])
    def test_pages_through_distances_as_if_all_were_measured(
        self, api: APIClient, radius: str
    ) -> None:
        # Over a continent, where a sphere and the spheroid put places in another order.
        random = Random(7)
        for number in range(120):
            spread = 0.5 if number % 2 else 15
            longitude, latitude = (random.uniform(-spread, spread) for _ in range(2))
            location = Point(-76.49 + longitude, 38.97 + latitude, srid=4326)
            make_stakeholder(name=str(number), location=location)
        url = f"/api/v1/stakeholders?near=-76.49,38.97&radius={radius}"
        here = Point(-76.49, 38.97, srid=4326)
        miles = 50 if radius == "50mi" else 2000 / 1.609344
        near = PublicStakeholder.objects.near(here, miles=miles).with_distance(here)
        expected = [each.name for each in near.nearest_first()]

        forward = walk(api, f"{url}&limit=7", "next")
        backward = walk(api, url_of_last_page(api, f"{url}&limit=7"), "prev")[::-1]

        assert list(chain(*forward)) == expected
        assert len(forward) > 5
        assert backward == forward

    def test_pages_through_endorsement_counts(self, api: APIClient) -> None:
        for count in (0, 2, 1, 2):
            campaign = make_campaign()
            for _ in range(count):
                make_endorsement(campaign=campaign)

        url, counts = "/api/v1/campaigns?ordering=-endorsement_count&limit=1", []
        while url:
            document = api.get(url).json()
            counts += [campaign["endorsement_count"] for campaign in document["results"]]
            url = document["next"]

        assert counts == [2, 2, 1, 0]

    def test_keeps_previous_null_on_the_first_page_and_next_on_the_last(
        self, api: APIClient
    ) -> None:
        make_campaign()
        make_campaign()

        first = api.get("/api/v1/campaigns?limit=1").json()
        second = api.get(first["next"]).json()

        assert first["previous"] is None
        assert second["next"] is None
        assert api.get(second["previous"]).json() == first

    def test_refuses_an_ordering_without_the_key(self) -> None:
        with pytest.raises(ValueError, match="keyset"):
            Ordering.of(Stakeholder.objects.order_by("name"))
        with pytest.raises(ValueError, match="keyset"):
            Ordering.of(Stakeholder.objects.order_by("name", "-pk"))


class TestCursor:
    def cursor(self, api: APIClient) -> str:
        make_stakeholder()
        make_stakeholder()
        url = api.get("/api/v1/stakeholders?limit=1").json()["links"][1]["href"]
        return str(parse_qs(urlsplit(url).query)["cursor"][0])

    def refused(self, response: Any) -> None:
        assert response.status_code == 400
        assert response.json()["errors"][0]["parameter"] == "cursor"

    def test_that_was_tampered_with_is_refused(self, api: APIClient) -> None:
        cursor = self.cursor(api)

        for bad in (cursor[:-1], "x" + cursor, cursor.swapcase(), "1", "~", "a~b", "\0", "é"):
            self.refused(api.get("/api/v1/stakeholders", {"limit": "1", "cursor": bad}))

    def test_of_another_list_is_refused(self, api: APIClient) -> None:
        cursor = self.cursor(api)

        self.refused(api.get("/api/v1/campaigns", {"cursor": cursor}))
        self.refused(api.get("/api/v1/stakeholders", {"ordering": "name", "cursor": cursor}))

    def test_goes_with_another_limit(self, api: APIClient) -> None:
        cursor = self.cursor(api)

        assert api.get(f"/api/v1/stakeholders?limit=5&cursor={cursor}").status_code == 200


class TestLimit:
    @pytest.mark.parametrize("limit", ["101", "100000000000000000000", "9" * 5000])
    def test_above_the_maximum_means_the_maximum(self, api: APIClient, limit: str) -> None:
        make_campaign()

        assert api.get("/api/v1/campaigns", {"limit": limit}).status_code == 200

    @pytest.mark.parametrize("limit", ["0", "-1", "1.5", "1_0", "١٢", "", "ten", " 1", "+1", "1e2"])
    def test_that_is_no_whole_number_from_one_is_refused(self, api: APIClient, limit: str) -> None:
        response = api.get("/api/v1/campaigns", {"limit": limit})

        assert response.status_code == 400
        assert response.json()["errors"][0]["parameter"] == "limit"


class TestNumberMatched:
    def test_is_left_out_above_ten_thousand(
        self, api: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backend.api.features.MAX_EXACT_COUNT", 2)
        make_stakeholder()
        make_stakeholder()
        assert api.get("/api/v1/stakeholders?limit=1").json()["numberMatched"] == 2

        make_stakeholder()

        document = api.get("/api/v1/stakeholders?limit=1").json()
        assert "numberMatched" not in document
        assert document["numberReturned"] == 1

from datetime import datetime
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from rest_framework.test import APIClient

from tests.factories import ANNAPOLIS, make_campaign, make_endorsement, make_stakeholder

pytestmark = pytest.mark.django_db

URL = "/api/v1/stakeholders"


def names(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [feature["properties"]["name"] for feature in response.json()["features"]]


def at(longitude: float, latitude: float) -> Point:
    return Point(longitude, latitude, srid=4326)


class TestListStakeholders:
    def test_is_a_feature_collection_of_points_with_their_properties(self, api: APIClient) -> None:
        stakeholder = make_stakeholder(
            name="Tidewater Oysters", role="Owner", location=at(-76.1234567, 38.7654321)
        )

        response = api.get(URL)

        assert response["Content-Type"] == "application/geo+json"
        document = response.json()
        assert document["type"] == "FeatureCollection"
        assert document["numberMatched"] == document["numberReturned"] == 1
        created_at = document["features"][0]["properties"].pop("created_at")
        assert created_at.endswith("Z")
        assert datetime.fromisoformat(created_at) == stakeholder.created_at
        assert document["features"] == [
            {
                "id": stakeholder.pk,
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [-76.123457, 38.765432]},
                "properties": {
                    "name": "Tidewater Oysters",
                    "organization": "",
                    "role": "Owner",
                    "type": "business",
                    "state": "MD",
                    "county": "Anne Arundel",
                },
            }
        ]

    def test_costs_two_queries_however_many_there_are(
        self, api: APIClient, django_assert_num_queries: Any
    ) -> None:
        for _ in range(5):
            make_stakeholder()

        with django_assert_num_queries(2):  # the revision, and the page with the total
            response = api.get(URL)

        assert len(names(response)) == 5

    def test_leaves_out_who_did_not_agree_and_who_was_deleted(self, api: APIClient) -> None:
        make_stakeholder(is_public=False)
        make_stakeholder().delete()

        assert names(api.get(URL)) == []

    def test_never_loads_what_is_private(
        self, api: APIClient, django_assert_num_queries: Any
    ) -> None:
        make_stakeholder()

        with django_assert_num_queries(2) as queries:
            api.get(URL)

        for query in queries.captured_queries:
            assert '"email"' not in query["sql"]
            assert "stakeholders_stakeholder" not in query["sql"]

    def test_shows_who_has_no_location_with_a_null_geometry(self, api: APIClient) -> None:
        make_stakeholder(location=None)

        assert api.get(URL).json()["features"][0]["geometry"] is None

    def test_is_newest_first(self, api: APIClient) -> None:
        make_stakeholder(name="old")
        make_stakeholder(name="new")

        assert names(api.get(URL)) == ["new", "old"]


class TestFilters:
    def test_type_takes_several(self, api: APIClient) -> None:
        make_stakeholder(name="farm", type="farmer")
        make_stakeholder(name="boat", type="waterman")
        make_stakeholder(name="shop", type="business")

        assert names(api.get(URL, {"type": "farmer,waterman", "ordering": "name"})) == [
            "boat",
            "farm",
        ]

    def test_state_and_county_narrow_each_other(self, api: APIClient) -> None:
        make_stakeholder(name="here", state="VA", county="Essex")
        make_stakeholder(name="elsewhere", state="MD", county="Essex")

        assert names(api.get(URL, {"state": "VA", "county": "Essex"})) == ["here"]

    def test_search_looks_in_name_and_organization_whatever_the_case(self, api: APIClient) -> None:
        make_stakeholder(name="Émile Oyster")
        make_stakeholder(name="Ann", organization="OYSTERS United")
        make_stakeholder(name="Bob")

        assert names(api.get(URL, {"search": "oyster", "ordering": "name"})) == [
            "Ann",
            "Émile Oyster",
        ]
        assert names(api.get(URL, {"search": "éMILE"})) == ["Émile Oyster"]

    def test_search_takes_percent_and_underscore_as_they_are(self, api: APIClient) -> None:
        make_stakeholder(name="100% Organic")
        make_stakeholder(name="Organic")

        assert names(api.get(URL, {"search": "0%"})) == ["100% Organic"]
        assert names(api.get(URL, {"search": "_"})) == []

    def test_campaign_finds_its_public_endorsers(self, api: APIClient) -> None:
        campaign = make_campaign(slug="clean-water")
        make_endorsement(campaign=campaign, stakeholder=make_stakeholder(name="yes"))
        for values in ({"status": "pending"}, {"status": "rejected"}, {"public_display": False}):
            make_endorsement(campaign=campaign, **values)
        make_endorsement(campaign=campaign).delete()
        make_endorsement()

        assert names(api.get(URL, {"campaign": "clean-water"})) == ["yes"]

    @pytest.mark.parametrize("hide", ["deactivate", "delete"])
    def test_campaign_finds_nobody_when_it_is_not_public(self, api: APIClient, hide: str) -> None:
        endorsement = make_endorsement(campaign=make_campaign(slug="secret"))
        if hide == "delete":
            endorsement.campaign.delete()
        else:
            endorsement.campaign.active = False
            endorsement.campaign.save()

        assert names(api.get(URL, {"campaign": "secret"})) == []

    def test_fields_choose_the_properties(self, api: APIClient) -> None:
        make_stakeholder(name="Ann")

        feature = api.get(URL, {"fields": "state,name"}).json()["features"][0]

        assert feature["properties"] == {"name": "Ann", "state": "MD"}
        assert feature["geometry"] is not None


class TestBBox:
    def test_includes_its_edges_and_nothing_outside(self, api: APIClient) -> None:
        make_stakeholder(name="inside", location=at(-76.5, 38.5))
        make_stakeholder(name="corner", location=at(-77, 38))
        make_stakeholder(name="edge", location=at(-76, 38.5))
        make_stakeholder(name="outside", location=at(-75.9999999, 38.5))
        make_stakeholder(name="nowhere", location=None)

        found = names(api.get(URL, {"bbox": "-77,38,-76,39", "ordering": "name"}))

        assert found == ["corner", "edge", "inside"]

    def test_may_be_a_single_place(self, api: APIClient) -> None:
        make_stakeholder(name="there", location=at(-77, 38))
        make_stakeholder(name="north of it", location=at(-77, 38.1))

        assert names(api.get(URL, {"bbox": "-77,38,-77,38"})) == ["there"]

    def test_may_be_a_line(self, api: APIClient) -> None:
        make_stakeholder(name="on it", location=at(-77, 38.5))
        make_stakeholder(name="beside it", location=at(-77.1, 38.5))

        assert names(api.get(URL, {"bbox": "-77,38,-77,39"})) == ["on it"]

    def test_crosses_the_antimeridian_when_west_is_greater_than_east(self, api: APIClient) -> None:
        for longitude in (170, 179.9, 180, -180, -179.9, -170, 0, -169):
            make_stakeholder(name=str(longitude), location=at(longitude, 52))

        found = names(api.get(URL, {"bbox": "170,50,-170,60"}))

        assert set(found) == {"170", "179.9", "180", "-180", "-179.9", "-170"}

    def test_is_planar_however_wide(self, api: APIClient) -> None:
        # The great circle between the northern corners bulges far north of 50 degrees, and
        # the one between the southern corners leaves this place south of the box.
        make_stakeholder(name="south", location=at(-95, 24.5))
        make_stakeholder(name="too far north", location=at(-95, 50.5))

        assert names(api.get(URL, {"bbox": "-125,24,-66,50"})) == ["south"]

    def test_of_the_world_has_everybody_who_has_a_location(self, api: APIClient) -> None:
        for place in ((-180, -90), (180, 90), (0, 0), (-76, 38)):
            make_stakeholder(location=at(*place))
        make_stakeholder(location=None)

        assert len(names(api.get(URL, {"bbox": "-180,-90,180,90"}))) == 4


class TestNear:
    def test_finds_the_nearest_first_with_their_distance(self, api: APIClient) -> None:
        make_stakeholder(name="Baltimore", location=at(-76.6122, 39.2904))
        make_stakeholder(name="Annapolis", location=ANNAPOLIS)
        make_stakeholder(name="Norfolk", location=at(-76.2859, 36.8508))
        make_stakeholder(name="nowhere", location=None)

        response = api.get(URL, {"near": "-76.49,38.97", "radius": "30mi"})

        assert names(response) == ["Annapolis", "Baltimore"]
        here, there = (f["properties"]["distance_m"] for f in response.json()["features"])
        assert here == 0
        # Vincenty's formula on the WGS 84 spheroid.
        assert there == pytest.approx(37_106.4, abs=0.1)

    @pytest.mark.parametrize(("radius", "found"), [("37106m", 0), ("37.107km", 1), ("23.1mi", 1)])
    def test_understands_metres_kilometres_and_miles(
        self, api: APIClient, radius: str, found: int
    ) -> None:
        make_stakeholder(location=at(-76.6122, 39.2904))

        response = api.get(URL, {"near": "-76.49,38.97", "radius": radius})

        assert len(names(response)) == found

    def test_reaches_fifty_miles_when_not_told(self, api: APIClient) -> None:
        make_stakeholder(name="49 miles north", location=at(-76.49, 38.97 + 49 / 69))
        make_stakeholder(name="51 miles north", location=at(-76.49, 38.97 + 51 / 69))

        assert names(api.get(URL, {"near": "-76.49,38.97"})) == ["49 miles north"]

    def test_crosses_the_antimeridian(self, api: APIClient) -> None:
        make_stakeholder(name="across", location=at(-179.99, 0))

        response = api.get(URL, {"near": "179.99,0", "radius": "3km"})

        assert response.json()["features"][0]["properties"]["distance_m"] == pytest.approx(
            2226.4, abs=0.1
        )

    def test_keeps_the_distance_in_another_order(self, api: APIClient) -> None:
        make_stakeholder(name="B", location=ANNAPOLIS)
        make_stakeholder(name="A", location=at(-76.5, 38.97))

        response = api.get(URL, {"near": "-76.49,38.97", "ordering": "name"})

        assert names(response) == ["A", "B"]
        assert response.json()["features"][1]["properties"]["distance_m"] == 0

    @pytest.mark.parametrize(
        ("ordering", "expected"), [("name", "ABCDE"), ("-name", "EDCBA"), ("-created_at", "ABCDE")]
    )
    def test_pages_in_another_order_through_all_within_the_radius(
        self, api: APIClient, ordering: str, expected: str
    ) -> None:
        for distance, name in enumerate("EDCBA"):  # the nearest is the last by name
            make_stakeholder(name=name, location=at(-76.49 + distance / 100, 38.97))

        found, url = "", f"{URL}?near=-76.49,38.97&ordering={ordering}&limit=2"
        while url:
            response = api.get(url)
            found += "".join(names(response))
            links = {each["rel"]: each["href"] for each in response.json()["links"]}
            url = links.get("next", "")

        assert found == expected


class TestSearch:
    URL = f"{URL}/search"
    SQUARE = {
        "type": "Polygon",
        "coordinates": [[[-77, 38], [-76, 38], [-76, 39], [-77, 39], [-77, 38]]],
    }

    def test_finds_who_is_inside_or_on_the_edge_of_an_area(self, api: APIClient) -> None:
        make_stakeholder(name="inside", location=at(-76.5, 38.5))
        make_stakeholder(name="on the edge", location=at(-76.5, 38))
        make_stakeholder(name="outside", location=at(-76.5, 37.9999))
        make_stakeholder(name="nowhere", location=None)

        response = api.post(self.URL, {"within": self.SQUARE, "ordering": "name"}, format="json")

        assert names(response) == ["inside", "on the edge"]
        assert response["Content-Type"] == "application/geo+json"

    def test_leaves_out_who_is_in_a_hole(self, api: APIClient) -> None:
        hole = [[-76.6, 38.4], [-76.4, 38.4], [-76.4, 38.6], [-76.6, 38.6], [-76.6, 38.4]]
        ring = {"type": "Polygon", "coordinates": [*self.SQUARE["coordinates"], hole]}
        make_stakeholder(name="in the hole", location=at(-76.5, 38.5))
        make_stakeholder(name="around it", location=at(-76.8, 38.5))

        assert names(api.post(self.URL, {"within": ring}, format="json")) == ["around it"]

    def test_takes_several_areas(self, api: APIClient) -> None:
        east = [[[-75, 38], [-74, 38], [-74, 39], [-75, 39], [-75, 38]]]
        areas = {"type": "MultiPolygon", "coordinates": [self.SQUARE["coordinates"], east]}
        make_stakeholder(name="west", location=at(-76.5, 38.5))
        make_stakeholder(name="between", location=at(-75.5, 38.5))
        make_stakeholder(name="east", location=at(-74.5, 38.5))

        found = names(api.post(self.URL, {"within": areas, "ordering": "name"}, format="json"))

        assert found == ["east", "west"]

    def test_takes_every_filter_of_the_list_as_json(self, api: APIClient) -> None:
        campaign = make_endorsement(
            stakeholder=make_stakeholder(
                name="Ann's Farm", type="farmer", state="VA", county="Essex", location=ANNAPOLIS
            )
        ).campaign
        make_stakeholder()

        response = api.post(
            self.URL,
            {
                "type": ["farmer", "waterman"],
                "state": ["VA", "MD"],
                "county": "Essex",
                "campaign": campaign.slug,
                "search": "farm",
                "bbox": [-77, 38, -76, 39],
                "near": [-76.5, 38.97],
                "radius": "5mi",
                "ordering": "-name",
                "fields": ["name"],
                "limit": 10,
                "within": self.SQUARE,
            },
            format="json",
        )

        assert names(response) == ["Ann's Farm"]
        assert set(response.json()["features"][0]["properties"]) == {"name", "distance_m"}

    def test_finds_everybody_when_asked_nothing(self, api: APIClient) -> None:
        make_stakeholder(name="Ann")

        assert names(api.post(self.URL, {}, format="json")) == ["Ann"]

    def test_pages_with_the_body_of_its_links(self, api: APIClient) -> None:
        for name in "abc":
            make_stakeholder(name=name)
        body = {"ordering": "name", "limit": 2}
        first = api.post(self.URL, body, format="json").json()
        following = first["links"][1]

        second = api.post(following["href"], body | following["body"], format="json")

        assert following["rel"] == "next"
        assert following["method"] == "POST"
        assert following["merge"] is True
        assert names(second) == ["c"]


class TestRetrieveStakeholder:
    def test_is_one_feature(self, api: APIClient) -> None:
        stakeholder = make_stakeholder(name="Ann")

        response = api.get(f"{URL}/{stakeholder.pk}")

        assert response["Content-Type"] == "application/geo+json"
        assert response.json()["id"] == stakeholder.pk
        assert response.json()["properties"]["name"] == "Ann"

    def test_is_not_found_unless_public_and_live(self, api: APIClient) -> None:
        hidden = make_stakeholder(is_public=False)
        deleted = make_stakeholder()
        deleted.delete()

        for key in (hidden.pk, deleted.pk, 0, 10**30, "٣", "%00", "abc"):
            response = api.get(f"{URL}/{key}")
            assert response.status_code == 404, key
            assert response["Content-Type"] == "application/problem+json"


@pytest.mark.django_db(transaction=True)
class TestWholeSet:
    URL = "/api/v1/stakeholders.geojson"

    def document(self, response: Any) -> dict[str, Any]:
        assert response.status_code == 200
        document: dict[str, Any] = response.json()
        return document

    def test_has_the_same_features_as_the_list(self, api: APIClient) -> None:
        for _ in range(3):
            make_stakeholder()
        make_stakeholder(is_public=False)

        response = api.get(self.URL)

        assert response["Content-Type"] == "application/geo+json"
        document = self.document(response)
        assert document["features"] == api.get(URL).json()["features"]
        assert set(document) == {"type", "name", "features"}

    def test_is_a_document_when_there_is_nobody(self, api: APIClient) -> None:
        assert self.document(api.get(self.URL)) == {
            "type": "FeatureCollection",
            "name": "stakeholders",
            "features": [],
        }

    def test_takes_the_filters_of_the_list(self, api: APIClient) -> None:
        make_stakeholder(name="A", location=ANNAPOLIS)
        make_stakeholder(name="B", location=at(-70, 40))

        near = self.document(api.get(self.URL, {"near": "-76.49,38.97"}))["features"]
        box = self.document(api.get(self.URL, {"bbox": "-71,39,-69,41"}))["features"]

        assert [feature["properties"]["name"] for feature in near] == ["A"]
        assert [feature["properties"]["name"] for feature in box] == ["B"]

    def test_refuses_paging(self, api: APIClient) -> None:
        for name in ("limit", "cursor"):
            response = api.get(self.URL, {name: "1"})
            assert response.status_code == 400
            assert response.json()["errors"][0]["parameter"] == name

    def test_ignores_the_accept_header_of_gdal(self, api: APIClient) -> None:
        response = api.get(self.URL, HTTP_ACCEPT="text/plain, application/json")

        assert response.status_code == 200
        assert response["Content-Type"] == "application/geo+json"

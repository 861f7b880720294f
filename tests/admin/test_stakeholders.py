import json
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.test import Client

from backend.models import Stakeholder
from tests.factories import make_stakeholder

pytestmark = pytest.mark.django_db

STAKEHOLDERS = "/admin/coalition/stakeholder/"


def stakeholder_form(**values: Any) -> dict[str, Any]:
    form = {"name": "Ann", "email": "ann@example.org", "type": "farmer", "state": "MD"}
    return form | {"location": ""} | values


def point(longitude: float, latitude: float) -> str:
    return json.dumps({"type": "Point", "coordinates": [longitude, latitude]})


class TestForm:
    def test_creates_a_stakeholder_where_the_marker_was_put(self, admin_client: Client) -> None:
        form = stakeholder_form(location=point(-76.5, 39))

        response = admin_client.post(f"{STAKEHOLDERS}add/", form)

        assert response.status_code == 302
        assert Stakeholder.objects.get().location.coords == (-76.5, 39)

    def test_creates_a_stakeholder_without_a_location(self, admin_client: Client) -> None:
        admin_client.post(f"{STAKEHOLDERS}add/", stakeholder_form())

        assert Stakeholder.objects.get().location is None

    def test_stores_the_email_in_lower_case(self, admin_client: Client) -> None:
        admin_client.post(f"{STAKEHOLDERS}add/", stakeholder_form(email="Ann@Example.org"))

        assert Stakeholder.objects.get().email == "ann@example.org"

    def test_says_so_when_the_email_is_taken(self, admin_client: Client) -> None:
        make_stakeholder(email="ann@example.org")

        response = admin_client.post(
            f"{STAKEHOLDERS}add/", stakeholder_form(email="Ann@example.org")
        )

        errors = response.context["adminform"].form.non_field_errors()
        assert errors == ["A stakeholder with this e-mail exists."]

    def test_takes_the_email_of_a_deleted_stakeholder(self, admin_client: Client) -> None:
        make_stakeholder(email="ann@example.org").delete()

        response = admin_client.post(f"{STAKEHOLDERS}add/", stakeholder_form())

        assert response.status_code == 302


class TestLocation:
    def test_keeps_every_digit_when_the_marker_is_not_touched(self, admin_client: Client) -> None:
        exactly = Point(-76.12345678901234, 38.98765432109876, srid=4326)
        stakeholder = make_stakeholder(location=exactly)
        # As the map writes it back.
        form = stakeholder_form(location=point(-76.123457, 38.987654))

        admin_client.post(f"{STAKEHOLDERS}{stakeholder.pk}/change/", form)

        stakeholder.refresh_from_db()
        assert stakeholder.name == "Ann"
        assert stakeholder.location.coords == exactly.coords

    def test_moves_with_the_marker(self, admin_client: Client) -> None:
        stakeholder = make_stakeholder()

        admin_client.post(
            f"{STAKEHOLDERS}{stakeholder.pk}/change/", stakeholder_form(location=point(-77, 39.5))
        )

        stakeholder.refresh_from_db()
        assert stakeholder.location.coords == (-77, 39.5)

    def test_goes_with_the_marker(self, admin_client: Client) -> None:
        stakeholder = make_stakeholder()

        admin_client.post(f"{STAKEHOLDERS}{stakeholder.pk}/change/", stakeholder_form())

        stakeholder.refresh_from_db()
        assert stakeholder.location is None

    @pytest.mark.parametrize(
        "location",
        [
            point(-276.5, 39),
            point(-76.5, 138.9),
            '{"type": "Point", "coordinates": [1, 2, 3]}',
            '{"type": "Point", "coordinates": []}',
            '{"type": "LineString", "coordinates": [[0, 0], [1, 1]]}',
            "POINT (nan 39)",
            "POINT EMPTY",
            "somewhere",
            "[" * 1000,
        ],
    )
    def test_names_a_position_that_is_none_on_earth(
        self, admin_client: Client, location: str
    ) -> None:
        stakeholder = make_stakeholder()

        response = admin_client.post(
            f"{STAKEHOLDERS}{stakeholder.pk}/change/", stakeholder_form(location=location)
        )

        assert response.status_code == 200
        assert list(response.context["adminform"].form.errors) == ["location"]

    def test_is_drawn_by_scripts_served_from_here(self, admin_client: Client) -> None:
        stakeholder = make_stakeholder()

        page = admin_client.get(f"{STAKEHOLDERS}{stakeholder.pk}/change/")
        script = admin_client.get("/static/leaflet/leaflet.js")

        html = page.content.decode()
        assert 'src="/static/leaflet/leaflet.js"' in html
        assert 'src="http' not in html
        assert b"Leaflet" in script.getvalue()


class TestPublicLocation:
    def test_of_an_individual_is_the_centre_of_the_grid_cell(self, admin_client: Client) -> None:
        ann = make_stakeholder(type="individual", location=Point(-76.4951, 38.9712, srid=4326))

        html = admin_client.get(f"{STAKEHOLDERS}{ann.pk}/change/").content.decode()

        assert "longitude -76.490000, latitude 38.970000" in html

    def test_of_nobody_is_none(self, admin_client: Client) -> None:
        ann = make_stakeholder(location=None)

        html = admin_client.get(f"{STAKEHOLDERS}{ann.pk}/change/").content.decode()

        assert '<div class="readonly">None</div>' in html

from collections.abc import Callable
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
    return form | values


def point(longitude: Any, latitude: Any) -> dict[str, Any]:
    return {"location_latitude": latitude, "location_longitude": longitude}


class TestForm:
    def test_creates_a_stakeholder_where_the_marker_was_put(self, admin_client: Client) -> None:
        form = stakeholder_form(**point(-76.5, 39))

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
        # As the fields show it.
        form = stakeholder_form(**point(-76.123457, 38.987654))

        admin_client.post(f"{STAKEHOLDERS}{stakeholder.pk}/change/", form)

        stakeholder.refresh_from_db()
        assert stakeholder.name == "Ann"
        assert stakeholder.location.coords == exactly.coords

    def test_moves_with_the_marker(self, admin_client: Client) -> None:
        stakeholder = make_stakeholder()

        admin_client.post(
            f"{STAKEHOLDERS}{stakeholder.pk}/change/", stakeholder_form(**point(-77, 39.5))
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
        [point(-276.5, 39), point(-76.5, 138.9), point("nan", 39), point("", 39), point(-76, "")],
    )
    def test_names_a_position_that_is_none_on_earth(
        self, admin_client: Client, location: dict[str, Any]
    ) -> None:
        stakeholder = make_stakeholder()

        response = admin_client.post(
            f"{STAKEHOLDERS}{stakeholder.pk}/change/", stakeholder_form(**location)
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


class TestListing:
    def test_asks_first_how_many_the_public_sees_then(self, admin_client: Client) -> None:
        shown = make_stakeholder()
        person = make_stakeholder(is_public=False, type="individual", location=None)
        refusing = make_stakeholder(
            is_public=False, consents={"is_public": {"given": False, "at": "2026-11-01"}}
        )
        form = {"action": "show", "_selected_action": [shown.pk, person.pk, refusing.pk]}

        response = admin_client.post(STAKEHOLDERS, form)

        html = " ".join(response.content.decode().split())
        assert response.context["title"] == "Show 1 stakeholder?"
        assert "<strong>1</strong> stakeholder now, and <strong>2</strong> then" in html
        assert "1 of those you selected are shown already" in html
        assert "1 said themselves that they are not to be listed" in html
        assert "1 is an individual, shown to within two kilometres" in html
        assert "1 has no location" in html
        assert Stakeholder.objects.listed().count() == 1

    def test_tells_first_how_many_are_left(self, admin_client: Client) -> None:
        shown, _ = make_stakeholder(), make_stakeholder()
        unlisted = make_stakeholder(is_public=False)
        form = {"action": "stop_showing", "_selected_action": [shown.pk, unlisted.pk]}

        html = " ".join(admin_client.post(STAKEHOLDERS, form).content.decode().split())

        assert "<strong>2</strong> stakeholders now, and <strong>1</strong> then" in html
        assert "1 of those you selected are not shown" in html

    @pytest.mark.parametrize(("action", "is_public"), [("show", True), ("stop_showing", False)])
    def test_changes_those_that_were_confirmed(
        self, act: Callable[..., str], action: str, is_public: bool
    ) -> None:
        chosen = [make_stakeholder(is_public=not is_public) for _ in range(2)]
        other = make_stakeholder(is_public=not is_public)

        message = act(action, *chosen, confirmed="yes")

        assert message.endswith(": 2 stakeholders.")
        assert set(Stakeholder.objects.filter(is_public=is_public)) == set(chosen)
        assert Stakeholder.objects.get(pk=other.pk).is_public is not is_public

    def test_goes_beyond_the_page_for_all_that_a_filter_finds(self, admin_client: Client) -> None:
        first, *_ = [make_stakeholder(is_public=False) for _ in range(120)]
        form = {"action": "show", "_selected_action": first.pk, "select_across": "1"}

        admin_client.post(f"{STAKEHOLDERS}?show=unlisted", form | {"confirmed": "yes"})

        assert Stakeholder.objects.listed().count() == 120

    def test_is_not_on_offer_without_the_permission_to_change(
        self, act: Callable[..., str], staff_client: Callable[..., Client]
    ) -> None:
        stakeholder = make_stakeholder(is_public=False)

        act("show", stakeholder, client=staff_client("view_stakeholder"), confirmed="yes")

        assert not Stakeholder.objects.listed().exists()


class TestPrivacy:
    @pytest.mark.parametrize("path", ["", "?q=canary", "{pk}/change/"])
    def test_hides_addresses_and_places_from_those_who_may_not_see_them(
        self, staff_client: Callable[..., Client], path: str
    ) -> None:
        place = Point(-76.12345, 38.98765, srid=4326)
        ann = make_stakeholder(email="canary@example.org", type="individual", location=place)

        response = staff_client("view_stakeholder").get(STAKEHOLDERS + path.format(pk=ann.pk))

        html = response.content.decode()
        assert response.status_code == 200
        assert "canary@" not in html
        assert "76.1234" not in html

    def test_leads_to_what_the_public_gets(self, admin_client: Client) -> None:
        shown, hidden = make_stakeholder(), make_stakeholder(is_public=False)

        pages = [
            admin_client.get(f"{STAKEHOLDERS}{each.pk}/change/").content.decode()
            for each in (shown, hidden)
        ]

        assert f'href="/api/v1/stakeholders/{shown.pk}"' in pages[0]
        assert "/api/v1/stakeholders/" not in pages[1]
        assert "<li>nobody chose to list it</li>" in pages[1]

"""Nobody's home can be found by asking, and nothing that is private is ever answered."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.urls import URLPattern
from rest_framework.test import APIClient

from backend import urls
from backend.actions.confirmation import confirm, decline
from backend.actions.personal_links import ask_for_link
from backend.models import (
    Endorsement,
    LegalDocument,
    OutgoingMail,
    PersonalLink,
    PolicyCampaign,
    Stakeholder,
    Transition,
)
from tests.factories import (
    make_block,
    make_campaign,
    make_endorsement,
    make_homepage,
    make_stakeholder,
    make_submission,
    publish_legal_texts,
)

# The whole set is streamed in a transaction of its own.
pytestmark = pytest.mark.django_db(transaction=True)

API = "/api/v1"
STAKEHOLDERS = f"{API}/stakeholders"
WHOLE_SET = f"{API}/stakeholders.geojson"

# The cell of the individual in these tests, and its centre.
WEST, SOUTH, EAST, NORTH = -76.50, 38.96, -76.48, 38.98
CENTRE = "-76.49,38.97"


def places_in_cell() -> list[Point]:
    """Its corners, the outer ones a tenth of a millimetre inside, and others."""
    generator = random.Random(7)
    almost_east, almost_north = EAST - 1e-9, NORTH - 1e-9
    corners = [(x, y) for x in (WEST, almost_east) for y in (SOUTH, almost_north)]
    others = [
        (generator.uniform(WEST, almost_east), generator.uniform(SOUTH, almost_north))
        for _ in range(4)
    ]
    return [Point(*place, srid=4326) for place in (*corners, *others)]


def area(*corners: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[*map(list, corners), list(corners[0])]]}


# What somebody might ask to find out where in their cell an individual lives.
FILTERS = {
    "everybody": "",
    "by name": "?ordering=name",
    "by name, last first, in pages": "?ordering=-name&limit=2",
    "individuals": "?type=individual&state=MD&county=Anne Arundel",
    "by text": "?search=ann",
    "by campaign": "?campaign=clean-water",
    "box around the cell": "?bbox=-76.51,38.95,-76.47,38.99",
    "box around the centre": "?bbox=-76.4901,38.9699,-76.4899,38.9701",
    "box of the centre alone": f"?bbox={CENTRE},{CENTRE}",
    "western half with the centre": "?bbox=-76.5,38.96,-76.489,38.98",
    "western half without it": "?bbox=-76.5,38.96,-76.491,38.98",
    "northern half without it": "?bbox=-76.5,38.971,-76.48,38.98",
    "south-west corner": "?bbox=-76.5,38.96,-76.4999,38.9601",
    "at the centre": f"?near={CENTRE}&radius=1m",
    "around the centre": f"?near={CENTRE}&radius=500m",
    "around a corner": "?near=-76.5,38.96&radius=500m",
    "around a corner, past the centre": "?near=-76.5,38.96&radius=1500m",
    "off the centre": "?near=-76.495,38.965&radius=300m",
    "circle from afar, to the centre": "?near=-76.49,38.87&radius=11.2km",
    "circle from afar, short of it": "?near=-76.49,38.87&radius=11km",
    "nearest first": "?near=-76.48,38.97&radius=10km",
    "nearest first, in pages": "?near=-76.5,38.97&radius=10km&limit=1",
}
AREAS = {
    "triangle with the centre": area((-76.5, 38.96), (-76.48, 38.96), (-76.48, 38.98)),
    "triangle without it": area((-76.5, 38.96), (-76.4801, 38.96), (-76.5, 38.9799)),
    "sliver beside it": area((-76.5, 38.96), (-76.4999, 38.96), (-76.4999, 38.98)),
    "small one around it": area((-76.491, 38.969), (-76.489, 38.969), (-76.49, 38.971)),
}


def body(response: Any) -> bytes:
    if response.streaming:
        return b"".join(response.streaming_content)
    content: bytes = response.content
    return content


def pages(api: APIClient, url: str) -> Iterator[bytes]:
    """Each page of a list of stakeholders, following its links, whose tokens are part of it."""
    while url:
        response = api.get(url)
        assert response.status_code == 200, response.content
        yield response.content
        url = next((each["href"] for each in response.json()["links"] if each["rel"] == "next"), "")


def answers(api: APIClient, individual: Stakeholder) -> dict[str, list[bytes]]:
    """The bytes of every answer in which an individual may have a part."""
    found = {}
    for name, question in FILTERS.items():
        found[name] = list(pages(api, STAKEHOLDERS + question))
        if "limit" not in question:
            found[f"{name}, whole set"] = [body(api.get(WHOLE_SET + question))]
    for name, polygon in AREAS.items():
        for more in ({}, {"near": [-76.5, 38.97], "limit": 1}):
            search = {"within": polygon, **more}
            response = api.post(f"{STAKEHOLDERS}/search", search, format="json")
            assert response.status_code == 200
            found[f"{name}, {', '.join(more)}"] = [response.content]
    for path in (
        f"stakeholders/{individual.pk}",
        "campaigns",
        "campaigns/clean-water/endorsements",
    ):
        found[path] = [body(api.get(f"{API}/{path}"))]
    return found


class TestMovingWithinTheCell:
    @pytest.fixture
    def individual(self) -> Stakeholder:
        individual = make_stakeholder(name="Ann", type="individual", location=places_in_cell()[0])
        make_endorsement(stakeholder=individual, campaign=make_campaign(slug="clean-water"))
        # Neighbours whose distances lie among those of the cell's places.
        for longitude in (-76.499, -76.495, -76.4895, -76.485, -76.481):
            make_stakeholder(location=Point(longitude, 38.9701, srid=4326))
        return individual

    def test_changes_no_byte_of_any_answer(self, api: APIClient, individual: Stakeholder) -> None:
        before = answers(api, individual)

        for place in places_in_cell()[1:]:
            individual.location = place
            individual.save()
            after = answers(api, individual)
            differing = [question for question in before if before[question] != after[question]]
            assert differing == [], place

    def test_is_told_apart_from_leaving_it(self, api: APIClient, individual: Stakeholder) -> None:
        # Otherwise the questions above might be such as nobody has a part in.
        before = answers(api, individual)

        individual.location = Point(EAST, NORTH, srid=4326)
        individual.save()

        after = answers(api, individual)
        same = {question for question in before if before[question] == after[question]}
        assert len(same) < len(before) / 2
        for question in (
            "everybody",
            "at the centre",
            "nearest first",
            "small one around it, near, limit",
        ):
            assert question not in same

    def test_is_found_by_its_centre_alone(self, api: APIClient, individual: Stakeholder) -> None:
        def is_found(question: str) -> bool:
            return b'"Ann"' in api.get(STAKEHOLDERS + FILTERS[question]).content

        individual.location = Point(WEST, SOUTH, srid=4326)
        individual.save()

        assert is_found("box of the centre alone")
        assert is_found("at the centre")
        assert is_found("western half with the centre")
        assert not is_found("western half without it")
        assert not is_found("south-west corner")
        assert not is_found("around a corner")


MARK = "xsecret"
# The first digits of a longitude and a latitude that nobody may see.
HOME = Point(-76.48765432, 38.96543219, srid=4326)
HIDDEN_PLACE = Point(-71.23456789, 42.34567891, srid=4326)
PRIVATE = [MARK, "76.4876", "38.9654", "71.23", "42.34"]


def hidden_stakeholder(number: int, **values: Any) -> Stakeholder:
    text = {name: f"{MARK}-{name}-{number}" for name in ("name", "organization", "role", "county")}
    email = f"{MARK}-{number}@example.org"
    return make_stakeholder(**text, email=email, location=HIDDEN_PLACE, **values)


def hide_campaigns() -> None:
    text = dict.fromkeys(("summary", "description", "endorsement_statement"), MARK)
    make_campaign(title=f"{MARK} 1", slug="inactive", active=False, **text)
    deleted = make_campaign(title=f"{MARK} 2", slug="deleted", **text)
    make_endorsement(campaign=deleted, stakeholder=make_stakeholder(), statement=MARK)
    deleted.delete()


def submit_secrets(campaign: PolicyCampaign) -> None:
    """What came in by the form, in every state, and a draft of a legal text."""
    publish_legal_texts()
    LegalDocument.objects.create(kind="terms", version=MARK, title=MARK, content=MARK)
    said: dict[str, Any] = {"name": MARK, "organization": MARK, "role": MARK, "county": MARK}
    for state in ("unconfirmed", "confirmed", "declined"):
        submission = make_submission(
            campaign=campaign,
            email=f"{MARK}-{state}@example.org",
            statement=MARK,
            flags=[{"flag": MARK, "reason": MARK}],
            language=MARK,
            location=HOME,
            **said,
        )
        OutgoingMail.objects.create(
            kind="confirmation", submission=submission, email=f"{MARK}@example.org", error=MARK
        )
        ask_for_link(email=submission.email)
        if state != "unconfirmed":
            {"confirmed": confirm, "declined": decline}[state](token=submission.token())
    Transition.objects.create(
        endorsement=Endorsement.objects.filter(status="pending")[0],
        from_status="pending",
        to_status="pending",
        reason=MARK,
    )


@pytest.fixture
def secrets() -> dict[str, int]:
    """Rows with a mark in every field that is private; the keys of stakeholders."""
    individual = make_stakeholder(
        name="Ann", type="individual", email=f"{MARK}-ann@example.org", location=HOME
    )
    business = make_stakeholder(name="Shop", email=f"{MARK}-shop@example.org")
    hidden, deleted = hidden_stakeholder(1, is_public=False), hidden_stakeholder(2)
    campaign = make_campaign(slug="clean-water")
    make_endorsement(stakeholder=individual, campaign=campaign)
    make_endorsement(stakeholder=business, campaign=campaign, statement=MARK).delete()
    make_endorsement(stakeholder=deleted, campaign=campaign, statement=MARK)
    deleted.delete()
    make_endorsement(stakeholder=hidden, campaign=campaign, status="pending", statement=MARK)
    for values in ({"status": "pending"}, {"status": "rejected"}, {"public_display": False}):
        make_endorsement(campaign=campaign, statement=MARK, **values)
    submit_secrets(campaign)
    hide_campaigns()
    make_homepage(tagline=MARK, contact_email=f"{MARK}@example.org")
    page = make_homepage(is_active=True)
    make_block(homepage=page, content=MARK, is_visible=False)
    return {"individual": individual.pk, "hidden": hidden.pk, "deleted": deleted.pk}


# The ways to ask, by the name of the route; each is also asked for with an unknown parameter.
PATHS = {
    "root": [""],
    "homepage": ["/homepage"],
    "campaigns": ["/campaigns", "/campaigns?search=xsecre", "/campaigns?ordering=-title"],
    "campaign": ["/campaigns/clean-water", "/campaigns/inactive", "/campaigns/deleted"],
    "campaign-endorsements": [
        f"/campaigns/{slug}/endorsements" for slug in ("clean-water", "inactive", "deleted")
    ],
    "stakeholders": [
        *(f"/stakeholders{question}" for question in FILTERS.values()),
        "/stakeholders?search=xsecre",
        "/stakeholders?campaign=inactive",
        "/stakeholders?campaign=deleted",
        "/stakeholders?fields=email",
        "/stakeholders?fields=location",
        "/stakeholders?ordering=email",
        "/stakeholders?email=a",
        "/stakeholders?is_public=false",
        "/stakeholders?bbox=-180,-90,180,90",
        "/stakeholders?near=-71,42&radius=20000km&limit=1",
    ],
    "stakeholders-search": ["/stakeholders/search"],
    "stakeholder": [
        "/stakeholders/{individual}",
        "/stakeholders/{hidden}",
        "/stakeholders/{deleted}",
    ],
    "stakeholders-geojson": [
        "/stakeholders.geojson",
        "/stakeholders.geojson?near=-71,42&radius=20000km",
        "/stakeholders.geojson?search=xsecre",
    ],
    "endorsement-form": [
        f"/campaigns/{slug}/endorsement-form" for slug in ("clean-water", "inactive", "deleted")
    ],
    "confirm-endorsement": ["/endorsements/confirm"],
    "decline-endorsement": ["/endorsements/decline"],
    "resend-confirmation": ["/endorsements/resend"],
    # Without a token, or with one that is not theirs.
    "me": ["/me"],
    "personal-links": ["/me/links"],
    "personal-export": ["/me/export"],
    "own-endorsement": ["/me/endorsements/1", "/me/endorsements/2"],
    "legal-document": ["/legal/terms", "/legal/privacy", f"/legal/terms?version={MARK}"],
    "schema": ["/schema"],
    "docs": ["/docs"],
    "redoc": ["/redoc"],
}
BODIES: list[Any] = [
    {},
    {"search": "xsecre"},
    {"within": area((-180, -90), (180, -90), (180, 90), (-180, 90))},
    {"fields": ["email"]},
    {"is_public": False},
    [],
]


class TestEveryAnswer:
    def test_is_asked_for_below(self) -> None:
        routes = [each for each in (*urls.api, *urls.urlpatterns) if isinstance(each, URLPattern)]

        assert {route.name for route in routes} - {
            "live",
            "ready",
            "problems",
            "confirm-page",
            "mail-feedback",
            "decline-page",
            "me-page",
            # Pictures, not answers about rows.
            "image-form",
            "image",
        } == set(PATHS)

    def test_has_nothing_private(self, secrets: dict[str, int]) -> None:
        api = APIClient(raise_request_exception=False)  # the answer to a crash counts too
        for path in (path for paths in PATHS.values() for path in paths):
            url = API + path.format(**secrets)
            unknown = f"{url}{'&' if '?' in url else '?'}unknown=1"
            for method in (api.get, api.options, api.post, api.put, api.patch, api.delete):
                for asked in (url, unknown):
                    self.assert_nothing_private(method(asked))

    @pytest.mark.usefixtures("secrets")
    def test_to_a_supporter_has_nothing_of_others(self, api: APIClient) -> None:
        link = PersonalLink.objects.create(email=make_stakeholder().email)
        headers = {"Authorization": f"Bearer {link.token()}"}
        keys = Endorsement.all_objects.values_list("pk", flat=True)

        for path in ("/me", "/me/export", *(f"/me/endorsements/{key}" for key in keys)):
            for method in (api.get, api.patch):
                response = method(f"{API}{path}", headers=headers)
                self.assert_nothing_private(response)

        assert api.get(f"{API}/me/export", headers=headers).json()["endorsements"] == []

    @pytest.mark.usefixtures("secrets")
    def test_to_a_search_has_nothing_private(self, api: APIClient) -> None:
        for question in BODIES:
            response = api.post(f"{STAKEHOLDERS}/search", question, format="json")
            self.assert_nothing_private(response)

    @pytest.mark.usefixtures("secrets")
    def test_has_what_is_public(self, api: APIClient) -> None:
        # Otherwise the absence of the rest would mean nothing.
        everybody = json.loads(body(api.get(WHOLE_SET)))["features"]
        endorsements = api.get(f"{API}/campaigns/clean-water/endorsements").json()

        names = {feature["properties"]["name"] for feature in everybody}
        assert {"Ann", "Shop"} <= names
        assert [each["stakeholder"]["name"] for each in endorsements["results"]] == ["Ann"]
        assert endorsements["count"] == 1

    def assert_nothing_private(self, response: Any) -> None:
        sent = body(response) + repr(response.headers).encode()
        for private in PRIVATE:
            assert private.encode() not in sent, (response.request["PATH_INFO"], private)

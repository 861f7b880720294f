from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.db.models import Prefetch
from rest_framework.test import APIClient

from backend.api.campaigns import CampaignSerializer
from backend.api.endorsements import EndorsementSerializer
from backend.api.features import PROPERTIES, StakeholderSerializer
from backend.api.homepage import HomePageSerializer
from backend.public import (
    PublicCampaign,
    PublicContentBlock,
    PublicEndorsement,
    PublicHomePage,
    PublicStakeholder,
    PublicTotals,
)
from tests.factories import (
    make_block,
    make_campaign,
    make_endorsement,
    make_homepage,
    make_stakeholder,
)

pytestmark = pytest.mark.django_db

AWKWARD_TEXTS = [
    'say "hello"',
    "back\\slash",
    "tab\tline\nreturn\r",
    "control \x01\x1f\x7f",
    "Émile Ø 漢字 🦀",
    "</script><b>",
    "line\u2028separator",
    "'; DROP TABLE",
    "{}[],:%s%%",
]


def reference(stakeholder: PublicStakeholder, **context: Any) -> Any:
    return StakeholderSerializer(stakeholder, context=context).data


def comparable(value: Any) -> Any:
    """Both write times by RFC 3339, one with fewer zeros at the end than the other."""
    if isinstance(value, Mapping):
        return {
            name: datetime.fromisoformat(each) if name.endswith("_at") else comparable(each)
            for name, each in value.items()
        }
    return [comparable(each) for each in value] if isinstance(value, list | tuple) else value


class TestFeature:
    @pytest.mark.parametrize("text", AWKWARD_TEXTS)
    def test_is_what_the_serializer_would_write(self, api: APIClient, text: str) -> None:
        stakeholder = make_stakeholder(name=text, organization=text, role=text, county=text)

        (feature,) = api.get("/api/v1/stakeholders").json()["features"]
        single = api.get(f"/api/v1/stakeholders/{stakeholder.pk}").json()

        stored = PublicStakeholder.objects.get()
        assert comparable(feature) == comparable(reference(stored))
        assert comparable(single) == comparable(feature)

    @pytest.mark.parametrize(
        "position",
        [
            (-76.1234567, 38.7654321),
            (0, 0),
            (-0.0000001, 0.0000004),
            (180, -90),
            (1e-7, 12.3),
            (100, 10),
            None,
        ],
    )
    @pytest.mark.parametrize("kind", ["business", "individual"])
    def test_has_the_same_six_decimals(
        self, api: APIClient, position: tuple[float, float] | None, kind: str
    ) -> None:
        location = position and Point(*position, srid=4326)
        make_stakeholder(location=location, type=kind)

        (feature,) = api.get("/api/v1/stakeholders").json()["features"]

        stored = PublicStakeholder.objects.get()
        assert comparable(feature) == comparable(reference(stored))

    def test_has_the_distance_and_the_chosen_properties(self, api: APIClient) -> None:
        make_stakeholder()
        centre = Point(-76.5, 39, srid=4326)

        (feature,) = api.get(
            "/api/v1/stakeholders", {"near": "-76.5,39", "fields": "created_at,name"}
        ).json()["features"]

        stored = PublicStakeholder.objects.with_distance(centre).get()
        properties = ("name", "created_at", "distance_m")
        assert comparable(feature) == comparable(reference(stored, properties=properties))
        assert set(feature["properties"]) < {*PROPERTIES, "distance_m"}


@pytest.mark.parametrize("text", AWKWARD_TEXTS)
class TestObject:
    """What is no feature is what its serializer would write, too."""

    def test_campaign(self, api: APIClient, text: str) -> None:
        campaign = make_campaign(title=text, summary=text, description=text)
        make_endorsement(campaign=campaign)

        (listed,) = api.get("/api/v1/campaigns").json()["results"]
        single = api.get(f"/api/v1/campaigns/{campaign.slug}").json()

        stored = PublicCampaign.objects.get()
        assert comparable(listed) == comparable(CampaignSerializer(stored).data)
        assert single == listed
        assert list(single) == CampaignSerializer.Meta.fields

    def test_endorsement(self, api: APIClient, text: str) -> None:
        stakeholder = make_stakeholder(name=text, organization=text, role=text, county=text)
        endorsement = make_endorsement(stakeholder=stakeholder, statement=text)

        url = f"/api/v1/campaigns/{endorsement.campaign.slug}/endorsements"
        (listed,) = api.get(url).json()["results"]

        stored = PublicEndorsement.objects.get()
        assert comparable(listed) == comparable(EndorsementSerializer(stored).data)

    def test_homepage(self, api: APIClient, text: str) -> None:
        urls = {text: "https://example.org/?a=1&b='"}
        homepage = make_homepage(
            is_active=True, organization_name=text, tagline=text, social_media_urls=urls
        )
        for order in (2, 1):
            make_block(homepage=homepage, title=text, order=order)

        document = api.get("/api/v1/homepage").json()

        blocks = Prefetch("content_blocks", queryset=PublicContentBlock.objects.in_page_order())
        stored = PublicHomePage.objects.prefetch_related(blocks).get()
        stored.totals = PublicTotals.objects.get()  # type: ignore[attr-defined]  # of another view
        assert comparable(document) == comparable(HomePageSerializer(stored).data)
        assert list(document) == HomePageSerializer.Meta.fields

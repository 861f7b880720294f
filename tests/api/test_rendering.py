from datetime import datetime
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from rest_framework.test import APIClient

from backend.api.features import PROPERTIES, StakeholderSerializer
from backend.models import Stakeholder
from tests.factories import make_stakeholder

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


def reference(stakeholder: Stakeholder, **context: Any) -> Any:
    return StakeholderSerializer(stakeholder, context=context).data


def comparable(feature: dict[str, Any]) -> dict[str, Any]:
    """Both write times by RFC 3339, one with fewer zeros at the end than the other."""
    properties = dict(feature["properties"])
    properties["created_at"] = datetime.fromisoformat(properties["created_at"])
    geometry = feature["geometry"] and {**feature["geometry"]}
    if geometry:
        geometry["coordinates"] = list(geometry["coordinates"])
    return {**feature, "properties": properties, "geometry": geometry}


class TestFeature:
    @pytest.mark.parametrize("text", AWKWARD_TEXTS)
    def test_is_what_the_serializer_would_write(self, api: APIClient, text: str) -> None:
        stakeholder = make_stakeholder(name=text, organization=text, role=text, county=text)

        (feature,) = api.get("/api/v1/stakeholders").json()["features"]
        single = api.get(f"/api/v1/stakeholders/{stakeholder.pk}").json()

        stored = Stakeholder.objects.public().get()
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

        stored = Stakeholder.objects.public().get()
        assert comparable(feature) == comparable(reference(stored))

    def test_has_the_distance_and_the_chosen_properties(self, api: APIClient) -> None:
        make_stakeholder()
        centre = Point(-76.5, 39, srid=4326)

        (feature,) = api.get(
            "/api/v1/stakeholders", {"near": "-76.5,39", "fields": "created_at,name"}
        ).json()["features"]

        stored = Stakeholder.objects.public().with_distance(centre).get()
        properties = ("name", "created_at", "distance_m")
        assert comparable(feature) == comparable(reference(stored, properties=properties))
        assert set(feature["properties"]) < {*PROPERTIES, "distance_m"}

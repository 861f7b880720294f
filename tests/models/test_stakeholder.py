import pytest
from django.contrib.gis.geos import Point

from backend.models import Stakeholder
from tests.factories import make_stakeholder

pytestmark = pytest.mark.django_db


class TestNear:
    """By where they are, which the coalition's own people may know, not by where they are shown."""

    HERE = Point(-76.49, 38.97, srid=4326)

    @pytest.mark.parametrize(
        ("location", "is_near"),
        [
            (Point(-76.49, 38.97, srid=4326), True),
            # A degree of latitude is some 69 miles.
            (Point(-76.49, 39.69, srid=4326), True),
            (Point(-76.49, 39.70, srid=4326), False),
            (None, False),
        ],
    )
    def test_is_within_so_many_miles(self, location: Point | None, is_near: bool) -> None:
        make_stakeholder(location=location, is_public=False)

        assert Stakeholder.objects.near(self.HERE, miles=50).exists() is is_near

    def test_measures_from_the_exact_home_of_an_individual(self) -> None:
        home = Point(-76.4811, 38.9611, srid=4326)
        make_stakeholder(location=home, type="individual")

        assert Stakeholder.objects.near(home, miles=0.01).exists()

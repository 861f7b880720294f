import math

import pytest
from django.contrib.gis.geos import Point, Polygon
from django.core.exceptions import ValidationError
from django.db import transaction

from backend.models import HomePage, Stakeholder
from tests.factories import (
    ANNAPOLIS,
    make_block,
    make_stakeholder,
)

pytestmark = pytest.mark.django_db


class TestLowercaseEmail:
    def test_is_stored_in_lower_case_whichever_way_it_is_written(self) -> None:
        made = make_stakeholder(email="Ann@Example.ORG")
        assert made.email == "ann@example.org"

        made.email = "ANN@example.org"
        made.save()
        assert made.email == "ann@example.org"

        Stakeholder.objects.update(email="Ann@EXAMPLE.org")
        made.refresh_from_db()
        assert made.email == "ann@example.org"

        made.email = "BOB@EXAMPLE.ORG"
        Stakeholder.objects.bulk_update([made], ["email"])
        made.refresh_from_db()
        assert made.email == "bob@example.org"

    def test_is_stored_in_lower_case_by_bulk_create(self) -> None:
        Stakeholder.objects.bulk_create(
            [Stakeholder(name="Ann", email="Ann@Example.ORG", state="MD", type="farmer")]
        )

        assert Stakeholder.objects.values_list("email", flat=True).get() == "ann@example.org"

    def test_is_found_whatever_the_case(self) -> None:
        ann = make_stakeholder(email="ann@example.org")

        assert Stakeholder.objects.get(email="ANN@example.ORG") == ann
        assert Stakeholder.objects.get(email__in=["ANN@EXAMPLE.ORG"]) == ann
        assert not Stakeholder.objects.exclude(email="ANN@example.ORG").exists()

    def test_is_lower_for_postgresql_too_in_any_script(self) -> None:
        make_stakeholder(email="ÀΣİẞ@example.org")

        assert Stakeholder.objects.get().email == "ÀΣİẞ@example.org".lower()


class TestHttpsURL:
    @pytest.mark.parametrize(
        "url",
        ["http://example.org/a.png", "ftp://example.org", "//example.org", "javascript:alert(1)"],
    )
    def test_refuses_any_other_scheme(self, url: str) -> None:
        block = make_block(image_url=url, video_url=url)

        with pytest.raises(ValidationError) as refused:
            block.full_clean()

        assert set(refused.value.message_dict) == {"image_url", "video_url"}

    def test_takes_https(self) -> None:
        make_block(image_url="https://example.org/a.png").full_clean()

    def test_in_a_form_adds_the_scheme_that_was_left_out(self) -> None:
        form_field = HomePage._meta.get_field("cta_button_url").formfield()

        assert form_field is not None
        assert form_field.clean("example.org") == "https://example.org"


NOT_POSITIONS = {
    "longitude": Point(180.1, 0, srid=4326),
    "latitude": Point(0, -90.1, srid=4326),
    "folded": Point(-276.5, 138.9, srid=4326),
    "nan": Point(math.nan, 1, srid=4326),
    "infinite": Point(1, math.inf, srid=4326),
    "empty": Point(srid=4326),
    "height": Point(1, 2, 3, srid=4326),
    "web mercator": Point(1, 2, srid=3857),
}


@pytest.mark.parametrize("position", NOT_POSITIONS.values(), ids=NOT_POSITIONS)
class TestNoPosition:
    def test_is_refused_by_save(self, position: Point) -> None:
        stakeholder = make_stakeholder()
        stakeholder.location = position

        with pytest.raises(ValidationError), transaction.atomic():
            stakeholder.save()

        assert Stakeholder.objects.get().location == ANNAPOLIS

    def test_is_refused_by_bulk_create(self, position: Point) -> None:
        with pytest.raises(ValidationError):
            Stakeholder.objects.bulk_create([Stakeholder(location=position)])

    def test_is_refused_by_bulk_update(self, position: Point) -> None:
        stakeholder = make_stakeholder()
        stakeholder.location = position

        with pytest.raises(ValidationError):
            Stakeholder.objects.bulk_update([stakeholder], ["location"])

    def test_is_refused_by_update(self, position: Point) -> None:
        make_stakeholder()

        with pytest.raises(ValidationError):
            Stakeholder.objects.update(location=position)

    def test_is_refused_by_forms(self, position: Point) -> None:
        stakeholder = make_stakeholder()
        stakeholder.location = position

        with pytest.raises(ValidationError) as refused:
            stakeholder.full_clean()

        assert "location" in refused.value.message_dict


class TestPosition:
    @pytest.mark.parametrize("text", ["POINT(-276.5 138.9)", "SRID=4326;POINT(0 91)"])
    def test_out_of_range_is_refused_as_text_too(self, text: str) -> None:
        make_stakeholder()

        with pytest.raises(ValidationError):
            Stakeholder.objects.update(location=text)

    def test_is_a_point(self) -> None:
        make_stakeholder()

        with pytest.raises(ValidationError):
            Stakeholder.objects.update(location=Polygon.from_bbox((0, 0, 1, 1)))

    def test_is_kept_to_the_last_bit(self) -> None:
        exact = Point(-76.123456789012345, 38.987654321098765, srid=4326)

        make_stakeholder(location=exact)

        assert Stakeholder.objects.get().location.coords == exact.coords

    def test_without_a_reference_system_is_in_wgs_84(self) -> None:
        make_stakeholder(location=Point(-76, 38))

        assert Stakeholder.objects.get().location.srid == 4326

    def test_may_be_absent(self) -> None:
        Stakeholder.objects.update(location=None)

        assert make_stakeholder(location=None).public_location is None

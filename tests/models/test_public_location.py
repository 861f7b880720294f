import math
import random

import pytest
from django.contrib.gis.geos import Point
from django.db import connection

from backend.models import Stakeholder
from backend.models.geography import GRID_CELLS_PER_DEGREE
from tests.factories import make_stakeholder

pytestmark = pytest.mark.django_db

CELL = 1 / GRID_CELLS_PER_DEGREE

Position = tuple[float, float]


def insert(positions: list[Position], type_: str = "individual") -> None:
    """One row per position, in one statement that passes none of Django's fields."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO stakeholders_stakeholder (name, email, state, type, location)
            SELECT 'Ann', number || '@example.org', 'MD', %s,
                ST_SetSRID(ST_MakePoint(longitude, latitude), 4326)::geography
            FROM unnest(%s::float8[], %s::float8[])
                WITH ORDINALITY AS positions(longitude, latitude, number)
            """,
            [type_, [x for x, _ in positions], [y for _, y in positions]],
        )


def shown_at(positions: list[Position], type_: str = "individual") -> list[Position]:
    """Where the public sees individuals at these positions."""
    insert(positions, type_)
    points = Stakeholder.objects.order_by("pk").values_list("public_location", flat=True)
    return [point.coords for point in points]


def centre_of(column: int, row: int) -> Position:
    return ((column + 0.5) / GRID_CELLS_PER_DEGREE, (row + 0.5) / GRID_CELLS_PER_DEGREE)


def random_positions(count: int) -> list[Position]:
    generator = random.Random(20)
    return [(generator.uniform(-180, 180), generator.uniform(-90, 90)) for _ in range(count)]


class TestOfAnIndividual:
    def test_is_the_centre_of_the_cell_around_the_location(self) -> None:
        positions = random_positions(3000)

        shown = shown_at(positions)

        assert shown == [
            centre_of(math.floor(x * GRID_CELLS_PER_DEGREE), math.floor(y * GRID_CELLS_PER_DEGREE))
            for x, y in positions
        ]

    def test_is_in_range_and_less_than_half_a_cell_away(self) -> None:
        positions = random_positions(3000) + [
            (x, y) for x in (-180.0, 0.0, 180.0) for y in (-90.0, 0.0, 90.0)
        ]

        for (x, y), (shown_x, shown_y) in zip(positions, shown_at(positions), strict=True):
            assert abs(shown_x) < 180
            assert abs(shown_y) < 90
            assert max(abs(shown_x - x), abs(shown_y - y)) <= CELL / 2 + 1e-9

    def test_takes_a_hundred_places_in_a_cell_to_one(self) -> None:
        generator = random.Random(21)
        cells = [(-3825, 1948), (-1, -1), (0, 0), (8999, 4499), (-9000, -4500), (8999, -1)]

        for column, row in cells:
            Stakeholder.objects.all().delete(hard=True)
            inside = [
                ((column + generator.random()) * CELL, (row + generator.random()) * CELL)
                for _ in range(100)
            ]
            assert set(shown_at(inside)) == {centre_of(column, row)}

    def test_counts_the_south_and_west_edge_of_every_cell_as_inside_it(self) -> None:
        # All columns there are, and in the same rows all there are from pole to pole.
        corners = [
            (column / GRID_CELLS_PER_DEGREE, (column // 2) / GRID_CELLS_PER_DEGREE)
            for column in range(-9000, 9000)
        ]

        shown = shown_at(corners)

        assert shown == [centre_of(column, column // 2) for column in range(-9000, 9000)]

    def test_leaves_what_is_just_before_an_edge_in_its_own_cell(self) -> None:
        just_before = 1e-9  # a tenth of a millimetre

        assert shown_at([(-76.48 - just_before, 38.98 - just_before)]) == [centre_of(-3825, 1948)]

    @pytest.mark.parametrize(
        ("position", "centre"),
        [
            ((180, 90), (179.99, 89.99)),
            ((-180, -90), (-179.99, -89.99)),
            ((180, -90), (179.99, -89.99)),
            ((179.98, 89.98), (179.99, 89.99)),
            ((0, 0), (0.01, 0.01)),
            ((-1e-6, -1e-6), (-0.01, -0.01)),
            ((-0.02, 0.02), (-0.01, 0.03)),
        ],
    )
    def test_at_the_ends_of_the_earth_and_around_zero(
        self, position: Position, centre: Position
    ) -> None:
        assert shown_at([position]) == [pytest.approx(centre, abs=1e-12)]

    def test_is_null_without_a_location(self) -> None:
        assert make_stakeholder(type="individual", location=None).public_location is None


class TestOfTheOthers:
    @pytest.mark.parametrize("type_", sorted({*Stakeholder.Type.values} - {"individual"}))
    def test_is_the_location_itself(self, type_: str) -> None:
        positions = [*random_positions(50), (180.0, 90.0), (-180.0, -90.0)]

        assert shown_at(positions, type_) == positions


class TestChanges:
    HOME = Point(-76.4987654, 38.9712345, srid=4326)
    CENTRE = (-76.49, 38.97)

    def shown(self, stakeholder: Stakeholder) -> Position:
        stakeholder.refresh_from_db()
        coordinates: Position = stakeholder.public_location.coords
        return coordinates

    def test_of_type_hide_and_show_the_location(self) -> None:
        stakeholder = make_stakeholder(type="business", location=self.HOME)
        assert self.shown(stakeholder) == self.HOME.coords

        Stakeholder.objects.update(type="individual")
        assert self.shown(stakeholder) == self.CENTRE

        stakeholder.type = "farmer"
        stakeholder.save()
        assert self.shown(stakeholder) == self.HOME.coords

    def test_of_location_within_the_cell_are_not_shown(self) -> None:
        stakeholder = make_stakeholder(type="individual", location=self.HOME)

        Stakeholder.objects.update(location=Point(-76.481, 38.961, srid=4326))

        assert self.shown(stakeholder) == self.CENTRE

    def test_of_location_to_the_next_cell_are_shown(self) -> None:
        stakeholder = make_stakeholder(type="individual", location=self.HOME)

        Stakeholder.objects.update(location=Point(-76.479, 38.971, srid=4326))

        assert self.shown(stakeholder) == (-76.47, 38.97)

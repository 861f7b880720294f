"""Whatever the parsers are given, a value in range comes out of them or they refuse it."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.core.exceptions import ValidationError
from hypothesis import example, given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from backend.http.cursors import decode, encode
from backend.http.geo import (
    MAX_RADIUS_M,
    METERS,
    AreaParameter,
    BBoxParameter,
    BoundingBox,
    NearParameter,
    RadiusParameter,
)
from backend.http.parameters import (
    ChoicesParameter,
    CursorParameter,
    LimitParameter,
    Parameter,
    QueryText,
    TextParameter,
)
from backend.http.parsers import loads
from backend.rendering.keyset import Position

longitudes = st.floats(-180, 180)
latitudes = st.floats(-90, 90)
positions = st.tuples(longitudes, latitudes).map(list)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
)
# Text that resembles what is asked for, and text that does not.
texts = st.text() | st.from_regex(r"[-+0-9.,eE_ \u0660-\u0669a-z~]{0,30}", fullmatch=True)
geometries = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Polygon", "MultiPolygon"]) | anything,
        "coordinates": st.recursive(
            positions | anything, lambda inner: st.lists(inner, max_size=6), max_leaves=30
        ),
    }
)

BBOX = BBoxParameter("")
NEAR = NearParameter("")
RADIUS = RadiusParameter("")
LIMIT = LimitParameter(default=20, maximum=100)
AREA = AreaParameter("")
TEXT = TextParameter("")
CURSOR = CursorParameter()
TYPES = ChoicesParameter("", ["farmer", "waterman"], component="StakeholderType", example=[])


def is_bbox(box: Any) -> bool:
    return (
        isinstance(box, BoundingBox)
        and all(-180 <= edge <= 180 for edge in (box.west, box.east))
        and -90 <= box.south <= box.north <= 90
    )


def is_position(point: Any) -> bool:
    return isinstance(point, Point) and -180 <= point.x <= 180 and -90 <= point.y <= 90


def is_area(area: Any) -> bool:
    west, south, east, north = area.extent
    on_earth = -180 <= west <= east <= 180 and -90 <= south <= north <= 90
    return isinstance(area, Polygon | MultiPolygon) and area.valid and not area.hasz and on_earth


IN_RANGE: list[tuple[Parameter, Callable[[Any], bool]]] = [
    (BBOX, is_bbox),
    (NEAR, is_position),
    (RADIUS, lambda miles: 0 < miles * METERS["mi"] <= MAX_RADIUS_M * (1 + 1e-12)),
    (LIMIT, lambda limit: isinstance(limit, int) and 1 <= limit <= 100),
    (AREA, is_area),
    (TEXT, lambda text: 1 <= len(text) <= 200 and "\0" not in text),
    (CURSOR, lambda cursor: isinstance(cursor, str)),
    (TYPES, lambda types: types and set(types) <= {"farmer", "waterman"}),
]
each_parameter = pytest.mark.parametrize(
    ("parameter", "is_in_range"), IN_RANGE, ids=lambda each: type(each).__name__
)


def assert_in_range_or_refused(
    parameter: Parameter, is_in_range: Callable[[Any], bool], given_value: Any
) -> None:
    try:
        value = parameter.to_python(given_value)
    except ValidationError:
        return
    assert given_value is None or is_in_range(value)


class TestParameters:
    @each_parameter
    @given(text=texts)
    @example(text="nan,nan,nan,nan")
    @example(text="9" * 5000)
    @example(text="1e400,1")
    def test_read_any_text_or_refuse_it(
        self, parameter: Parameter, is_in_range: Callable[[Any], bool], text: str
    ) -> None:
        assert_in_range_or_refused(parameter, is_in_range, QueryText(text))

    @each_parameter
    @given(value=anything | geometries | st.lists(scalars, min_size=2, max_size=4))
    @example(value=10**400)
    @example(value=[10**400, math.nan])
    @example(value=[True, False, True, False])
    def test_read_any_json_or_refuse_it(
        self, parameter: Parameter, is_in_range: Callable[[Any], bool], value: Any
    ) -> None:
        assert_in_range_or_refused(parameter, is_in_range, value)


def as_lists(coordinates: Any) -> Any:
    return [*map(as_lists, coordinates)] if isinstance(coordinates, tuple) else coordinates


class TestRoundTrips:
    @given(west=longitudes, east=longitudes, edges=st.tuples(latitudes, latitudes).map(sorted))
    def test_boxes(self, west: float, east: float, edges: list[float]) -> None:
        box = [west, edges[0], east, edges[1]]

        assert list(BBOX.to_python(box)) == box
        assert list(BBOX.to_python(QueryText(",".join(map(repr, box))))) == box

    @given(position=positions)
    def test_positions(self, position: list[float]) -> None:
        assert list(NEAR.to_python(position).coords) == position
        assert list(NEAR.to_python(QueryText(",".join(map(repr, position)))).coords) == position

    @given(number=st.decimals(1, 12_000, places=3), unit=st.sampled_from(list(METERS)))
    def test_radii(self, number: float, unit: str) -> None:
        miles = RADIUS.to_python(f"{number}{unit}")

        assert miles * METERS["mi"] == pytest.approx(float(number) * METERS[unit])

    @given(limit=st.integers(min_value=1))
    def test_limits_up_to_the_maximum(self, limit: int) -> None:
        assert LIMIT.to_python(limit) == LIMIT.to_python(QueryText(str(limit))) == min(limit, 100)

    @given(corner=positions, opposite=positions, kind=st.sampled_from(["Polygon", "MultiPolygon"]))
    def test_areas(self, corner: list[float], opposite: list[float], kind: str) -> None:
        (west, south), (east, north) = map(min, corner, opposite), map(max, corner, opposite)
        box = Polygon.from_bbox((west, south, east, north))
        rings = [[[*position] for position in box.coords[0]]]
        coordinates = rings if kind == "Polygon" else [rings]

        if not box.valid:  # it has no inside
            with pytest.raises(ValidationError):
                AREA.to_python({"type": kind, "coordinates": coordinates})
        else:
            area = AREA.to_python({"type": kind, "coordinates": coordinates})
            assert (area.geom_type, as_lists(area.coords)) == (kind, coordinates)

    @given(values=st.lists(st.text(), min_size=1), scope=st.text())
    def test_cursors(self, values: list[str], scope: str) -> None:
        for position in (Position(values), Position(values, is_backward=True)):
            token = encode(position, scope)

            assert decode(CURSOR.to_python(QueryText(token)), scope) == position


class TestCursors:
    @given(text=st.text() | st.from_regex(r"[A-Za-z0-9_-]{1,40}~[A-Za-z0-9_-]{1,50}"))
    def test_that_were_not_made_here_are_refused(self, text: str) -> None:
        with pytest.raises(ValidationError):
            decode(text, "/api/v1/campaigns")

    @given(data=st.data())
    def test_are_refused_if_one_character_is_changed(self, data: st.DataObject) -> None:
        token = encode(Position(["2026-11-01 00:00:00+00", "7"]), "here")
        place = data.draw(st.integers(0, len(token) - 1))
        character = data.draw(st.characters().filter(lambda each: each != token[place]))

        with pytest.raises(ValidationError):
            decode(token[:place] + character + token[place + 1 :], "here")

    @given(scope=st.text().filter(lambda scope: scope != "here"))
    def test_are_refused_elsewhere(self, scope: str) -> None:
        with pytest.raises(ValidationError):
            decode(encode(Position(["7"]), "here"), scope)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=5)
    ),
)


class TestBody:
    @given(body=st.binary() | texts.map(lambda text: text.encode("utf-8", "surrogatepass")))
    @example(body=b"[" * 30_000)
    @example(body=b'{"a":' * 30_000)
    @example(body=b"9" * 5_000)
    @example(body=b'"\\ud800"')
    @example(body=b"[1e400]")
    def test_is_read_or_refused(self, body: bytes) -> None:
        try:
            value = loads(body)
        except ParseError:
            return
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()

    @given(value=json_values, is_escaped=st.booleans())
    def test_is_read_as_it_was_written(self, value: Any, is_escaped: bool) -> None:
        assert loads(json.dumps(value, ensure_ascii=is_escaped).encode()) == value

"""Spatial parameters. Positions are longitude, latitude in WGS 84, as in RFC 7946."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Point, Polygon
from django.core.exceptions import ValidationError

from backend.http.parameters import Parameter
from backend.models.fields import WGS84

MAX_VERTICES = 10_000
METERS = {"mi": 1609.344, "km": 1000.0, "m": 1.0}
# Half of the Earth's circumference: no two places are farther apart.
MAX_RADIUS_M = 20_037_508.0

# float() would read nan, 1_0 and the digits of every script.
NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"


LONGITUDE = {"type": "number", "minimum": -180, "maximum": 180}
LATITUDE = {"type": "number", "minimum": -90, "maximum": 90}


def array(items: Mapping[str, Any], *, minimum: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": minimum}


def numbers(*kinds: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an array with one number of each kind."""
    # `items` speaks of what follows: nothing does, but older tools know no `prefixItems`.
    exact = {"prefixItems": list(kinds), "items": {"type": "number"}}
    return {"type": "array", **exact, "minItems": len(kinds), "maxItems": len(kinds)}


def geometry(kind: str, coordinates: Mapping[str, Any], description: str) -> dict[str, Any]:
    """The schema of a GeoJSON geometry with nothing but its type and coordinates."""
    return {
        "type": "object",
        "description": description,
        "required": ["type", "coordinates"],
        "properties": {"type": {"type": "string", "const": kind}, "coordinates": coordinates},
        "additionalProperties": False,
    }


# Not a tuple: every library's types of GeoJSON have a position as an array of numbers.
POSITION = {**array(LONGITUDE, minimum=2), "maxItems": 2}
RINGS = array(array(POSITION, minimum=4), minimum=1)

GEOMETRIES = {
    "Point": geometry("Point", POSITION, "A GeoJSON Point: longitude and latitude in WGS 84."),
    "Polygon": geometry(
        "Polygon",
        RINGS,
        "A GeoJSON Polygon in WGS 84: closed rings that do not cross, the outer one first.",
    ),
    "MultiPolygon": geometry(
        "MultiPolygon",
        array(RINGS, minimum=1),
        "A GeoJSON MultiPolygon in WGS 84: polygons that do not overlap.",
    ),
}


class BoundingBox(NamedTuple):
    """Edges in degrees; `west` > `east` crosses the antimeridian (RFC 7946, section 5.2)."""

    west: float
    south: float
    east: float
    north: float


def number_from_query(text: str) -> float:
    if not re.fullmatch(NUMBER, text):
        raise ValidationError(f"“{text[:40]}” is not a number.", code="invalid")
    return float(text)


def is_longitude(value: Any) -> bool:
    return is_finite_number(value) and abs(value) <= 180


def is_latitude(value: Any) -> bool:
    return is_finite_number(value) and abs(value) <= 90


def is_finite_number(value: Any) -> bool:
    # A bool is an int to Python, and an int may be too large for a float.
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < 1e308
        and math.isfinite(value)
    )


class NumbersParameter(Parameter):
    """Numbers: separated by commas in a query, an array in JSON."""

    length: ClassVar[int]
    names: ClassVar[str]

    def from_query(self, text: str) -> list[float]:
        return [number_from_query(item) for item in text.split(",")]

    def from_json(self, value: Any) -> Any:
        if not isinstance(value, list) or len(value) != self.length:
            raise ValidationError(f"Give {self.length} numbers: {self.names}.", code="invalid")
        return self.from_numbers(*value)

    def from_numbers(self, *numbers: Any) -> Any:
        raise NotImplementedError


class BBoxParameter(NumbersParameter):
    """A box in degrees: west,south,east,north."""

    length = 4
    names = "west,south,east,north"
    schema = numbers(LONGITUDE, LATITUDE, LONGITUDE, LATITUDE)

    def from_numbers(self, west: Any, south: Any, east: Any, north: Any) -> BoundingBox:
        if not (is_longitude(west) and is_longitude(east)):
            raise ValidationError("West and east must be in -180 to 180.", code="out_of_range")
        if not (is_latitude(south) and is_latitude(north)):
            raise ValidationError("South and north must be in -90 to 90.", code="out_of_range")
        if south > north:
            raise ValidationError("South must not be above north.", code="invalid")
        return BoundingBox(west, south, east, north)


class NearParameter(NumbersParameter):
    """A position: longitude,latitude."""

    length = 2
    names = "longitude,latitude"
    schema = numbers(LONGITUDE, LATITUDE)

    def from_numbers(self, longitude: Any, latitude: Any) -> Point:
        if not is_longitude(longitude) or not is_latitude(latitude):
            raise ValidationError(
                "Give a longitude in -180 to 180 and a latitude in -90 to 90, in this order.",
                code="out_of_range",
            )
        return Point(float(longitude), float(latitude), srid=WGS84)


class RadiusParameter(Parameter):
    """A distance with its unit, as miles: 50mi, 80km or 500m."""

    schema = {
        "type": "string",
        "pattern": r"^[0-9]{1,9}(\.[0-9]{1,9})?(mi|km|m)$",
        "default": "50mi",
    }

    def from_json(self, value: Any) -> float:
        match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(mi|km|m)", str(value))
        if not isinstance(value, str) or not match:
            raise ValidationError("Give a number and its unit: 50mi, 80km or 500m.", code="invalid")
        meters = float(match[1]) * METERS[match[2]]
        if not 0 < meters <= MAX_RADIUS_M:
            raise ValidationError("Give more than 0 and at most 20037km.", code="out_of_range")
        return meters / METERS["mi"]


class AreaParameter(Parameter):
    """A GeoJSON Polygon or MultiPolygon (RFC 7946, section 3.1) without a third dimension."""

    schema = {
        "oneOf": [{"$ref": f"#/components/schemas/{kind}"} for kind in ("Polygon", "MultiPolygon")]
    }

    def from_json(self, value: Any) -> GEOSGeometry:
        if not isinstance(value, dict) or set(value) != {"type", "coordinates"}:
            raise ValidationError(
                "Give a GeoJSON geometry with the members type and coordinates.", code="invalid"
            )
        kinds = {"Polygon": polygon, "MultiPolygon": multipolygon}
        if not isinstance(value["type"], str) or value["type"] not in kinds:
            raise ValidationError("Give a Polygon or a MultiPolygon.", code="invalid")
        area = kinds[value["type"]](value["coordinates"])
        if area.num_coords > MAX_VERTICES:
            raise ValidationError(f"Give at most {MAX_VERTICES} vertices.", code="too_many")
        if not area.valid:
            raise ValidationError(f"The area is not valid: {area.valid_reason}.", code="invalid")
        return area


def multipolygon(coordinates: Any) -> MultiPolygon:
    polygons = [polygon(rings) for rings in items(coordinates, "polygons")]
    return MultiPolygon(polygons, srid=WGS84)


def polygon(coordinates: Any) -> Polygon:
    rings = [list(ring(positions)) for positions in items(coordinates, "rings")]
    return Polygon(*rings, srid=WGS84)


def ring(positions: Any) -> Iterator[tuple[float, float]]:
    """A closed ring of at least four positions (RFC 7946, section 3.1.6)."""
    listed = items(positions, "positions")
    if len(listed) < 4 or listed[0] != listed[-1]:
        raise ValidationError(
            "A ring has at least four positions, and its last is its first.", code="invalid"
        )
    return map(position, listed)


def position(value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValidationError("A position is [longitude, latitude].", code="invalid")
    longitude, latitude = value
    if not is_longitude(longitude) or not is_latitude(latitude):
        raise ValidationError(
            "Longitudes must be in -180 to 180 and latitudes in -90 to 90.", code="out_of_range"
        )
    return float(longitude), float(latitude)


def items(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise ValidationError(f"Give an array of {name}.", code="invalid")
    return value

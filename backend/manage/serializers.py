"""What serializers for staff have in common."""

from typing import Any

from django.contrib.gis.geos import Point
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.http.geo import GEOMETRIES, is_latitude, is_longitude
from backend.models import Stakeholder
from backend.models.consents import Consents, as_told
from backend.models.fields import WGS84

BECAUSE = "Each gate that keeps it from the public; empty where the public sees it."


@extend_schema_field({"type": "object", "additionalProperties": True})
class ConsentsField(serializers.Field[Any, Any, Any, Any]):
    """Consents by name: `given`, the version and the hash of the words, and when (`at`)."""

    def to_representation(self, value: Consents) -> dict[str, Any]:
        return as_told(value)


@extend_schema_field({"type": "boolean", "readOnly": True})
class PublicityField(serializers.Field[Any, Any, Any, Any]):
    """Whether the public sees the row: no gate is closed."""

    def __init__(self) -> None:
        super().__init__(source="closed_gates", read_only=True)

    def to_representation(self, value: list[str]) -> bool:
        return not value


class BecauseField(serializers.ListField):
    """The closed gates of a row."""

    def __init__(self) -> None:
        child = serializers.CharField()
        super().__init__(source="closed_gates", read_only=True, child=child, help_text=BECAUSE)


@extend_schema_field({"$ref": "#/components/schemas/Point"})
class PointField(serializers.Field[Any, Any, Any, Any]):
    """A GeoJSON Point, or null: longitude and latitude in WGS 84, as exactly as they are known."""

    default_error_messages = {
        "invalid": "Give null, or a GeoJSON Point: a longitude in -180 to 180, a latitude in -90 "
        "to 90."
    }

    def to_internal_value(self, data: Any) -> Point:
        coordinates = data.get("coordinates") if isinstance(data, dict) else None
        if not isinstance(coordinates, list) or len(coordinates) != 2:
            self.fail("invalid")
        longitude, latitude = coordinates
        is_point = data.keys() == GEOMETRIES["Point"]["properties"].keys() and (
            data["type"] == "Point"
        )
        if not (is_point and is_longitude(longitude) and is_latitude(latitude)):
            self.fail("invalid")
        return Point(float(longitude), float(latitude), srid=WGS84)

    def to_representation(self, value: Point) -> dict[str, Any]:
        return {"type": "Point", "coordinates": [value.x, value.y]}


def public_place(stakeholder: Stakeholder) -> dict[str, Any] | None:
    """The location as the public sees it, if the stakeholder is listed."""
    place = stakeholder.public_location
    return PointField().to_representation(place) if place else None

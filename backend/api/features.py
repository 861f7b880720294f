"""Stakeholders as GeoJSON features (RFC 7946), and pages of them."""

from functools import cache
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework_gis.fields import GeometryField
from rest_framework_gis.serializers import GeoFeatureModelSerializer

from backend.http.pagination import KeysetPagination
from backend.public import PublicStakeholder
from backend.rendering.json_objects import JsonObject, object_sql, value_sql

GEO_JSON = "application/geo+json"
MAX_EXACT_COUNT = 10_000
COORDINATE_DECIMALS = 6  # some 0.1 m

PROPERTIES = ("name", "organization", "role", "type", "state", "county", "created_at")


class GeoJSONRenderer(JSONRenderer):
    """JSON, as GeoJSON."""

    media_type = GEO_JSON


@extend_schema_field({"type": "object"})  # feature_schemas.py describes the Feature as a whole
class PositionField(GeometryField):  # type: ignore[misc]  # it has no types
    """A GeoJSON Point with at most six decimals, or null."""

    sql = f"coalesce(ST_AsGeoJSON({{column}}, {COORDINATE_DECIMALS}), 'null')"

    def __init__(self) -> None:
        super().__init__(precision=COORDINATE_DECIMALS)


class MetersField(serializers.FloatField):
    """A distance in metres, to a decimetre."""

    sql = "coalesce(round({column}::numeric, 1)::text, 'null')"

    def to_representation(self, value: float) -> Any:
        return round(value, 1)


class StakeholderSerializer(GeoFeatureModelSerializer):  # type: ignore[misc]  # it has no types
    """A stakeholder as a Feature; the context's `properties` name those it has."""

    location = PositionField()
    distance_m = MetersField()

    class Meta:
        model = PublicStakeholder
        geo_field = "location"
        fields = ["id", "location", *PROPERTIES, "distance_m"]

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        shown = {"id", "location", *self.context.get("properties", PROPERTIES)}
        return {name: field for name, field in super().get_fields().items() if name in shown}


@cache
def feature(properties: tuple[str, ...]) -> JsonObject:
    """A Feature with these properties."""
    fields = StakeholderSerializer(context={"properties": properties}).fields
    members = {
        "id": value_sql(fields["id"], "id"),
        "type": "'\"Feature\"'",
        "geometry": value_sql(fields["location"], "location"),
        "properties": object_sql({name: value_sql(fields[name], name) for name in properties}),
    }
    return JsonObject(("id", "location", *properties), object_sql(members))


class FeaturePagination(KeysetPagination):
    """Pages as FeatureCollections, with the members of OGC API Features beside the features."""

    count_to = MAX_EXACT_COUNT + 1

    def document(self) -> bytes:
        # Counting more than that is not worth its time.
        is_exact = self.page.matched <= MAX_EXACT_COUNT
        head = {
            "type": "FeatureCollection",
            **({"numberMatched": self.page.matched} if is_exact else {}),
            "numberReturned": self.page.returned,
            "links": self.links(),
        }
        return self.collection(head, "features")

    def links(self) -> list[dict[str, Any]]:
        here = {"rel": "self", "type": GEO_JSON, "href": self.here}
        targets: dict[str, Any] = {rel: {"href": url} for rel, url in self.urls.items()}
        if self.is_search:
            here["method"] = "POST"
            # As STAC API writes it: the same body, with these members in it.
            targets = {
                rel: {"body": {"cursor": cursor}, "merge": True}
                for rel, cursor in self.cursors.items()
            }
        return [here, *({**here, "rel": rel, **target} for rel, target in targets.items())]

    def link_header(self) -> dict[str, str]:
        return {} if self.is_search else super().link_header()

    @property
    def is_search(self) -> bool:
        return self.request.method == "POST"

    def get_paginated_response_schema(self, _schema: dict[str, Any]) -> dict[str, Any]:
        return {"$ref": "#/components/schemas/StakeholderFeatureCollection"}

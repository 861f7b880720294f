"""Stakeholders as GeoJSON features (RFC 7946), a page of them or all."""

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder
from rest_framework_gis.fields import GeometryField
from rest_framework_gis.serializers import GeoFeatureModelSerializer

from backend.api.pagination import KeysetPagination, Position, encode, fetch_page
from backend.models import Stakeholder

GEO_JSON = "application/geo+json"
COORDINATE_DECIMALS = 6  # some 0.1 m
MAX_EXACT_COUNT = 10_000
STREAMED_AT_ONCE = 2_000

PROPERTIES = ["name", "organization", "role", "type", "state", "county", "created_at"]


class GeoJSONRenderer(JSONRenderer):
    media_type = GEO_JSON


@extend_schema_field({"type": "object"})  # api/schema.py describes the Feature as a whole
class PositionField(GeometryField):  # type: ignore[misc]  # it has no types
    """A GeoJSON Point with at most six decimals, or null."""

    def __init__(self) -> None:
        super().__init__(precision=COORDINATE_DECIMALS)


class MetersField(serializers.FloatField):
    """A distance in metres, to a decimetre."""

    def to_representation(self, value: float) -> Any:
        return round(value, 1)


class StakeholderSerializer(GeoFeatureModelSerializer):  # type: ignore[misc]  # it has no types
    """A stakeholder as a Feature; the context's `properties` name those it has."""

    public_location = PositionField()
    distance_m = MetersField()

    class Meta:
        model = Stakeholder
        geo_field = "public_location"
        fields = ["id", "public_location", *PROPERTIES, "distance_m"]

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        shown = {"id", "public_location", *self.context.get("properties", PROPERTIES)}
        return {name: field for name, field in super().get_fields().items() if name in shown}


class FeaturePagination(KeysetPagination):
    """Pages as FeatureCollections, with the members of OGC API Features beside the features."""

    def count_rows(self, queryset: QuerySet[Any]) -> int | None:
        """How many rows match, if that is at most 10,000: more are not worth counting."""
        counted = queryset.order_by()[: MAX_EXACT_COUNT + 1].count()
        return counted if counted <= MAX_EXACT_COUNT else None

    def get_paginated_response(self, data: Any) -> Response:
        matched = {} if self.count is None else {"numberMatched": self.count}
        return Response(
            {
                "type": "FeatureCollection",
                **matched,
                "numberReturned": len(data["features"]),
                "links": self.links(),
                "features": data["features"],
            },
            headers=self.link_header() if self.request.method == "GET" else None,
        )

    def get_paginated_response_schema(
        self,
        schema: dict[str, Any],  # noqa: ARG002  # api/schema.py describes the collection
    ) -> dict[str, Any]:
        return {"$ref": "#/components/schemas/StakeholderFeatureCollection"}

    def links(self) -> list[dict[str, Any]]:
        here = {"rel": "self", "type": GEO_JSON, "href": self.request.build_absolute_uri()}
        if self.request.method == "POST":
            here["method"] = "POST"
        pages = {"next": self.page.next, "prev": self.page.previous}
        beyond = [
            {**here, "rel": rel, **self.target(position)}
            for rel, position in pages.items()
            if position is not None
        ]
        return [here, *beyond]

    def target(self, position: Position) -> dict[str, Any]:
        if self.request.method == "POST":
            # As STAC API writes it: the same body, with these members in it.
            return {"body": {"cursor": encode(position, self.scope)}, "merge": True}
        return {"href": self.link(position)}


def stream_collection(
    queryset: QuerySet[Stakeholder], serializer: StakeholderSerializer
) -> Iterator[bytes]:
    """All rows of an ordered queryset as one FeatureCollection, some thousands at a time."""
    encoder = JSONEncoder(ensure_ascii=False, separators=(",", ":"))
    separator = '{"type":"FeatureCollection","features":[\n'
    for rows in _chunks(queryset):
        features = ",\n".join(encoder.encode(serializer.to_representation(row)) for row in rows)
        yield (separator + features).encode()
        separator = ",\n"
    yield b"\n]}\n" if separator == ",\n" else (separator + "]}\n").encode()


@transaction.atomic
def _chunks(queryset: QuerySet[Stakeholder]) -> Iterator[list[Stakeholder]]:
    with connection.cursor() as cursor:
        # Every chunk shows the same moment.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    page = fetch_page(queryset, STREAMED_AT_ONCE, None)
    while page.rows:
        yield page.rows
        if page.next is None:
            return
        page = fetch_page(queryset, STREAMED_AT_ONCE, page.next)

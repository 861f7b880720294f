"""Stakeholders as GeoJSON features (RFC 7946), a page of them or all."""

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_gis.fields import GeometryField
from rest_framework_gis.serializers import GeoFeatureModelSerializer

from backend.api.pagination import KeysetPagination, Position, encode
from backend.api.rendering import (
    COORDINATE_DECIMALS,
    SEPARATOR,
    RenderedPage,
    render_all,
    render_page,
)
from backend.models import Stakeholder

GEO_JSON = "application/geo+json"
MAX_EXACT_COUNT = 10_000

PROPERTIES = ("name", "organization", "role", "type", "state", "county", "created_at")


class GeoJSONRenderer(JSONRenderer):
    """GeoJSON, of which the features have been rendered by the database."""

    media_type = GEO_JSON

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        rendered: bytes = data if isinstance(data, bytes) else super().render(data, *args, **kwargs)
        return rendered


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

    page: RenderedPage

    def respond(self, queryset: QuerySet[Stakeholder], request: Request, view: Any) -> Response:
        """A page of features, as they come out of the database."""
        limit, position = self.read(request, view)
        self.page = render_page(
            queryset,
            view.filterset.properties,
            limit=limit,
            position=position,
            count_to=MAX_EXACT_COUNT,
        )
        # Counting more than that is not worth its time.
        is_exact = self.page.matched <= MAX_EXACT_COUNT
        head = {
            "type": "FeatureCollection",
            **({"numberMatched": self.page.matched} if is_exact else {}),
            "numberReturned": self.page.returned,
            "links": self.links(),
        }
        headers = self.link_header() if request.method == "GET" else None
        return Response(collection(head, self.page.features), headers=headers)

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


def collection(head: dict[str, Any], features: str) -> bytes:
    """A FeatureCollection of the members of `head` and rendered features."""
    members = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
    return f'{members[:-1]},"features":[{features}]}}'.encode()


def stream_collection(
    queryset: QuerySet[Stakeholder], properties: tuple[str, ...]
) -> Iterator[bytes]:
    """All features of an ordered queryset as one FeatureCollection."""
    before = '{"type":"FeatureCollection","features":[\n'
    for features in render_all(queryset, properties):
        yield (before + features).encode()
        before = SEPARATOR
    yield ("\n]}\n" if before == SEPARATOR else before + "]}\n").encode()

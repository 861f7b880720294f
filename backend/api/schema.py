"""The OpenAPI document and its two readers."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, extend_schema_field
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)
from rest_framework import serializers

from backend.api.features import PROPERTIES, StakeholderSerializer
from backend.api.parameters import StrictFilterSet


class FeatureExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """The Feature that StakeholderSerializer writes, which its fields alone do not tell."""

    target_class = StakeholderSerializer
    priority = 1  # before drf-spectacular's own, which fails on a serializer without an id to write

    def get_name(self, auto_schema: AutoSchema, direction: Direction) -> str:  # noqa: ARG002
        return "StakeholderFeature"

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        shown = {"properties": [*PROPERTIES, "distance_m"]}
        flat = auto_schema._map_serializer(  # type: ignore[no-untyped-call]
            StakeholderSerializer(context=shown), direction, bypass_extensions=True
        )
        properties = flat["properties"]
        members = {
            "id": properties.pop("id"),
            "type": {"type": "string", "const": "Feature"},
            "geometry": properties.pop("public_location"),
            "properties": {"type": "object", "properties": properties},
        }
        return {"type": "object", "required": [*members], "properties": members}


class LinkSerializer(serializers.Serializer[Any]):
    """A link of a FeatureCollection. One with `method` POST sends `body` merged into the last."""

    rel = serializers.ChoiceField(["self", "next", "prev"])
    type = serializers.CharField()
    href = serializers.URLField()
    method = serializers.ChoiceField(["POST"], required=False)
    body = serializers.DictField(required=False)
    merge = serializers.BooleanField(required=False)


@extend_schema_field({"type": "string", "const": "FeatureCollection"})
class FeatureCollectionType(serializers.CharField):
    """The word that says what a document is."""


class StakeholderFeatureCollectionSerializer(serializers.Serializer[Any]):
    """A page of features. `numberMatched` is there if it is at most 10,000."""

    type = FeatureCollectionType()
    numberMatched = serializers.IntegerField(min_value=0, required=False)  # noqa: N815  # OGC's
    numberReturned = serializers.IntegerField(min_value=0)  # noqa: N815
    links = LinkSerializer(many=True)
    features = serializers.ListField(child=StakeholderSerializer())


class StakeholderSetSerializer(serializers.Serializer[Any]):
    """All features."""

    type = FeatureCollectionType()
    features = serializers.ListField(child=StakeholderSerializer())


def body_of(filterset: type[StrictFilterSet]) -> dict[str, Any]:
    """The JSON body that stands for a query with the same parameters."""
    properties = {
        name: {**parameter.schema, "description": parameter.help_text}
        for name, parameter in filterset.parameters().items()
    }
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"application/json": schema}


class SchemaView(SpectacularAPIView):
    """The OpenAPI document of this API."""


class SwaggerView(SpectacularSwaggerSplitView):
    """The document, to read and to try out."""

    url_name = "schema"


class RedocView(SpectacularRedocView):
    """The document, to read."""

    url_name = "schema"

"""The Feature of a stakeholder in the OpenAPI document, and the collections of Features."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction

from backend.api.features import GEO_JSON, MAX_EXACT_COUNT, PROPERTIES, StakeholderSerializer
from backend.http.openapi import add_schemas
from backend.http.openapi_components import Schema, ref

# What the views answer.
PAGE = ref("schemas/StakeholderFeatureCollection")
WHOLE_SET = ref("schemas/StakeholderSet")

SCHEMAS: Schema = {
    "StakeholderProperty": {"type": "string", "enum": [*PROPERTIES]},
    "StakeholderFeatureCollection": {
        "type": "object",
        "description": "A page of features.",
        "required": ["type", "numberReturned", "links", "features"],
        "properties": {
            "type": {"type": "string", "const": "FeatureCollection"},
            "numberMatched": {
                "type": "integer",
                "minimum": 0,
                "maximum": MAX_EXACT_COUNT,
                "description": "How many there are on all pages; left out if more than 10,000.",
            },
            "numberReturned": {"type": "integer", "minimum": 0},
            "links": {"type": "array", "items": ref("schemas/Link")},
            "features": {"type": "array", "items": ref("schemas/StakeholderFeature")},
        },
    },
    "StakeholderSet": {
        "type": "object",
        "description": "All features.",
        "required": ["type", "name", "features"],
        "properties": {
            "type": {"type": "string", "const": "FeatureCollection"},
            "name": {
                "type": "string",
                "const": "stakeholders",
                "description": "What GDAL and QGIS call the layer.",
            },
            "features": {"type": "array", "items": ref("schemas/StakeholderFeature")},
        },
    },
    "Link": {
        "type": "object",
        "description": (
            "A link to a page. One with a `method` is followed by sending the body of the "
            "request again, with the members of this `body` in it."
        ),
        "required": ["rel", "type", "href"],
        "properties": {
            "rel": {"type": "string", "enum": ["self", "next", "prev"]},
            "type": {"type": "string", "const": GEO_JSON},
            "href": {"type": "string", "format": "uri"},
            "method": {"type": "string", "const": "POST"},
            "body": {
                "type": "object",
                "required": ["cursor"],
                "properties": {"cursor": {"type": "string"}},
            },
            "merge": {"type": "boolean", "const": True},
        },
    },
}


def add_feature_schemas(result: Schema, **_kwargs: Any) -> Schema:
    """A postprocessing hook."""
    add_schemas(result, SCHEMAS)
    return result


class FeatureExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # untyped
    """The Feature that StakeholderSerializer writes."""

    target_class = StakeholderSerializer
    priority = 1  # before drf-spectacular's own, which fails on a serializer without an id to write

    def get_name(self, auto_schema: AutoSchema, direction: Direction) -> str:  # noqa: ARG002  # as inherited
        return "StakeholderFeature"

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> Schema:
        shown = {"properties": [*PROPERTIES, "distance_m"]}
        flat = auto_schema._map_serializer(  # type: ignore[no-untyped-call]  # untyped
            StakeholderSerializer(context=shown), direction, bypass_extensions=True
        )
        properties = flat["properties"]
        # drf-spectacular names the enumerations of serializers, but not those within a member.
        properties |= {"type": ref("schemas/StakeholderType"), "state": ref("schemas/State")}
        key = properties.pop("id")
        properties.pop("location")
        members = {
            "id": key,
            "type": {"type": "string", "const": "Feature"},
            "geometry": {
                "description": "Where the stakeholder is shown; null if nowhere.",
                "oneOf": [ref("schemas/Point"), {"type": "null"}],
            },
            # None is required: `fields` chooses among them.
            "properties": {"type": "object", "properties": properties},
        }
        return {"type": "object", "required": [*members], "properties": members}

"""What the OpenAPI document says that serializers alone do not tell."""

from collections.abc import Iterator
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction

from backend.api.errors import PROBLEM_JSON, RETRY_AFTER_SECONDS, problem
from backend.api.features import GEO_JSON, MAX_EXACT_COUNT, PROPERTIES, StakeholderSerializer
from backend.api.geo import GEOMETRIES
from backend.api.parameters import StrictFilterSet

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/{name}"}


COMPONENTS: Schema = {
    **GEOMETRIES,
    "StakeholderProperty": {"type": "string", "enum": PROPERTIES},
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
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "const": "FeatureCollection"},
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
    "Problem": {
        "type": "object",
        "description": "What went wrong, and what to do about it (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {
                "type": "string",
                "format": "uri-reference",
                "description": "Where this kind of problem is explained.",
            },
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "instance": {
                "type": "string",
                "format": "uri",
                "description": "Stands in the server's log beside the reason of a crash.",
            },
            "errors": {"type": "array", "items": ref("schemas/InvalidParameter")},
        },
    },
    "InvalidParameter": {
        "type": "object",
        "required": ["parameter", "code", "message"],
        "properties": {
            "parameter": {"type": "string", "description": "Its name."},
            "code": {"type": "string", "description": "The kind of error, for programs."},
            "message": {"type": "string", "description": "What would be right, for people."},
        },
    },
}

HEADERS: Schema = {
    "CacheControl": {
        "description": "How the answer may be cached (RFC 9111).",
        "schema": {"type": "string"},
        "example": "public, no-cache",
    },
    "Link": {
        "description": "The next and the previous page, if there are any (RFC 8288).",
        "schema": {"type": "string"},
        "example": '<https://example.org/api/v1/campaigns?cursor=WzF~aQ>; rel="next"',
    },
    "RetryAfter": {
        "description": "Seconds to wait before the next attempt.",
        "schema": {"type": "integer"},
        "example": RETRY_AFTER_SECONDS,
    },
}

PATH_PARAMETERS: Schema = {
    "slug": {
        "description": "The campaign's slug.",
        "schema": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
        "example": "ten-thousand-acres-of-reef",
    },
    "id": {
        "description": "The stakeholder's id.",
        "schema": {"type": "integer", "format": "int64", "minimum": 0},
        "example": 1,
    },
}

PROBLEMS = {
    400: "A parameter, or the body, is not what this document says.",
    404: "There is nothing, or nothing public, at this address.",
    406: "The request accepts none of the media types of the answer.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not JSON.",
    500: "The server failed.",
    503: "The database did not answer in time.",
}


def describe(result: Schema, **_kwargs: Any) -> Schema:
    """A postprocessing hook: adds shared components, problems, headers and path parameters."""
    result["security"] = []  # nobody needs to be anybody
    components = result["components"]
    for schema in components["schemas"].values():
        if "properties" in schema:
            # What a serializer writes is always there.
            schema["required"] = list(schema["properties"])
            _let_blank_be_anything(schema["properties"])
    components["schemas"] = dict(sorted((components["schemas"] | COMPONENTS).items()))
    components["headers"] = HEADERS
    components["responses"] = {f"Problem{code}": _problem_response(code) for code in PROBLEMS}
    for path, item in result["paths"].items():
        for method, operation in item.items():
            _describe_operation(path, method, operation)
    return result


def _let_blank_be_anything(properties: Schema) -> None:
    """Text that may be blank: blank may match its pattern too, and then `oneOf` refuses it."""
    for name, schema in properties.items():
        if "oneOf" in schema:
            properties[name] = {"anyOf" if key == "oneOf" else key: schema[key] for key in schema}


def _describe_operation(path: str, method: str, operation: Schema) -> None:
    responses = operation["responses"]
    responses["200"] |= {"description": "The answer.", "headers": _headers_of(operation)}
    for code in _problems_of(path, method, operation):
        responses[str(code)] = ref(f"responses/Problem{code}")
    if body := operation.get("requestBody"):
        body["required"] = True
    for parameter in operation.get("parameters", []):
        parameter.update(PATH_PARAMETERS.get(parameter["name"], {}))


def _problem_response(code: int) -> Schema:
    headers = {"headers": {"Retry-After": ref("headers/RetryAfter")}} if code == 503 else {}
    content = {"schema": ref("schemas/Problem"), "example": problem(code)}
    return {"description": PROBLEMS[code], **headers, "content": {PROBLEM_JSON: content}}


def _problems_of(path: str, method: str, operation: Schema) -> Iterator[int]:
    yield from (400, 406, 500)
    if "{" in path or operation["operationId"] == "getHomepage":
        yield 404
    if method == "post":
        yield from (413, 415)
    if operation["operationId"] not in {"getRoot", "getLiveness"}:
        yield 503


def _headers_of(operation: Schema) -> Schema:
    headers = {"Cache-Control": ref("headers/CacheControl")}
    if any(parameter["name"] == "cursor" for parameter in operation.get("parameters", [])):
        headers["Link"] = ref("headers/Link")
    return headers


class OperationSchema(AutoSchema):
    """Names lists for what they hold."""

    def get_paginated_name(self, serializer_name: str) -> str:
        return f"{serializer_name}List"


def body_of(filterset: type[StrictFilterSet]) -> Schema:
    """The JSON body that stands for a query with the same parameters."""
    parameters = filterset.parameters()
    properties = {
        name: {**parameter.schema, "description": parameter.help_text}
        for name, parameter in parameters.items()
    }
    example = {name: parameters[name].example for name in ("type", "within")}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"application/json": {**schema, "example": example}}


class FeatureExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """The Feature that StakeholderSerializer writes."""

    target_class = StakeholderSerializer
    priority = 1  # before drf-spectacular's own, which fails on a serializer without an id to write

    def get_name(self, auto_schema: AutoSchema, direction: Direction) -> str:  # noqa: ARG002
        return "StakeholderFeature"

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> Schema:
        shown = {"properties": [*PROPERTIES, "distance_m"]}
        flat = auto_schema._map_serializer(  # type: ignore[no-untyped-call]
            StakeholderSerializer(context=shown), direction, bypass_extensions=True
        )
        properties = flat["properties"]
        key = properties.pop("id")
        properties.pop("public_location")
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

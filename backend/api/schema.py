"""What the OpenAPI document says that serializers alone do not tell."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction

from backend.api.components import (
    COMPONENTS,
    HEADERS,
    NOT_MODIFIED,
    PATH_PARAMETERS,
    PROBLEMS,
    Schema,
    ref,
)
from backend.api.features import PROPERTIES, StakeholderSerializer
from backend.http.errors import PROBLEM_JSON, problem
from backend.http.parameters import StrictFilterSet

# Real answers of the demo coalition, by operation; tests/contract/test_examples.py records them.
EXAMPLES: dict[str, Schema] = json.loads(
    Path(__file__).with_name("examples.json").read_text(encoding="utf-8")
)


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
    components["responses"] = {"NotModified": NOT_MODIFIED} | {
        f"Problem{code}": _problem_response(code) for code in PROBLEMS
    }
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
    if _is_revalidated(operation):
        responses["304"] = ref("responses/NotModified")
    for code in _problems_of(path, method, operation):
        responses[str(code)] = ref(f"responses/Problem{code}")
    example = EXAMPLES[operation["operationId"]]
    for content in responses["200"]["content"].values():
        content["example"] = example["answer"]
    if body := operation.get("requestBody"):
        body["required"] = True
        body["content"]["application/json"]["example"] = example["body"]
    for parameter in operation.get("parameters", []):
        parameter.update(PATH_PARAMETERS.get(parameter["name"], {}))


def _problem_response(code: int) -> Schema:
    headers = {"headers": {"Retry-After": ref("headers/RetryAfter")}} if code == 503 else {}
    recorded = EXAMPLES.get(f"Problem{code}", {"answer": problem(code)})
    content = {"schema": ref("schemas/Problem"), "example": recorded["answer"]}
    return {"description": PROBLEMS[code], **headers, "content": {PROBLEM_JSON: content}}


def _problems_of(path: str, method: str, operation: Schema) -> Iterator[int]:
    yield from (400, 406, 500)
    if "{" in path or operation["operationId"] == "getHomepage":
        yield 404
    if method == "post":
        yield from (413, 415)
    if operation["operationId"] not in {"getRoot", "getLiveness"}:
        yield 503


def _is_revalidated(operation: Schema) -> bool:
    """Whether the answer can be asked for again by its tag: not a POST's, nor a moment's."""
    return operation["operationId"] not in {"searchStakeholders", "getLiveness", "getReadiness"}


def _headers_of(operation: Schema) -> Schema:
    headers = {"Cache-Control": ref("headers/CacheControl")}
    if _is_revalidated(operation):
        headers["ETag"] = ref("headers/ETag")
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
        name: {**parameter.schema, "description": parameter.description}
        for name, parameter in parameters.items()
    }
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"application/json": schema}


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

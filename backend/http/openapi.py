"""What the OpenAPI document says that serializers alone do not tell: the views say it."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from drf_spectacular.utils import Direction
from rest_framework.permissions import AllowAny, IsAuthenticated

from backend.http.errors import PROBLEM_JSON, problem
from backend.http.filters import StrictFilterSet
from backend.http.openapi_components import (
    HEADERS,
    NOT_MODIFIED,
    PARAMETERS,
    PROBLEM_HEADERS,
    PROBLEMS,
    SCHEMAS,
    Schema,
    ref,
)
from backend.http.serializers import StrictSerializer
from backend.http.signing_in import StaffTokenAuthentication
from backend.http.views import JSONView, declared

PRECONDITION_REQUIRED = HTTPStatus.PRECONDITION_REQUIRED


class StaffTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped
    """How staff say who they are."""

    target_class = StaffTokenAuthentication
    name = "StaffToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:  # noqa: ARG002  # inherited
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token ` and the token that `POST /auth/login` gave.",
        }


class OperationSchema(AutoSchema):
    """An operation as its view, a JSONView, declares it."""

    @property
    def declared(self) -> JSONView:
        return cast("JSONView", self.view)

    def _of_operation(self, name: str) -> Any:
        return declared(self.view, self.method, name)

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Schema | None:
        operation: Schema | None
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is None:
            return None
        if body := operation.get("requestBody"):
            body["required"] = self._of_operation("needs_body")
        self._describe_parameters(operation)
        self._describe_success(operation)
        for code in self._problems(operation):
            operation["responses"][str(code)] = ref(f"responses/Problem{code}")
        return operation

    def _describe_parameters(self, operation: Schema) -> None:
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path":
                parameter.update(self.declared.path_parameters.get(parameter["name"], {}))
        if self._of_operation("takes_idempotency_key"):
            operation.setdefault("parameters", []).append(ref("parameters/IdempotencyKey"))
        if PRECONDITION_REQUIRED in self._of_operation("problems"):
            operation.setdefault("parameters", []).append(ref("parameters/IfMatch"))

    def _describe_success(self, operation: Schema) -> None:
        responses = operation["responses"]
        declared = next(code for code in responses if code.startswith("2"))
        answer = responses.pop(declared)
        code = str(self._of_operation("success_status") or declared)
        for media_type, schema in self._of_operation("representations").items():
            answer["content"][media_type] = {"schema": schema}
        responses[code] = answer | {
            "description": "The answer.",
            "headers": self._headers(operation),
        }
        if self._is_revalidated:
            responses["304"] = ref("responses/NotModified")

    @property
    def _is_revalidated(self) -> bool:
        return self.declared.is_revalidated and self.method == "GET"

    def _headers(self, operation: Schema) -> Schema:
        headers = {"Cache-Control": ref("headers/CacheControl")}
        if self._is_revalidated or self._of_operation("is_tagged"):
            headers["ETag"] = ref("headers/ETag")
        if self._of_operation("takes_idempotency_key"):
            headers["Idempotency-Replayed"] = ref("headers/IdempotencyReplayed")
        if any(parameter.get("name") == "cursor" for parameter in operation.get("parameters", [])):
            headers["Link"] = ref("headers/Link")
        return headers

    def _problems(self, operation: Schema) -> Iterator[int]:
        """The problems that the operation can answer, by status."""
        yield from (400, 406, 500, *self._of_operation("problems"))
        yield from self._refusals()
        if "{" in self.path:
            yield 404
        if "requestBody" in operation:
            yield from (413, 415)
        if self.declared.asks_database:
            yield 503

    def map_parsers(self) -> list[str]:
        media_types: list[str] = super().map_parsers()
        return media_types if self.method == "PATCH" else media_types[:1]

    def _refusals(self) -> Iterator[int]:
        """What those are answered who may not call it."""
        permissions: list[Any] = list(self.declared.permission_classes)
        if AllowAny in permissions:
            return
        if self.declared.authentication_classes:
            yield 401
        if not all(issubclass(each, IsAuthenticated) for each in permissions):
            yield 403

    def get_auth(self) -> list[Schema]:
        """Who may call it; nothing where that is anybody, as the document says of all."""
        auth: list[Schema] = super().get_auth()
        return [] if auth == [{}] else auth

    def get_paginated_name(self, serializer_name: str) -> str:
        """Names lists for what they hold."""
        return f"{serializer_name}List"

    def _map_basic_serializer(self, serializer: Any, direction: Direction) -> Schema:
        schema: Schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]  # untyped
        if direction == "response":
            # What a serializer writes is always there.
            schema["required"] = list(schema["properties"])
        elif isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        return schema


def describe(result: Schema, **_kwargs: Any) -> Schema:
    """A postprocessing hook: adds what operations share."""
    result["security"] = []  # nobody needs to be anybody where an operation does not say so
    for schema in result["components"]["schemas"].values():
        _let_blank_be_anything(schema.get("properties", {}))
    add_schemas(result, SCHEMAS)
    result["components"]["headers"] = HEADERS
    result["components"]["parameters"] = PARAMETERS
    result["components"]["responses"] = {"NotModified": NOT_MODIFIED} | {
        f"Problem{code}": _problem_response(code) for code in _used_problems(result)
    }
    return result


def add_schemas(result: Schema, schemas: Mapping[str, Schema]) -> None:
    """Add to the schemas of a document, which are sorted by name."""
    components = result["components"]
    components["schemas"] = dict(sorted((components["schemas"] | schemas).items()))


def _let_blank_be_anything(properties: Schema) -> None:
    """Text that may be blank: blank may match its pattern too, and then `oneOf` refuses it."""
    for name, schema in properties.items():
        if "oneOf" in schema:
            properties[name] = {"anyOf" if key == "oneOf" else key: schema[key] for key in schema}


def _used_problems(result: Schema) -> list[int]:
    operations = [each for item in result["paths"].values() for each in item.values()]
    used = {code for operation in operations for code in operation["responses"]}
    return [code for code in PROBLEMS if str(code) in used]


def _problem_response(code: int) -> Schema:
    headers = {"headers": PROBLEM_HEADERS[code]} if code in PROBLEM_HEADERS else {}
    content = {"schema": ref("schemas/Problem"), "example": problem(HTTPStatus(code))}
    return {"description": PROBLEMS[code], **headers, "content": {PROBLEM_JSON: content}}


def body_of(filterset: type[StrictFilterSet]) -> Schema:
    """The JSON body that stands for a query with the same parameters."""
    parameters = filterset.parameters()
    properties = {
        name: {**parameter.schema, "description": parameter.description}
        for name, parameter in parameters.items()
    }
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"application/json": schema}

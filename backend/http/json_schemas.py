"""Bodies that a JSON Schema judges (draft 2020-12), the one that their clients are given."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from jsonschema_rs import Draft202012Validator
from jsonschema_rs import ValidationError as SchemaError
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from backend.http.errors import InvalidParameters
from backend.http.filters import has_body, read_body
from backend.http.invalid_values import (
    InvalidValue,
    at_parameter,
    at_pointer,
    invalid_values,
    unknown,
)
from backend.http.parsers import TOO_DEEP

Schema = dict[str, Any]
# A code and a message, by the member and the keyword that it breaks.
Explanations = Mapping[tuple[str, str], tuple[str, str]]

MESSAGES = {"required": "This is required.", "minLength": "This may not be blank."}
CODES = {"required": "required", "minLength": "blank", "maxLength": "max_length"}


class JSONBody:
    """An object with members of its own schema, and what to say of those that are not valid."""

    def __init__(self, schema: Schema, explanations: Explanations) -> None:
        self.schema = schema
        self._explanations = explanations
        # A format is for whoever draws a form: patterns judge.
        self._validator = Draft202012Validator(schema, validate_formats=False)

    def read(
        self, request: Request, others: Iterable[InvalidValue] = (), *, is_needed: bool = True
    ) -> dict[str, Any]:
        """The valid body of a request that has no query; empty where none is sent or needed.

        Raises InvalidParameters with all that is wrong, and with what was found before.
        """
        body = read_body(request) if is_needed or has_body(request) else {}
        in_query = unknown(request.query_params, (), at_parameter)
        errors = [*others, *in_query, *self.errors_of(body)]
        if errors:
            raise InvalidParameters(errors)
        return body

    def errors_of(self, body: Any) -> list[InvalidValue]:
        """All that is not valid, one error for each place; empty if nothing is."""
        errors: dict[str, InvalidValue] = {}
        for error in self._found(body):
            for invalid in self._invalid_values(error):
                # A blank value breaks several rules, of which the first says enough.
                errors.setdefault(invalid["pointer"], invalid)
        return list(errors.values())

    def _found(self, body: Any) -> Iterator[SchemaError]:
        try:
            yield from self._validator.iter_errors(body)
        except ValueError as error:  # at 255 levels, which JSON may have
            raise ParseError(TOO_DEEP) from error

    def _invalid_values(self, error: SchemaError) -> Iterator[InvalidValue]:
        keyword, members = error.kind.name, error.instance_path
        if keyword == "additionalProperties":
            known = f"This is not known. There are {', '.join(self.schema['properties'])}."
            for name in error.kind.value:
                yield from _invalid([*members, name], "unknown", known)
            return
        if keyword == "required":
            members = [*members, error.kind.value]
        yield from _invalid(members, *self._explanation(str(members[0]) if members else "", error))

    def _explanation(self, name: str, error: SchemaError) -> tuple[str, str]:
        keyword = error.kind.name
        explained = self._explanations.get((name, keyword))
        return explained or (CODES.get(keyword, "invalid"), _message(error))


def _message(error: SchemaError) -> str:
    keyword, value = error.kind.name, error.kind.value
    if keyword == "type":
        return f"Give a value of this type: {' or '.join(value)}."
    if keyword == "maxLength":
        return f"Give at most {value} characters."
    return MESSAGES.get(keyword, "This is not of the form that the schema describes.")


def _invalid(members: list[str | int], code: str, message: str) -> list[InvalidValue]:
    return invalid_values(at_pointer(*members), ValidationError(message, code=code))

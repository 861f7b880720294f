"""Parameters, of a query or of a search's JSON body, and the filter sets made of them.

A value has one normal form, JSON's. A query's text is brought into it first, so that lists
and searches read their parameters with the same code.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django_filters import Filter, FilterSet
from rest_framework.exceptions import ParseError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from backend.http.errors import InvalidParameters
from backend.http.invalid_values import (
    InvalidValue,
    Location,
    at_parameter,
    at_pointer,
    invalid_values,
)

MAX_TEXT_LENGTH = 200


class QueryText(str):
    """The text of a parameter in a query, as opposed to a string in JSON."""

    __slots__ = ()


class RepeatedQueryText(QueryText):
    """The last of several texts that a query has for one parameter."""

    __slots__ = ()


class Parameter:
    """A parameter that may be left out, but not left empty."""

    schema: Mapping[str, Any]
    # What it is if it is left out.
    default: Any = None

    def __init__(self, description: str, *, example: Any = None) -> None:
        self.description = description
        self.example = example

    def to_python(self, value: Any) -> Any:
        """The value that views work with. Raises ValidationError."""
        if value is None:
            raise ValidationError("Leave it out, or give a value.", code="null")
        if isinstance(value, RepeatedQueryText):
            raise ValidationError("Give this parameter once.", code="repeated")
        if isinstance(value, QueryText):
            value = self.from_query(str(value))
        return self.from_json(value)

    def from_query(self, text: str) -> Any:
        return text

    def from_json(self, value: Any) -> Any:
        raise NotImplementedError

    @property
    def is_list(self) -> bool:
        """Whether a query separates its values by commas, and JSON has an array."""
        return self.schema.get("type") == "array"


class TextParameter(Parameter):
    """Text of 1 to 200 characters, none of them NUL."""

    schema = {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_TEXT_LENGTH,
        "pattern": r"^[^\u0000]*$",
    }

    def from_json(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("Give a string.", code="invalid")
        if "\0" in value:
            raise ValidationError("NUL characters are not allowed.", code="invalid")
        if not 1 <= len(value) <= MAX_TEXT_LENGTH:
            raise ValidationError(f"Give 1 to {MAX_TEXT_LENGTH} characters.", code="length")
        return value


class ChoiceParameter(Parameter):
    """One of some words."""

    def __init__(self, description: str, choices: list[str], *, example: Any) -> None:
        super().__init__(description, example=example)
        self.choices = choices
        self.schema = {"type": "string", "enum": choices}

    def from_json(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise ValidationError(f"Give one of {', '.join(self.choices)}.", code="invalid_choice")
        return value


class ChoicesParameter(ChoiceParameter):
    """Some of some words: separated by commas in a query, an array in JSON.

    `component` is the name that the words have in the OpenAPI document.
    """

    def __init__(
        self, description: str, choices: list[str], *, component: str, example: list[str]
    ) -> None:
        super().__init__(description, choices, example=example)
        words = {"$ref": f"#/components/schemas/{component}"}
        self.schema = {"type": "array", "minItems": 1, "items": words}

    def from_query(self, text: str) -> list[str]:
        return text.split(",")

    def from_json(self, value: Any) -> Any:
        if not isinstance(value, list) or not value:
            raise ValidationError("Give an array of at least one string.", code="invalid")
        return [super(ChoicesParameter, self).from_json(item) for item in value]


class LimitParameter(Parameter):
    """A whole number from 1; above the maximum it means the maximum."""

    def __init__(self, *, default: int, maximum: int) -> None:
        super().__init__(f"How many to return; more than {maximum:,} means {maximum:,}.")
        self.example = default
        self.default, self.maximum = default, maximum
        self.schema = {"type": "integer", "minimum": 1, "default": default}

    def from_query(self, text: str) -> int:
        # int() would read 1_0 and the digits of every script, and refuse to read 10,000 of them.
        if not re.fullmatch(r"[0-9]+", text):
            raise ValidationError("Give a whole number from 1.", code="invalid")
        return int(text.lstrip("0")[:20] or "0")

    def from_json(self, value: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # to JSON, 5.0 is the number 5
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValidationError("Give a whole number from 1.", code="invalid")
        return min(value, self.maximum)


class CursorParameter(TextParameter):
    """The opaque cursor of a `next` or `previous` link."""

    schema = {"type": "string", "pattern": r"^[A-Za-z0-9_-]+~[A-Za-z0-9_-]+$"}

    def __init__(self) -> None:
        super().__init__("Where the page starts, from the link of another page.")

    def from_json(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("Give a string.", code="invalid")
        return value


def page_of(*, default: int, maximum: int) -> dict[str, Parameter]:
    """Which page of a list, and how long it is."""
    return {"limit": LimitParameter(default=default, maximum=maximum), "cursor": CursorParameter()}


class QuerySetFilter(Filter):  # type: ignore[misc]  # django-filter has no types
    """A filter that asks its queryset a question about the value of a parameter."""

    def __init__(self, question: Callable[[Any, Any], Any], parameter: Parameter) -> None:
        super().__init__()
        self.question = question
        self.parameter = parameter

    def filter(self, queryset: Any, value: Any) -> Any:
        return queryset if value is None else self.question(queryset, value)


class OrderingFilter(QuerySetFilter):
    """Orderings by name; `-` before a name reverses it."""

    def __init__(self, orderings: Mapping[str, Callable[[Any], Any]]) -> None:
        self.orderings = orderings
        names = [name for ordering in orderings for name in (ordering, f"-{ordering}")]
        parameter = ChoiceParameter("The order; - reverses it.", names, example=names[0])
        super().__init__(self.order, parameter)

    def order(self, queryset: Any, name: str) -> Any:
        ordered = self.orderings[name.removeprefix("-")](queryset)
        return ordered.reverse() if name.startswith("-") else ordered


class StrictFilterSet(FilterSet):  # type: ignore[misc]  # untyped
    """A filter set that takes its own parameters, each once, and refuses any other."""

    # Those that filter nothing.
    other_parameters: ClassVar[Mapping[str, Parameter]] = {}

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        queryset: QuerySet[Any],
        locate: Callable[[str], Location],
        errors: Iterable[InvalidValue] = (),
    ) -> None:
        """`locate` says where a parameter is; `errors` are those found before in the request."""
        # Not as FilterSet does, which copies its filters and builds a form for every request:
        # that took longer than many a query. What is declared here keeps nothing of a request.
        self.data, self.queryset, self.is_bound = data, queryset, True
        self.locate = locate
        self.filters = self.base_filters
        self.values = self._read(errors)

    @classmethod
    def parameters(cls) -> dict[str, Parameter]:
        own = {name: declared.parameter for name, declared in cls.base_filters.items()}
        return own | {**cls.other_parameters}

    def _read(self, errors: Iterable[InvalidValue]) -> dict[str, Any]:
        """Each parameter's value. Raises InvalidParameters."""
        parameters = self.parameters()
        errors = [*errors, *unknown(self.data, parameters, self.locate)]
        values = {name: parameter.default for name, parameter in parameters.items()}
        for name in filter(parameters.__contains__, self.data):
            try:
                values[name] = parameters[name].to_python(self.data[name])
            except ValidationError as error:
                errors += invalid_values(self.locate(name), error)
        for name, contradiction in self.contradictions().items():
            errors += invalid_values(self.locate(name), contradiction)
        if errors:
            raise InvalidParameters(errors)
        return values

    def contradictions(self) -> dict[str, ValidationError]:
        """The errors of parameters that are valid each, but not together."""
        return {}

    @property
    def qs(self) -> Any:
        return self.filter_queryset(self.queryset)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for name, declared in self.filters.items():
            queryset = declared.filter(queryset, self.values[name])
        return queryset

    @property
    def is_narrowing(self) -> bool:
        """Whether something is asked that leaves rows out."""
        return any(
            self.values[name] is not None
            for name, declared in self.filters.items()
            if not isinstance(declared, OrderingFilter)
        )

    @property
    def scope(self) -> str:
        """What a cursor belongs to: the parameters that decide which rows come in which order."""
        deciding = {name: self.data[name] for name in sorted(self.data) if name not in PAGING}
        return json.dumps(deciding)


PAGING = {"limit", "cursor"}


class StrictFilterBackend(BaseFilterBackend):
    """Filters by the view's `filterset_class`, and leaves the filter set in `view.filterset`."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        query = read_query(request.query_params)
        if request.method == "POST":
            errors = unknown(query, {}, at_parameter)
            view.filterset = view.filterset_class(
                read_body(request), queryset=queryset, locate=at_pointer, errors=errors
            )
        else:
            view.filterset = view.filterset_class(query, queryset=queryset, locate=at_parameter)
        return view.filterset.qs

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "in": "query",
                "description": parameter.description,
                "schema": dict(parameter.schema),
                **({"style": "form", "explode": False} if parameter.is_list else {}),
                **({} if parameter.example is None else {"example": parameter.example}),
            }
            for name, parameter in view.filterset_class.parameters().items()
        ]


def read_query(query: QueryDict) -> dict[str, QueryText]:
    """Each parameter of a query; one that is given twice refuses to be read."""
    return {
        name: (RepeatedQueryText if len(texts) > 1 else QueryText)(texts[-1])
        for name, texts in query.lists()
    }


def read_body(request: Request) -> dict[str, Any]:
    """Raises ParseError for what is no JSON object, or has no length."""
    # DRF takes a body of unknown length for none, and none for an object without members.
    if not int(request.META.get("CONTENT_LENGTH") or 0):
        raise ParseError("Send a JSON object, and its Content-Length.")
    if not isinstance(request.data, dict):
        raise ParseError("The body must be a JSON object.")
    return request.data


def unknown(
    given: Iterable[str], known: Iterable[str], locate: Callable[[str], Location]
) -> list[InvalidValue]:
    """An error for each name that is not known."""
    names = sorted(known)
    hint = f"There are {', '.join(names)}." if names else "There are none here."
    error = ValidationError(f"This is not known. {hint}", code="unknown")
    return [
        invalid
        for name in given
        if name not in names
        for invalid in invalid_values(locate(name), error)
    ]

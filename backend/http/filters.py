"""Filter sets: the parameters of a list, and what they ask of its queryset."""

import json
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
    unknown,
)
from backend.http.parameters import ChoiceParameter, Parameter, QueryText, RepeatedQueryText


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


def has_body(request: Request) -> bool:
    return int(request.META.get("CONTENT_LENGTH") or 0) > 0


def read_body(request: Request) -> dict[str, Any]:
    """Raises ParseError for what is no JSON object, or has no length."""
    # DRF takes a body of unknown length for none, and none for an object without members.
    if not has_body(request):
        raise ParseError("Send a JSON object, and its Content-Length.")
    if not isinstance(request.data, dict):
        raise ParseError("The body must be a JSON object.")
    return request.data

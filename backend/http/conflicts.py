"""Which fields a row has in common with another, when the database refuses it as not unique."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import F, Model, UniqueConstraint

from backend.http.invalid_values import InvalidValue, at_pointer, invalid_values

UNIQUE_VIOLATION = "23505"


def is_unique_violation(error: Exception) -> bool:
    is_refused = isinstance(error, IntegrityError)
    return is_refused and getattr(error.__cause__, "sqlstate", None) == UNIQUE_VIOLATION


def taken_values(error: Exception) -> list[InvalidValue]:
    """An error at each field of the violated constraint; none if no model declares it."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return [
        invalid
        for model, constraint in _constraints_named(getattr(diagnostics, "constraint_name", None))
        for field in _fields_of(constraint)
        for invalid in invalid_values(at_pointer(field), _violation(model, constraint))
    ]


def _constraints_named(name: str | None) -> Iterator[tuple[type[Model], UniqueConstraint]]:
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if isinstance(constraint, UniqueConstraint) and constraint.name == name:
                yield model, constraint


def _fields_of(constraint: UniqueConstraint) -> list[str]:
    expressions = (*constraint.fields, *constraint.expressions)
    return list(dict.fromkeys(name for each in expressions for name in _references(each)))


def _references(expression: Any) -> Iterator[str]:
    """The fields in an expression, or a field's own name."""
    if isinstance(expression, str):
        yield expression
    elif isinstance(expression, F):
        yield str(expression.name)  # type: ignore[attr-defined]  # missing in the stubs
    else:
        for source in expression.get_source_expressions():
            yield from _references(source)


def _violation(model: type[Model], constraint: UniqueConstraint) -> ValidationError:
    message = constraint.get_violation_error_message()
    if constraint.violation_error_message == constraint.default_violation_error_message:
        # As Django does where it finds out itself: its own words have the constraint's name.
        (message,) = model().unique_error_message(model, constraint.fields).messages
    return ValidationError(message, code="unique")

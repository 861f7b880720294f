"""Parameters of a query, or of a search's JSON body.

A value has one normal form, JSON's. A query's text is brought into it first, so that lists
and searches read their parameters with the same code.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime

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


class IdParameter(Parameter):
    """The id of a row."""

    schema = {"type": "integer", "format": "int64", "minimum": 1, "maximum": 2**63 - 1}

    def from_query(self, text: str) -> int:
        # int() would read the digits of every script.
        return int(text) if re.fullmatch(r"[0-9]{1,19}", text) else 0

    def from_json(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 2**63:
            raise ValidationError("Give an id: a whole number from 1.", code="invalid")
        return value


class BooleanParameter(Parameter):
    """true or false."""

    schema = {"type": "boolean"}

    def from_query(self, text: str) -> Any:
        return {"true": True, "false": False}.get(text)

    def from_json(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Give true or false.", code="invalid")
        return value


class MomentParameter(Parameter):
    """A time with its offset (RFC 3339)."""

    schema = {"type": "string", "format": "date-time"}

    def from_json(self, value: Any) -> datetime:
        moment = self._parsed(value) if isinstance(value, str) and len(value) <= 40 else None
        if moment is None or moment.tzinfo is None:
            message = "Give a time with its offset, such as 2026-11-02T09:30:00Z."
            raise ValidationError(message, code="invalid")
        return moment

    def _parsed(self, text: str) -> datetime | None:
        try:
            return parse_datetime(text)
        except ValueError:  # of the right form, but no time, such as the 31st of June
            return None


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

"""What is not valid in a request, and where: the `errors` of a problem document."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from django.core.exceptions import ValidationError
from rest_framework.settings import api_settings

# One of `parameter`, `pointer` and `header`.
Location = Mapping[str, str]
# A location, and beside it `code` and `message`.
InvalidValue = dict[str, str]

# What a URI's fragment may have in it besides letters and digits (RFC 3986, section 3.5).
FRAGMENT = "-._~!$&'()*+,;=:@?"


def at_parameter(name: str) -> Location:
    """A parameter of the query or the path."""
    return {"parameter": name}


def at_header(name: str) -> Location:
    return {"header": name}


def at_pointer(*members: str | int) -> Location:
    """A JSON Pointer into the body, as a URI fragment (RFC 6901, section 6); `#` is all of it."""
    tokens = (str(member).replace("~", "~0").replace("/", "~1") for member in members)
    return {"pointer": "".join(["#", *(f"/{quote(token, safe=FRAGMENT)}" for token in tokens)])}


def invalid_values(location: Location, error: ValidationError) -> list[InvalidValue]:
    """The errors at one place."""
    return [
        {**location, "code": code, "message": message} for code, message in coded_messages(error)
    ]


def coded_messages(error: ValidationError) -> Iterator[tuple[str, str]]:
    """The code and the message of each error, without what a value is to Python."""
    for each in error.error_list:
        # Django's own message of a choice.
        each.message = str(each.message).replace("%(value)r", "“%(value)s”")
        for message in each.messages:
            yield each.code or "invalid", message


def invalid_members(detail: Any, *members: str | int) -> Iterator[InvalidValue]:
    """The errors of a serializer's `detail`: nested lists and dictionaries, of those in a body."""
    if isinstance(detail, dict):
        for name, nested in detail.items():
            is_own = name == api_settings.NON_FIELD_ERRORS_KEY
            yield from invalid_members(nested, *members, *(() if is_own else (name,)))
    elif isinstance(detail, list):
        for place, nested in enumerate(detail):
            # A list has errors of one value in it, or else the errors of each item.
            is_item = isinstance(nested, dict | list)
            yield from invalid_members(nested, *members, *((place,) if is_item else ()))
    else:
        yield {**at_pointer(*members), "code": detail.code, "message": str(detail)}


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

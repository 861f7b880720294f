"""JSON as RFC 8259 defines it, which is less than Python reads."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.status import HTTP_413_REQUEST_ENTITY_TOO_LARGE

TOO_DEEP = "The body is nested too deeply."


class PayloadTooLarge(APIException):
    status_code = HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is larger than the server accepts."
    default_code = "payload_too_large"


class StrictJSONParser(BaseParser):
    """UTF-8 JSON without NaN, infinities, repeated members and lone surrogates, of bounded size."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002  # the signature is DRF's
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002  # the same
    ) -> Any:
        """Raises PayloadTooLarge, or ParseError with the reason."""
        return loads(read_bounded(stream))


def read_bounded(stream: IO[bytes] | HttpRequest) -> bytes:
    """All of a body; raises PayloadTooLarge."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body: bytes = stream.read(limit + 1)
    if len(body) > limit:
        raise PayloadTooLarge(f"The body is larger than {limit} bytes.")
    return body


def loads(body: bytes) -> Any:
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_constant=_reject_constant,
            parse_float=_finite_float,
            object_pairs_hook=_object,
        )
        # A lone surrogate can be written as an escape, but neither stored nor sent back.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError("The body is not UTF-8.") from error
    except UnicodeEncodeError as error:
        raise ParseError("The body has half of a surrogate pair.") from error
    except RecursionError as error:
        raise ParseError(TOO_DEEP) from error
    except ValueError as error:
        raise ParseError(f"The body is not JSON: {error}.") from error
    return value


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is out of range")
    return number


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) < len(members):
        raise ValueError("an object has a member twice")
    return value

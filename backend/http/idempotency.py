"""Requests that can be sent again without being done twice (draft-ietf-httpapi-idempotency-key)."""

import json
import re
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models.functions import Now
from django.http import HttpRequest

from backend.http.errors import Problem
from backend.http.invalid_values import InvalidValue, at_header, invalid_values
from backend.models import IdempotentRequest
from backend.models.idempotent_request import KEPT_KEYS
from backend.models.keyed_digests import keyed_digest

HEADER = "Idempotency-Key"
# A bare key, or a string of a structured field (RFC 8941, section 3.3.3): printable ASCII.
QUOTED = r'"(?:[ !#-\[\]-~]|\\["\\]){1,255}"'
BARE = r"[!#-\[\]-~]{1,255}"
KEY_PATTERN = f"^(?:{QUOTED}|{BARE})$"


class IdempotencyKey:
    """A key that a request carries, and what was answered when it was first sent.

    All of it happens in the transaction that the request is done in.
    """

    def __init__(self, request: HttpRequest, key: str, body: Any) -> None:
        self._key = keyed_digest("idempotency key", request.path, key)
        self._body = keyed_digest("idempotent body", json.dumps(body, sort_keys=True))

    def earlier_answer(self) -> Any:
        """What was answered within 24 hours; None if this is the first request with the key.

        Raises a Problem: 409 while another is in flight, 422 if that one had another body.
        """
        lock = int.from_bytes(self._key[:8], signed=True)
        with connection.cursor() as cursor:
            # Released when the transaction ends: by then the answer is there, or never will be.
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
            if not cursor.fetchone()[0]:
                raise Problem(
                    HTTPStatus.CONFLICT,
                    f"A request with this {HEADER} is in flight. Wait for its answer.",
                )
        earlier = IdempotentRequest.objects.filter(pk=self._key, expires_at__gt=Now()).first()
        if earlier is None:
            return None
        if bytes(earlier.body) != self._body:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY)
        return earlier.response

    def keep(self, answer: Any) -> None:
        IdempotentRequest.objects.bulk_create(
            [
                IdempotentRequest(
                    key=self._key, body=self._body, response=answer, expires_at=Now() + KEPT_KEYS
                )
            ],
            # One that has expired may not have been purged yet.
            update_conflicts=True,
            unique_fields=["key"],
            update_fields=["body", "response", "expires_at"],
        )


def read_key(request: HttpRequest) -> tuple[str | None, list[InvalidValue]]:
    """The key of the header, bare or quoted, and what is wrong with it."""
    text = request.headers.get(HEADER)
    if text is None:
        return None, []
    if not re.fullmatch(f"{QUOTED}|{BARE}", text):
        error = ValidationError(
            "Give 1 to 255 printable characters of ASCII, such as a UUID.", code="invalid"
        )
        return None, invalid_values(at_header(HEADER), error)
    is_quoted = text.startswith('"')
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if is_quoted else text, []

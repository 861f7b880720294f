"""Requests that can be sent again without being done twice (draft-ietf-httpapi-idempotency-key)."""

import json
import re
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpRequest

from backend.http.errors import Problem
from backend.http.invalid_values import InvalidValue, at_header, invalid_values
from backend.models.keyed_digests import keyed_digest

HEADER = "Idempotency-Key"
KEPT_SECONDS = 24 * 60 * 60

# Two statements, for the second has to see what was committed before the lock was had; sent as
# one. The lock is released when the transaction ends: by then the answer is there, or never is.
CLAIM = """
SELECT pg_try_advisory_xact_lock(%s);
SELECT body, response::text FROM coalition_idempotentrequest WHERE key = %s AND expires_at > now()
"""
# One that has expired may not have been removed yet.
KEEP = """
INSERT INTO coalition_idempotentrequest (key, body, response, expires_at)
VALUES (%s, %s, %s, now() + %s * interval '1 second')
ON CONFLICT (key) DO UPDATE
SET body = excluded.body, response = excluded.response, expires_at = excluded.expires_at
"""

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
            cursor.execute(CLAIM, [lock, self._key])
            if not cursor.fetchone()[0]:
                raise Problem(
                    HTTPStatus.CONFLICT,
                    f"A request with this {HEADER} is in flight. Wait for its answer.",
                )
            cursor.nextset()
            earlier = cursor.fetchone()
        if earlier is None:
            return None
        body, answer = earlier
        if bytes(body) != self._body:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY)
        return json.loads(answer)

    def keep(self, answer: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(KEEP, [self._key, self._body, json.dumps(answer), KEPT_SECONDS])


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

"""Requests as they are on the wire: no client that mends them comes between."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPMessage
from typing import Any, NamedTuple


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


def ask(
    server: str,
    path: str,
    body: bytes | Iterable[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    method: str | None = None,
) -> Answer:
    """GET, or POST if there is a body; parts of a body are sent in chunks, without a length."""
    connection = HTTPConnection(server.removeprefix("http://"), timeout=30)
    try:
        method = method or ("GET" if body is None else "POST")
        # A server may answer before it has been sent everything, and hang up.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, body, {**(headers or {})})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()

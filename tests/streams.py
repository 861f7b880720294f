"""A crowd whose documents are too large for any buffer, and clients that read them slowly."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from typing import Any

import psycopg

from deploy.cluster import HOST
from tests.conftest import connect_as_owner

# Some 45 MB as GeoJSON, and too much, compressed too, for the buffers between the server and a
# client that does not read.
CROWD = 120_000
CROWD_ROWS = """
INSERT INTO stakeholders_stakeholder (
    id, name, organization, role, email, state, county, type, is_public, created_at, updated_at
)
SELECT
    n, 'Stakeholder ' || n, '', noise, n || '@crowd.example', 'MD', reverse(noise), 'business',
    true, '2025-01-01Z'::timestamptz + n * interval '1 s', '2025-01-01Z'
FROM generate_series(1, %s) AS n, LATERAL (
    SELECT translate(encode(sha512(n::text::bytea), 'base64'), E'\\n', '') AS noise
) AS noises
"""

Rows = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def a_crowd() -> Iterator[None]:
    with connect_as_owner() as owner:
        owner.execute(CROWD_ROWS, [CROWD])
        owner.execute("ANALYZE stakeholders_stakeholder")
        yield
        owner.execute("TRUNCATE stakeholders_stakeholder RESTART IDENTITY CASCADE")


@contextmanager
def asking_for(
    port: int, path: str, *, headers: Mapping[str, str] | None = None
) -> Iterator[tuple[socket.socket, HTTPResponse]]:
    """A client with a small buffer, that has read the headers of the answer."""
    with closing(HTTPConnection(HOST, port, timeout=30)) as client, socket.socket() as connected:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        connected.settimeout(30)
        connected.connect((HOST, port))
        client.sock = connected
        client.request("GET", path, headers=headers or {})
        with client.getresponse() as response:
            assert response.status == 200
            yield connected, response


def rest_of(response: HTTPResponse) -> bytes:
    """What comes until the server ends it, however it does."""
    try:
        return response.read()
    except IncompleteRead as error:
        return error.partial

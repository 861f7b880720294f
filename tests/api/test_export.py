"""The whole set of stakeholders on its way from PostgreSQL through pgBouncer to a client."""

import json
import os
import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPResponse, IncompleteRead
from typing import Any
from urllib.parse import quote

import brotli
import pytest
import zstandard
from rest_framework.test import APIClient

from benchmarks.memory import Workers
from deploy.processes import Server
from tests.conftest import connect_directly
from tests.serving import started
from tests.streams import CROWD, CROWD_ROWS, Rows, a_crowd, asking_for, rest_of
from tests.waiting import wait_until

PATH = "/api/v1/stakeholders.geojson"
ENCODINGS = ["identity", "zstd", "br", "gzip"]


@pytest.fixture(scope="module")
def crowd() -> Iterator[None]:
    with a_crowd():
        yield


@pytest.fixture(scope="module")
def api_server() -> Iterator[tuple[Server, int]]:
    """A server of one thread: nothing else is answered while that one is busy."""
    with started(os.environ | {"GRANIAN_BLOCKING_THREADS": "1"}) as server:
        yield server


@pytest.fixture
def port(api_server: tuple[Server, int]) -> int:
    return api_server[1]


@pytest.fixture
def workers(api_server: tuple[Server, int]) -> Workers:
    return Workers(api_server[0])


@pytest.fixture
def reader() -> Iterator[Rows]:
    """A direct connection as coalition_reader, who sees its own sessions and may end them."""
    with connect_directly("public") as connected:
        connected.execute("SET default_transaction_read_only = off")
        yield connected


@pytest.fixture
def impatient_database(reader: Rows) -> Iterator[None]:
    """One that waits for a client in a transaction for 0.3 s, not for a minute."""
    usual = reader.execute("SHOW idle_in_transaction_session_timeout").fetchall()[0][0]
    limit_idling(reader, "300ms")
    yield
    limit_idling(reader, usual)


def limit_idling(reader: Rows, duration: str) -> None:
    reader.execute(
        f"ALTER ROLE coalition_reader IN DATABASE {reader.info.dbname} "
        f"SET idle_in_transaction_session_timeout = '{duration}'"
    )
    # It holds for new connections: the pool is to have no other, within a second.
    reader.execute(
        "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity "
        "WHERE usename = current_user AND pid <> pg_backend_pid()"
    )


def streams(reader: Rows) -> list[int]:
    """The server processes that are in a transaction of coalition_reader."""
    found = reader.execute(
        "SELECT pid FROM pg_stat_activity WHERE usename = current_user "
        "AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
    )
    return [pid for (pid,) in found]


def is_held_up(reader: Rows) -> bool:
    """Whether a stream has waited for its client for a while."""
    found = reader.execute(
        "SELECT FROM pg_stat_activity WHERE usename = current_user "
        "AND state = 'idle in transaction' AND clock_timestamp() - state_change > '0.2 s'"
    )
    return found.rowcount == 1


@contextmanager
def asking(
    port: int, *, encoding: str = "identity", query: str = ""
) -> Iterator[tuple[socket.socket, HTTPResponse]]:
    headers = {"Accept-Encoding": encoding}
    with asking_for(port, PATH + query, headers=headers) as asked:
        yield asked


def fetch(port: int, **question: Any) -> bytes:
    with asking(port, **question) as (_, response):
        return response.read()


class Brotli:
    """Brotli's decompressor, with the names of the others."""

    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()
        self.decompress: Callable[[bytes], bytes] = self._decompressor.process

    @property
    def eof(self) -> bool:
        finished: bool = self._decompressor.is_finished()
        return finished


DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    "zstd": lambda: zstandard.ZstdDecompressor().decompressobj(),
    "br": Brotli,
    "gzip": lambda: zlib.decompressobj(wbits=31),
}


def decoded(data: bytes, encoding: str) -> tuple[bytes, bool]:
    """What was compressed, and whether it is all there, as far as the encoding knows."""
    if encoding == "identity":
        return data, True
    decompressor = DECOMPRESSORS[encoding]()
    return decompressor.decompress(data), decompressor.eof


def close(client: socket.socket, response: HTTPResponse) -> None:
    response.close()
    client.close()


def reset(client: socket.socket, response: HTTPResponse) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    close(client, response)


def finish(client: socket.socket, response: HTTPResponse) -> None:
    """A FIN alone: closing a socket with something left to read resets the connection."""
    client.shutdown(socket.SHUT_WR)


@pytest.mark.usefixtures("crowd")
class TestClient:
    @pytest.mark.parametrize("encoding", ["identity", "zstd"])
    @pytest.mark.parametrize("hang_up", [close, reset, finish])
    def test_that_hangs_up_frees_its_connection_within_a_second(
        self,
        port: int,
        reader: Rows,
        hang_up: Callable[[socket.socket, HTTPResponse], None],
        encoding: str,
    ) -> None:
        with asking(port, encoding=encoding) as (client, response):
            response.read(100_000)
            wait_until(lambda: is_held_up(reader))

            hang_up(client, response)

            wait_until(lambda: not streams(reader), seconds=1)
        assert json.loads(fetch(port, query="?search=nobody"))["features"] == []

    def test_that_reads_slowly_gets_what_there_was_at_one_moment(
        self, port: int, reader: Rows, owner: Rows
    ) -> None:
        with asking(port) as (_, response):
            received = response.read(100_000)
            wait_until(lambda: is_held_up(reader))

            with owner.transaction():
                owner.execute(CROWD_ROWS.replace("(1, %s)", "(0, %s)"), [0])
                owner.execute("DELETE FROM stakeholders_stakeholder WHERE id = 1")
                owner.execute("UPDATE stakeholders_stakeholder SET name = 'New' WHERE id = 2")
            received += response.read()

        features = json.loads(received)["features"]
        assert len(features) == CROWD
        assert [feature["properties"]["name"] for feature in features[-2:]] == [
            "Stakeholder 2",
            "Stakeholder 1",
        ]

    @pytest.mark.usefixtures("impatient_database")
    def test_that_reads_nothing_for_too_long_gets_no_end(self, port: int, reader: Rows) -> None:
        with asking(port) as (_, response):
            received = response.read(100_000)

            wait_until(lambda: not streams(reader))
            received += rest_of(response)

        with pytest.raises(json.JSONDecodeError):
            json.loads(received)


@pytest.mark.usefixtures("crowd")
class TestFailure:
    @pytest.mark.parametrize("encoding", ENCODINGS)
    def test_in_the_middle_leaves_no_document(self, port: int, reader: Rows, encoding: str) -> None:
        with asking(port, encoding=encoding) as (_, response):
            received = response.read(100_000)
            wait_until(lambda: is_held_up(reader))

            (stream,) = streams(reader)
            reader.execute("SELECT pg_terminate_backend(%s)", [stream])
            received += rest_of(response)

        text, is_whole = decoded(received, encoding)
        assert is_whole == (encoding == "identity")
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)
        assert json.loads(fetch(port, query="?search=nobody"))["features"] == []

    @pytest.mark.xfail(reason="granian 2.8 ends every body as if it were complete")
    def test_in_the_middle_cuts_the_transfer_off(self, port: int, reader: Rows) -> None:
        with asking(port) as (_, response):
            wait_until(lambda: is_held_up(reader))

            (stream,) = streams(reader)
            reader.execute("SELECT pg_terminate_backend(%s)", [stream])

            with pytest.raises(IncompleteRead):
                response.read()

    def test_that_cannot_be_told_from_the_end_is_stored_by_no_cache(self, port: int) -> None:
        with asking(port) as (_, response):
            assert "no-store" in response.headers["Cache-Control"]
        with asking(port, query="?search=nobody") as (_, response):
            assert "no-store" not in response.headers["Cache-Control"]


@pytest.mark.usefixtures("crowd")
class TestMemory:
    @pytest.mark.parametrize("encoding", ENCODINGS)
    def test_does_not_grow_with_the_document(
        self, port: int, workers: Workers, encoding: str
    ) -> None:
        fetch(port, encoding=encoding, query="?search=nobody")
        workers.mark()

        received = fetch(port, encoding=encoding)

        text, _ = decoded(received, encoding)
        assert len(text) > 42e6
        assert workers.growth_mb() < 32


@pytest.mark.usefixtures("crowd")
class TestLength:
    @pytest.mark.parametrize(("oldest", "is_told"), [(10_000, True), (10_001, False)])
    def test_is_told_of_a_set_no_larger_than_a_page(
        self, port: int, owner: Rows, oldest: int, is_told: bool
    ) -> None:
        county = f"The oldest {oldest}"
        owner.execute(
            "UPDATE stakeholders_stakeholder SET county = %s WHERE id <= %s", [county, oldest]
        )

        with asking(port, query=f"?county={quote(county)}") as (_, response):
            features = json.loads(response.read())["features"]

        assert len(features) == oldest
        assert ("Content-Length" in response.headers) == is_told


class TestHead:
    @pytest.mark.django_db
    @pytest.mark.usefixtures("crowd")
    def test_reads_one_row_and_says_what_get_would(
        self, api: APIClient, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(2) as queries:  # the revision, and whether it is large
            response = api.head(PATH)

        assert response.status_code == 200
        assert "LIMIT 1 OFFSET 10000" in queries.captured_queries[1]["sql"]
        assert response["Cache-Control"] == "no-store"
        assert api.head(f"{PATH}?search=nobody")["Cache-Control"] == "public, no-cache"
        assert response["Content-Type"] == "application/geo+json"
        assert "Content-Length" not in response

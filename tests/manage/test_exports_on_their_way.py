"""An export on its way from PostgreSQL through pgBouncer to a client, who may be slow, or gone."""

import csv
import io
import json
import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager
from http.client import HTTPResponse
from typing import Any

import pytest
from knox.models import AuthToken

from benchmarks.memory import Workers
from deploy.processes import Server
from tests.conftest import connect_as_owner, connect_directly, remove_committed_rows
from tests.factories import make_user
from tests.serving import started
from tests.streams import CROWD, Rows, a_crowd, asking_for, rest_of
from tests.waiting import wait_until

CSV = "/api/v1/manage/exports/stakeholders.csv"
JSON = "/api/v1/manage/exports/stakeholders.json"


@pytest.fixture(scope="module")
def token(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """An administrator's, beside a crowd."""
    with a_crowd():
        with django_db_blocker.unblock():
            text = AuthToken.objects.create(make_user("administrator"))[1]
        yield text
        with django_db_blocker.unblock():
            remove_committed_rows()


@pytest.fixture(scope="module")
def api_server() -> Iterator[tuple[Server, int]]:
    """A server of one thread: nothing else is answered while that one is busy."""
    with started(os.environ | {"GRANIAN_BLOCKING_THREADS": "1"}) as server:
        yield server


@pytest.fixture
def app() -> Iterator[Rows]:
    """A direct connection as coalition_app, who sees its own sessions and may end them."""
    with connect_directly("default") as connected:
        yield connected


class Exporter:
    """Somebody who exports."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token

    def asking(
        self, path: str, encoding: str = "identity"
    ) -> AbstractContextManager[tuple[socket.socket, HTTPResponse]]:
        headers = {"Authorization": f"Token {self._token}", "Accept-Encoding": encoding}
        return asking_for(self._port, path, headers=headers)

    def fetch(self, path: str, encoding: str = "identity") -> bytes:
        with self.asking(path, encoding) as (_, response):
            return response.read()


@pytest.fixture
def exporter(api_server: tuple[Server, int], token: str) -> Exporter:
    return Exporter(api_server[1], token)


def streams(app: Rows) -> list[int]:
    """The server processes that wait in a transaction of coalition_app for a client."""
    found = app.execute(
        "SELECT pid FROM pg_stat_activity WHERE usename = current_user "
        "AND state = 'idle in transaction' AND clock_timestamp() - state_change > '0.2 s'"
    )
    return [pid for (pid,) in found]


def last_record() -> tuple[Any, ...]:
    with connect_as_owner() as owner:
        return owner.execute(
            "SELECT format, rows, finished_at IS NOT NULL FROM coalition_export "
            "ORDER BY id DESC LIMIT 1"
        ).fetchall()[0]


def cells_of(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), strict=True))


class TestClient:
    def test_gets_all_rows_and_has_them_on_record(self, exporter: Exporter) -> None:
        rows = cells_of(exporter.fetch(CSV))

        assert len(rows) == CROWD + 1
        assert {len(cells) for cells in rows} == {16}
        assert last_record() == ("csv", CROWD, True)

    def test_that_hangs_up_frees_its_connection_within_a_second(
        self, exporter: Exporter, app: Rows
    ) -> None:
        with exporter.asking(CSV) as (client, response):
            response.read(100_000)
            wait_until(lambda: len(streams(app)) == 1)

            response.close()
            client.close()

            wait_until(lambda: not streams(app), seconds=1)
        assert last_record() == ("csv", None, False)
        assert len(json.loads(exporter.fetch(f"{JSON}?search=nobody"))) == 0


class TestFailure:
    @pytest.mark.parametrize("path", [CSV, JSON])
    def test_in_the_middle_is_seen_at_the_end(
        self, exporter: Exporter, app: Rows, path: str
    ) -> None:
        with exporter.asking(path) as (_, response):
            received = response.read(100_000)
            wait_until(lambda: len(streams(app)) == 1)

            app.execute("SELECT pg_terminate_backend(%s)", [streams(app)[0]])
            received += rest_of(response)

        if path == CSV:
            assert cells_of(received)[-1] == [
                "This export broke off here and lacks rows. Export again."
            ]
        else:
            with pytest.raises(json.JSONDecodeError):
                json.loads(received)
        assert last_record()[1:] == (None, False)


class TestMemory:
    @pytest.mark.parametrize("encoding", ["identity", "zstd"])
    @pytest.mark.parametrize("path", [CSV, JSON])
    def test_does_not_grow_with_the_table(
        self, exporter: Exporter, api_server: tuple[Server, int], path: str, encoding: str
    ) -> None:
        exporter.fetch(f"{path}?search=nobody", encoding)
        workers = Workers(api_server[0])
        workers.mark()

        exporter.fetch(path, encoding)

        assert workers.growth_mb() < 32

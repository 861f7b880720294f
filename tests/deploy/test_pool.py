"""pgBouncer as requests meet it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from deploy.cluster import Cluster
from deploy.pool import Pool
from deploy.processes import Account, Server

DEFAULT = settings.DATABASES["default"]
POOL_SIZE = 20  # of deploy/pgbouncer.ini


def connect() -> "psycopg.Connection[tuple[int]]":
    return psycopg.connect(
        host=DEFAULT["HOST"],
        port=DEFAULT["PORT"],
        dbname=DEFAULT["NAME"],
        user=DEFAULT["USER"],
        password=DEFAULT["PASSWORD"],
        autocommit=True,
    )


class TestTransactionMode:
    def test_serves_more_clients_than_it_has_connections(self) -> None:
        with ExitStack() as clients:
            connected = [clients.enter_context(connect()) for _ in range(POOL_SIZE + 5)]

            servers = [client.execute("SELECT pg_backend_pid()").fetchone() for client in connected]

        assert len(set(servers)) <= POOL_SIZE

    def test_keeps_a_transaction_on_one_connection(self) -> None:
        with connect() as client, connect() as other, client.transaction():
            first = client.execute("SELECT pg_backend_pid()").fetchone()
            between = other.execute("SELECT pg_backend_pid()").fetchone()
            second = client.execute("SELECT pg_backend_pid()").fetchone()

        assert first == second != between


@pytest.fixture
def second_pool() -> Iterator[Pool]:
    """Another pgBouncer before the same server, for a test to break."""
    account = Account.for_servers()
    # pytest's own folders are closed to the account of the servers.
    folder = Path(tempfile.mkdtemp(prefix="coalition-pool-"))
    folder.chmod(0o755)
    cluster = Cluster(
        folder / "none", account=account, log=folder / "postgresql.log", superuser_password=""
    )
    cluster.port = int(settings.DATABASES["owner"]["PORT"])
    yield Pool(
        folder / "pgbouncer",
        cluster=cluster,
        log=folder / "pgbouncer.log",
        passwords={DEFAULT["USER"]: DEFAULT["PASSWORD"]},
    )
    shutil.rmtree(folder)


@pytest.fixture
def running(second_pool: Pool) -> Iterator[list[Server]]:
    """The servers that run; a test that starts another adds it."""
    servers = [second_pool.start()]
    yield servers
    for server in servers:
        server.stop()


@pytest.mark.django_db(transaction=True)
class TestRestart:
    def test_of_the_pool_is_not_noticed_by_the_next_request(
        self, second_pool: Pool, running: list[Server]
    ) -> None:
        connections = ConnectionHandler({"default": DEFAULT | {"PORT": second_pool.port}})
        requests = connections["default"]
        with requests.cursor() as cursor:
            cursor.execute("SELECT 1")

        running[0].stop()
        running.append(second_pool.start())
        # What Django does as each request begins.
        requests.close_if_unusable_or_obsolete()

        with requests.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)
        requests.close()

    def test_leaves_a_request_without_a_pool_with_an_error_at_once(
        self, second_pool: Pool, running: list[Server]
    ) -> None:
        connections = ConnectionHandler({"default": DEFAULT | {"PORT": second_pool.port}})
        running[0].stop()

        with pytest.raises(OperationalError, match="refused"):
            connections["default"].ensure_connection()

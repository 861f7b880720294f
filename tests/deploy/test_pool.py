"""pgBouncer as requests meet it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from deploy.cluster import Cluster
from deploy.pool import Pool
from deploy.processes import Account, Server
from tests.conftest import Connection, connect
from tests.contract.asking import ask
from tests.serving import serving

DEFAULT, PUBLIC = settings.DATABASES["default"], settings.DATABASES["public"]
POOL_SIZE = 20  # of deploy/pgbouncer.ini


def connect_as(role: str) -> Connection:
    return connect(role, through="default")


@pytest.mark.parametrize("role", ["coalition_app", "coalition_reader"])
class TestTransactionMode:
    def test_serves_more_clients_than_it_has_connections(self, role: str) -> None:
        with ExitStack() as clients:
            connected = [clients.enter_context(connect_as(role)) for _ in range(POOL_SIZE + 5)]

            servers = [client.execute("SELECT pg_backend_pid()").fetchone() for client in connected]

        assert len(set(servers)) <= POOL_SIZE

    def test_keeps_a_transaction_on_one_connection(self, role: str) -> None:
        with connect_as(role) as client, connect_as(role) as other, client.transaction():
            first = client.execute("SELECT pg_backend_pid()").fetchone()
            between = other.execute("SELECT pg_backend_pid()").fetchone()
            second = client.execute("SELECT pg_backend_pid()").fetchone()

        assert first == second != between


class TestEachRole:
    @pytest.mark.parametrize(
        ("busy", "other"),
        [("coalition_reader", "coalition_app"), ("coalition_app", "coalition_reader")],
    )
    def test_has_connections_that_the_other_does_not_wait_for(self, busy: str, other: str) -> None:
        with ExitStack() as clients:
            for _ in range(POOL_SIZE):
                client = clients.enter_context(connect_as(busy))
                clients.enter_context(client.transaction())
                client.execute("SELECT 1")

            with connect_as(other) as served:
                user = served.execute("SELECT current_user::text").fetchone()

        assert user == (other,)


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
        passwords={each["USER"]: each["PASSWORD"] for each in (DEFAULT, PUBLIC)},
    )
    shutil.rmtree(folder)


@pytest.fixture
def running(second_pool: Pool) -> Iterator[list[Server]]:
    """The servers that run; a test that starts another adds it."""
    servers = [second_pool.start()]
    yield servers
    for server in servers:
        server.stop()


def connections_through(pool: Pool) -> ConnectionHandler:
    databases = {"default": DEFAULT, "public": PUBLIC}
    return ConnectionHandler(
        {alias: database | {"PORT": pool.port} for alias, database in databases.items()}
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("alias", ["default", "public"])
class TestRestart:
    def test_of_the_pool_is_not_noticed_by_the_next_request(
        self, alias: str, second_pool: Pool, running: list[Server]
    ) -> None:
        requests = connections_through(second_pool)[alias]
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
        self, alias: str, second_pool: Pool, running: list[Server]
    ) -> None:
        requests = connections_through(second_pool)[alias]
        running[0].stop()

        with pytest.raises(OperationalError, match="refused"):
            requests.ensure_connection()


class TestReadiness:
    @pytest.mark.parametrize(
        ("variable", "database"), [("DATABASE_URL", DEFAULT), ("DATABASE_READER_URL", PUBLIC)]
    )
    def test_goes_and_comes_back_with_the_pool_of_either_role(
        self, variable: str, database: dict[str, Any], second_pool: Pool, running: list[Server]
    ) -> None:
        own_url = os.environ[variable]
        through_second = own_url.replace(f":{database['PORT']}/", f":{second_pool.port}/")
        statuses = []

        with serving(os.environ | {variable: through_second}) as server:
            statuses.append(ask(server, "/health/ready").status)
            running[0].stop()
            statuses.append(ask(server, "/health/ready").status)
            running.append(second_pool.start())
            statuses.append(ask(server, "/health/ready").status)

        assert statuses == [200, 503, 200]

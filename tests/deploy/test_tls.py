"""TLS from the API to pgBouncer, and from there to PostgreSQL, with certificates good and bad."""

import datetime as dt
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.db import OperationalError, connections
from rest_framework.test import APIClient

from backend.database.base import DatabaseWrapper
from deploy.cluster import HOST
from tests.deploy.certificates import ELSEWHERE, HERE, Authority, Certificate
from tests.deploy.own_cluster import PostgreSQL
from tests.deploy.production_pool import Pool
from tests.waiting import wait_until

TRUSTED, IMPOSTOR = Authority("Coalition"), Authority("Impostor")
GOOD = TRUSTED.issue(HERE)
# What is shown instead, and what whoever meets it says.
BAD = {
    "impostor": (IMPOSTOR.issue(HERE), "certificate verify failed"),
    "wrong_name": (TRUSTED.issue(ELSEWHERE), "elsewhere.example|not present in server cert"),
    "expired": (TRUSTED.issue(HERE, ends_in=dt.timedelta(minutes=-1)), "certificate verify failed"),
}
NO_TLS = {"no_tls": (None, "does not support SSL")}


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    with tempfile.TemporaryDirectory(prefix="coalition-tls-") as name:
        home = Path(name)
        home.chmod(0o755)
        postgresql = PostgreSQL.in_folder(home)
        with postgresql.running():
            yield postgresql
        shutil.rmtree(home / "servers")


@pytest.fixture(scope="module")
def production(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """DATABASES as production has it, for PostgreSQL's own port."""
    bundle = tmp_path_factory.mktemp("tls") / "ca.pem"
    bundle.write_text(TRUSTED.pem)
    place = f"word@{HOST}:{postgresql.cluster.port}/coalition"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "backend.settings.production",
        "ALLOWED_HOSTS": "testserver",
        "DATABASE_CA_BUNDLE": str(bundle),
        "DATABASE_URL": f"postgresql://coalition_app:{place}",
        "DATABASE_READER_URL": f"postgresql://coalition_reader:{place}",
        "EMAIL_URL": "smtp://mail.example",
        "DEFAULT_FROM_EMAIL": "office@coalition.example",
        "COALITION_ADDRESS": "1 Dock Street",
        "IMAGES_URL": "s3://images?region=eu-west-1",
        "FRONTEND_URL": "https://www.coalition.example",
    }
    program = "import json; from django.conf import settings; print(json.dumps(settings.DATABASES))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    databases: dict[str, Any] = json.loads(done.stdout)
    return databases


@pytest.fixture
def pool(production: dict[str, Any]) -> Iterator[Pool]:
    """Verifies PostgreSQL's certificate, and shows a good one itself."""
    pool = Pool(production["default"], production["public"])
    pool.trust(TRUSTED)
    pool.show(GOOD)
    yield pool
    pool.server.stop()
    shutil.rmtree(pool.folder)


class Chain(NamedTuple):
    postgresql: PostgreSQL
    pool: Pool
    production: dict[str, Any]


@pytest.fixture
def chain(postgresql: PostgreSQL, pool: Pool, production: dict[str, Any]) -> Chain:
    return Chain(postgresql, pool, production)


@contextmanager
def connected(database: dict[str, Any], *, port: int | None = None) -> Iterator[DatabaseWrapper]:
    """As the API connects to the public's database: at this port, or at PostgreSQL's own."""
    defaults = settings.DATABASES["public"]
    wrapper = DatabaseWrapper(defaults | database | {"PORT": port or database["PORT"]}, "public")
    stacks_own, connections["public"] = connections["public"], wrapper
    try:
        yield wrapper
    finally:
        connections["public"] = stacks_own
        wrapper.close()


def refusal(wrapper: DatabaseWrapper) -> str:
    with pytest.raises(OperationalError) as refused:
        wrapper.ensure_connection()
    return str(refused.value)


def assert_is_told_to_come_back(api: APIClient) -> None:
    began_at = time.monotonic()
    answer = api.get("/api/v1/stakeholders?limit=1")
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert answer["Retry-After"] == "5"
    assert time.monotonic() - began_at < 5


@pytest.mark.django_db(transaction=True)
class TestBothLegs:
    def test_are_encrypted_when_both_certificates_are_good(
        self, postgresql: PostgreSQL, pool: Pool, production: dict[str, Any]
    ) -> None:
        postgresql.show(GOOD)
        pool.start()

        with connected(production["public"], port=pool.port) as client, client.cursor() as cursor:
            cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")

            assert client.connection.pgconn.ssl_in_use
            assert cursor.fetchone() == (True,)

    def test_take_up_renewed_certificates_and_keep_who_is_connected(
        self, postgresql: PostgreSQL, pool: Pool
    ) -> None:
        renewed = Authority("Coalition, renewed")
        postgresql.show(GOOD)
        pool.start()
        with pool.connect("word", sslmode="require") as client:
            pool.show(renewed.issue(HERE))
            pool.trust(renewed)
            postgresql.show(renewed.issue(HERE))
            bundle = pool.account.write(pool.folder / "renewed.pem", renewed.pem)
            bundle.chmod(0o644)
            verified = {"sslmode": "verify-full", "sslrootcert": str(bundle)}
            wait_until(lambda: pool.accepts("word", **verified))
            postgresql.end_sessions()
            wait_until(lambda: postgresql.sessions() == 0)
            # By then it has noticed that they are gone.
            assert pool.accepts("word", **verified)

            row = client.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")

            assert row.fetchone() == (True,)


def shown_one_of(certificates: dict[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("shown", "reason"), certificates.values(), ids=certificates)


@pytest.mark.django_db(transaction=True)
class TestRefused:
    @shown_one_of(BAD)
    def test_by_the_pool_is_a_bad_certificate_of_postgresql(
        self, shown: Certificate, reason: str, postgresql: PostgreSQL, pool: Pool
    ) -> None:
        postgresql.show(shown)
        pool.start()

        # It waits until the pool has ended.
        Thread(target=pool.accepts, args=["word"], daemon=True).start()

        wait_until(lambda: re.search(reason, pool.log) is not None)
        assert postgresql.sessions() == 0

    def test_by_the_pool_is_postgresql_without_tls(
        self, postgresql: PostgreSQL, pool: Pool, production: dict[str, Any], api: APIClient
    ) -> None:
        postgresql.show(None)
        pool.start()

        with connected(production["public"], port=pool.port):
            assert_is_told_to_come_back(api)

        assert postgresql.sessions() == 0

    @shown_one_of(BAD | NO_TLS)
    def test_by_the_api_is_a_pool(
        self, shown: Certificate | None, reason: str, chain: Chain, api: APIClient
    ) -> None:
        chain.postgresql.show(GOOD)
        chain.pool.show(shown)
        chain.pool.start()

        with connected(chain.production["public"], port=chain.pool.port) as client:
            assert re.search(reason, refusal(client))
            assert_is_told_to_come_back(api)

    @shown_one_of(BAD | NO_TLS)
    def test_by_migrations_is_postgresql(
        self,
        shown: Certificate | None,
        reason: str,
        postgresql: PostgreSQL,
        production: dict[str, Any],
    ) -> None:
        postgresql.show(shown)
        owner = production["default"] | {"USER": "coalition_master"}

        with connected(owner) as client:
            assert re.search(reason, refusal(client))

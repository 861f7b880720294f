"""deploy/pgbouncer.sh as the image runs it, before the real PostgreSQL."""

import datetime as dt
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.conf import settings

from deploy.cluster import DEPLOY, HOST
from deploy.processes import Account, Server, accepts_connections, free_port, run


class Pool:
    """The script in a folder of its own, with the variables that an image would be given."""

    def __init__(self, app: dict[str, Any], reader: dict[str, Any]) -> None:
        self.account = Account.for_servers()
        self.folder = Path(tempfile.mkdtemp(prefix="coalition-pool-"))
        self.account.make_folder(self.folder)
        self.image = self.account.make_folder(self.folder / "deploy")
        for name in ("pgbouncer.sh", "pgbouncer.ini"):
            shutil.copy(DEPLOY / name, self.image)
            (self.image / name).chmod(0o755)
        self.port = free_port()
        self.password_files = {
            role["USER"]: self.folder / f"{role['USER']}.password" for role in (app, reader)
        }
        self.env = {
            "PATH": f"/usr/sbin:{os.environ['PATH']}",
            "RUNTIME_DIRECTORY": str(self.folder),
            "POOL_PORT": str(self.port),
            "DATABASE_HOST": str(app["HOST"]),
            "DATABASE_PORT": str(app["PORT"]),
            "DATABASE_PASSWORD_FILE": str(self.password_files["coalition_app"]),
            "DATABASE_READER_PASSWORD_FILE": str(self.password_files["coalition_reader"]),
        }
        for role in (app, reader):
            self.store(role["PASSWORD"], role=role["USER"])

    def store(self, password: str, *, role: str) -> None:
        self.account.write(self.password_files[role], password)

    def start(self) -> None:
        self.server = Server(
            "pgBouncer",
            [self.image / "pgbouncer.sh", "run"],
            account=self.account,
            env=self.env,
            log=self.folder / "log",
            stop_signal=signal.SIGINT,
        )
        self.server.wait_until(lambda: accepts_connections(HOST, self.port))

    def reload(self) -> "subprocess.CompletedProcess[bytes]":
        return run([self.image / "pgbouncer.sh", "reload"], account=self.account, env=self.env)

    def accepts(self, password: str, *, role: str = "coalition_app") -> bool:
        try:
            self.connect(password, role=role).close()
        except psycopg.OperationalError:
            return False
        return True

    def connect(
        self, password: str, *, role: str = "coalition_app", **options: str
    ) -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(
            host="localhost",
            port=self.port,
            user=role,
            password=password,
            dbname="coalition",
            **options,  # type: ignore[arg-type]  # the stubs know no option by name
        )


@pytest.fixture
def pool(direct: dict[str, Any], direct_reader: dict[str, Any]) -> Iterator[Pool]:
    pool = Pool(direct, direct_reader)
    yield pool
    shutil.rmtree(pool.folder)


@pytest.fixture
def started(pool: Pool) -> Iterator[Pool]:
    pool.start()
    yield pool
    pool.server.stop()


PASSWORDS = ["DATABASE_PASSWORD", "DATABASE_READER_PASSWORD"]


class TestReload:
    @pytest.mark.parametrize("alias", ["default", "public"])
    def test_takes_up_a_changed_password_and_keeps_who_is_connected(
        self, alias: str, started: Pool, change_password: Callable[[str, str], None]
    ) -> None:
        role, former = (settings.DATABASES[alias][name] for name in ("USER", "PASSWORD"))
        with started.connect(former, role=role) as connected:
            change_password(alias, 'chan"ged')
            started.store('chan"ged', role=role)

            done = started.reload()

            assert done.returncode == 0
            started.server.wait_until(lambda: started.accepts('chan"ged', role=role), seconds=5)
            assert not started.accepts(former, role=role)
            assert connected.execute("SELECT current_user").fetchone() == (role,)

    def test_takes_up_both_passwords(
        self, started: Pool, change_password: Callable[[str, str], None]
    ) -> None:
        changed = {"default": ("coalition_app", "one"), "public": ("coalition_reader", "two")}
        for alias, (role, password) in changed.items():
            change_password(alias, password)
            started.store(password, role=role)

        started.reload()

        started.server.wait_until(
            lambda: all(started.accepts(word, role=role) for role, word in changed.values()),
            seconds=5,
        )

    @pytest.mark.parametrize("name", PASSWORDS)
    def test_without_a_password_is_refused_and_changes_nothing(
        self, name: str, started: Pool, direct: dict[str, Any], direct_reader: dict[str, Any]
    ) -> None:
        del started.env[f"{name}_FILE"]

        done = started.reload()

        assert done.returncode == 1
        assert done.stdout.decode().startswith(f"Set {name}, or {name}_FILE")
        for each in (direct, direct_reader):
            assert started.accepts(each["PASSWORD"], role=each["USER"])


class TestRun:
    @pytest.mark.parametrize("name", ["DATABASE_HOST", *PASSWORDS])
    def test_says_what_is_missing(self, name: str, pool: Pool) -> None:
        del pool.env[name if name in pool.env else f"{name}_FILE"]

        done = run([pool.image / "pgbouncer.sh", "run"], account=pool.account, env=pool.env)

        assert done.returncode == 1
        assert done.stdout.decode().startswith(f"Set {name}")

    @pytest.mark.parametrize("name", PASSWORDS)
    def test_says_which_password_is_empty(self, name: str, pool: Pool) -> None:
        Path(pool.env[f"{name}_FILE"]).write_text("")

        done = run([pool.image / "pgbouncer.sh", "run"], account=pool.account, env=pool.env)

        assert done.returncode == 1
        assert done.stdout.decode().startswith(f"Set {name}, or {name}_FILE")

    def test_reads_passwords_from_variables_too(
        self, pool: Pool, direct: dict[str, Any], direct_reader: dict[str, Any]
    ) -> None:
        for name, role in zip(PASSWORDS, (direct, direct_reader), strict=True):
            del pool.env[f"{name}_FILE"]
            pool.env[name] = role["PASSWORD"]

        pool.start()

        for role in (direct, direct_reader):
            assert pool.accepts(role["PASSWORD"], role=role["USER"])
        pool.server.stop()

    def test_lets_nobody_else_in(self, started: Pool) -> None:
        owner = settings.DATABASES["owner"]

        assert not started.accepts(owner["PASSWORD"], role=owner["USER"])


@pytest.fixture
def certificate(pool: Pool) -> Path:
    """localhost's, signed by itself; the pool has the key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = signed.public_bytes(Encoding.PEM)
    pool.env["POOL_TLS_CERTIFICATE"] = pem.decode()
    pool.env["POOL_TLS_KEY"] = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    ).decode()
    path = pool.folder / "ca.pem"
    path.write_bytes(pem)
    path.chmod(0o644)
    return path


@pytest.fixture
def authorities(pool: Pool, certificate: Path) -> None:
    pool.env["DATABASE_CA_BUNDLE"] = str(certificate)


class TestTls:
    def test_lets_the_client_verify_the_pool(
        self, certificate: Path, started: Pool, direct: dict[str, Any]
    ) -> None:
        with started.connect(
            direct["PASSWORD"], sslmode="verify-full", sslrootcert=str(certificate)
        ) as connected:
            assert connected.pgconn.ssl_in_use

    @pytest.mark.usefixtures("certificate")
    def test_is_required(self, started: Pool, direct: dict[str, Any]) -> None:
        with pytest.raises(psycopg.OperationalError, match="SSL required"):
            started.connect(direct["PASSWORD"], sslmode="disable")

    @pytest.mark.usefixtures("authorities")
    def test_is_required_of_postgresql_too_once_its_authorities_are_named(
        self, started: Pool, direct: dict[str, Any]
    ) -> None:
        # The stack's PostgreSQL has no certificate to show.
        with pytest.raises(psycopg.OperationalError):
            started.connect(direct["PASSWORD"], sslmode="require")

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

from deploy.cluster import DEPLOY, HOST
from deploy.processes import Account, Server, accepts_connections, free_port


class Pool:
    """The script in a folder of its own, with the variables that an image would be given."""

    def __init__(self, database: dict[str, Any]) -> None:
        self.account = Account.for_servers()
        self.folder = Path(tempfile.mkdtemp(prefix="coalition-pool-"))
        self.account.make_folder(self.folder)
        self.image = self.account.make_folder(self.folder / "deploy")
        for name in ("pgbouncer.sh", "pgbouncer.ini"):
            shutil.copy(DEPLOY / name, self.image)
            (self.image / name).chmod(0o755)
        self.port = free_port()
        self.password_file = self.folder / "password"
        self.env = {
            "PATH": f"/usr/sbin:{os.environ['PATH']}",
            "RUNTIME_DIRECTORY": str(self.folder),
            "POOL_PORT": str(self.port),
            "DATABASE_HOST": str(database["HOST"]),
            "DATABASE_PORT": str(database["PORT"]),
            "DATABASE_PASSWORD_FILE": str(self.password_file),
        }
        self.store(database["PASSWORD"])

    def store(self, password: str) -> None:
        self.password_file.write_text(password)
        os.chown(self.password_file, self.account.uid, self.account.gid)

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

    def reload(self) -> None:
        reloading = Server(
            "reload", [self.image / "pgbouncer.sh", "reload"], account=self.account, env=self.env
        )
        assert reloading.process.wait() == 0

    def accepts(self, password: str) -> bool:
        try:
            self.connect(password).close()
        except psycopg.OperationalError:
            return False
        return True

    def connect(self, password: str, **options: str) -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(
            host="localhost",
            port=self.port,
            user="coalition_app",
            password=password,
            dbname="coalition",
            **options,  # type: ignore[arg-type]  # the stubs know no option by name
        )


@pytest.fixture
def pool(direct: dict[str, Any]) -> Iterator[Pool]:
    pool = Pool(direct)
    yield pool
    shutil.rmtree(pool.folder)


@pytest.fixture
def started(pool: Pool) -> Iterator[Pool]:
    pool.start()
    yield pool
    pool.server.stop()


class TestReload:
    def test_takes_up_a_changed_password_and_keeps_who_is_connected(
        self, started: Pool, direct: dict[str, Any], change_password: Callable[[str], None]
    ) -> None:
        with started.connect(direct["PASSWORD"]) as connected:
            change_password('chan"ged')
            started.store('chan"ged')

            started.reload()

            started.server.wait_until(lambda: started.accepts('chan"ged'), seconds=5)
            assert not started.accepts(direct["PASSWORD"])
            assert connected.execute("SELECT current_user").fetchone() == ("coalition_app",)


class TestRun:
    @pytest.mark.parametrize("name", ["DATABASE_HOST", "DATABASE_PASSWORD"])
    def test_says_what_is_missing(self, name: str, pool: Pool) -> None:
        pool.env = {key: value for key, value in pool.env.items() if not key.startswith(name)}

        done = subprocess.run(
            [pool.image / "pgbouncer.sh", "run"],
            env=pool.env,
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode != 0
        assert done.stderr.startswith(f"Set {name}")


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

"""deploy/pgbouncer.sh as the image runs it."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from deploy.cluster import DEPLOY, HOST
from deploy.processes import Account, Server, accepts_connections, free_port, run
from tests.deploy.certificates import Authority, Certificate


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

    def show(self, certificate: Certificate | None) -> None:
        """Have it show a certificate to its clients; None lets them come without TLS alone."""
        if certificate is None:
            del self.env["POOL_TLS_CERTIFICATE_FILE"], self.env["POOL_TLS_KEY_FILE"]
            return
        self._name_file("POOL_TLS_CERTIFICATE_FILE", "shown.pem", certificate.pem)
        self._name_file("POOL_TLS_KEY_FILE", "shown.key", certificate.key)

    def trust(self, authority: Authority) -> None:
        """Have it verify PostgreSQL's certificate."""
        self._name_file("DATABASE_CA_BUNDLE", "trusted.pem", authority.pem)

    def _name_file(self, variable: str, name: str, content: str) -> None:
        self.env[variable] = str(self.account.write(self.folder / name, content))

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

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

    def accepts(self, password: str, *, role: str = "coalition_app", **options: str) -> bool:
        try:
            self.connect(password, role=role, **options).close()
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

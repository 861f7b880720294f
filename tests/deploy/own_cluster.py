"""A PostgreSQL of a test's own, with TLS or without."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from deploy.cluster import HOST, Cluster
from deploy.processes import Account
from tests.deploy.certificates import Certificate
from tests.waiting import wait_until

SESSIONS = "pg_stat_activity WHERE usename LIKE 'coalition%'"
PASSWORDS = dict.fromkeys(("master_password", "app_password", "reader_password"), "word")


class PostgreSQL:
    """A cluster that shows a certificate or none."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    @classmethod
    def in_folder(cls, home: Path) -> "PostgreSQL":
        account = Account.for_servers()
        folder = account.make_folder(home / "servers") / "cluster"
        return cls(Cluster(folder, account=account, log=home / "log", superuser_password="word"))

    @contextmanager
    def running(self) -> Iterator[None]:
        self.cluster.create()
        server = self.cluster.start("fsync=off")
        self.cluster.initialise(**PASSWORDS)
        try:
            yield
        finally:
            server.stop()

    def show(self, certificate: Certificate | None) -> None:
        folder, write = self.cluster.folder, self.cluster.account.write
        if certificate:
            write(folder / "server.crt", certificate.pem)
            write(folder / "server.key", certificate.key)
        write(folder / "postgresql.auto.conf", f"ssl = {'on' if certificate else 'off'}\n")
        with self.superuser() as superuser:
            [(before,)] = superuser.execute("SELECT pg_conf_load_time()").fetchall()
            superuser.execute("SELECT pg_reload_conf()")
        wait_until(lambda: self._loaded_at() > before)

    def _loaded_at(self) -> dt.datetime:
        with self.superuser() as superuser:
            [(moment,)] = superuser.execute("SELECT pg_conf_load_time()").fetchall()
        loaded_at: dt.datetime = moment
        return loaded_at

    def sessions(self) -> int:
        """How many there are of the pool."""
        with self.superuser() as superuser:
            return len(superuser.execute(f"SELECT FROM {SESSIONS}").fetchall())

    def end_sessions(self) -> None:
        with self.superuser() as superuser:
            superuser.execute(f"SELECT pg_terminate_backend(pid) FROM {SESSIONS}")

    def superuser(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host=HOST,
            port=self.cluster.port,
            user="postgres",
            password=self.cluster.superuser_password,
            dbname="coalition",
        )

"""A standby that follows a database by streaming replication, and a pool in front of it."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from deploy.cluster import HOST, Cluster
from deploy.pool import Pool
from deploy.processes import Account, Server, run_step
from tests.faults.processes import silent_database


@dataclass
class Standby:
    """What runs, to be broken; the server starts again at the same port."""

    cluster: Cluster
    pool: Pool
    server: Server
    primary_port: int

    @property
    def url(self) -> str:
        """For DATABASE_REPLICA_URL."""
        password = self.pool.passwords["coalition_reader"]
        return f"postgresql://coalition_reader:{password}@{HOST}:{self.pool.port}/coalition"

    def execute(self, statement: str, *, on_primary: bool = False) -> list[tuple[Any, ...]]:
        """As the superuser."""
        port = self.primary_port if on_primary else self.cluster.port
        with superuser(port, self.cluster.superuser_password) as connected:
            return connected.execute(statement).fetchall()

    def wait_until_caught_up(self) -> None:
        [(position,)] = self.execute("SELECT pg_current_wal_flush_lsn()", on_primary=True)
        reached = f"SELECT pg_last_wal_replay_lsn() >= '{position}'"
        self.server.wait_until(lambda: self.execute(reached) == [(True,)])

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It receives, and replays nothing."""
        self.execute("SELECT pg_wal_replay_pause()")
        self.server.wait_until(
            lambda: self.execute("SELECT pg_get_wal_replay_pause_state()") == [("paused",)]
        )
        try:
            yield
        finally:
            self.execute("SELECT pg_wal_replay_resume()")

    @contextmanager
    def silent(self) -> Iterator[None]:
        with (
            superuser(self.cluster.port, self.cluster.superuser_password) as connected,
            silent_database(connected),
        ):
            yield

    def kill(self) -> None:
        self.server.process.kill()
        self.server.process.wait()

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server = self.cluster.start("fsync=off")


def superuser(port: int, password: str) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(
        host=HOST,
        port=port,
        dbname="coalition",
        user="postgres",
        password=password,
        autocommit=True,
    )


def follow(folder: Path, *, port: int, superuser_password: str, account: Account) -> Cluster:
    """A copy of the cluster at the port, which follows it once it is started."""
    log = account.write(folder.with_suffix(".log"), "")
    cluster = Cluster(folder, account=account, log=log, superuser_password=superuser_password)
    run_step(
        "Copying the database",
        [
            cluster.bin / "pg_basebackup",
            f"--pgdata={folder}",
            f"--host={HOST}",
            f"--port={port}",
            "--username=postgres",
            "--checkpoint=fast",
            "--write-recovery-conf",
            "--no-sync",
        ],
        account=account,
        env=os.environ | {"PGPASSWORD": superuser_password},
    )
    return cluster


@contextmanager
def running_standby() -> Iterator[Standby]:
    """Of the database of the tests."""
    secrets = json.loads((Path(os.environ["TEST_STACK_HOME"]) / "secrets.json").read_text())
    port = urlsplit(os.environ["DATABASE_OWNER_URL"]).port or 0
    account = Account.for_servers()
    with ExitStack() as started:
        home = Path(tempfile.mkdtemp(prefix="coalition-standby-"))
        started.callback(shutil.rmtree, home)
        account.make_folder(home)
        cluster = follow(
            home / "cluster",
            port=port,
            superuser_password=secrets["superuser_password"],
            account=account,
        )
        server = cluster.start("fsync=off")
        pool = Pool(
            home / "pgbouncer",
            cluster=cluster,
            log=account.write(home / "pgbouncer.log", ""),
            passwords={"coalition_reader": secrets["reader_password"]},
        )
        started.callback(pool.start().stop)
        standby = Standby(cluster, pool, server, port)
        started.callback(standby.stop)  # another server by then
        yield standby

"""The stack's database: where it keeps its files, and bringing it up to date."""

import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy.cluster import HOST, Cluster
from deploy.pool import Pool
from deploy.processes import Account, Command, Server, run_step

ROOT = Path(__file__).resolve().parents[1]
PYTHON = Path(sys.executable)


class Database:
    """A cluster and a pool in a folder of their own, with the schema migrated."""

    def __init__(self, home: Path, *, settings: str) -> None:
        self.home = home
        self.account = Account.for_servers()
        home.mkdir(parents=True, exist_ok=True)
        self.log_folder = self.account.make_folder(home / "log")
        self.servers_folder = self._servers_folder()
        self.secrets = self._secrets()
        self.cluster = Cluster(
            self.servers_folder / "cluster",
            account=self.account,
            log=self.log_folder / "postgresql.log",
            superuser_password=self.secrets["superuser_password"],
        )
        self.pool = Pool(
            self.servers_folder / "pgbouncer",
            cluster=self.cluster,
            log=self.log_folder / "pgbouncer.log",
            passwords={
                "coalition_app": self.secrets["app_password"],
                "coalition_reader": self.secrets["reader_password"],
            },
        )
        pool, cluster = self.pool.port, self.cluster.port
        self.variables = {
            "DATABASE_URL": self._url("app", pool),
            "DATABASE_READER_URL": self._url("reader", pool),
            "DATABASE_OWNER_URL": self._url("master", cluster),
            "SECRET_KEY": self.secrets["secret_key"],
        }
        self.env = os.environ | self.variables | {"DJANGO_SETTINGS_MODULE": settings}

    def _url(self, role: str, port: int) -> str:
        password = self.secrets[f"{role}_password"]
        return f"postgresql://coalition_{role}:{password}@{HOST}:{port}/coalition"

    def _servers_folder(self) -> Path:
        """Where the servers keep their files: in `home`, unless their account cannot go there."""
        folder = self.home / "servers"
        if not folder.exists():
            if self.account.can_enter(self.home):
                self.account.make_folder(folder)
            else:
                # Below a folder that only root can enter, such as /root.
                elsewhere = Path(tempfile.mkdtemp(prefix="coalition-", dir="/var/lib"))
                folder.unlink(missing_ok=True)  # a link to what somebody has removed
                folder.symlink_to(self.account.make_folder(elsewhere))
        return folder.resolve()

    def _secrets(self) -> dict[str, str]:
        """Random passwords and key; those that are missing are made."""
        path = self.home / "secrets.json"
        stored: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        roles = ("superuser", "master", "app", "reader")
        names = (*(f"{role}_password" for role in roles), "secret_key")
        if missing := [name for name in names if name not in stored]:
            stored |= {name: secrets.token_urlsafe(32) for name in missing}
            write_private(path, json.dumps(stored))
        return stored

    @contextmanager
    def running(self, *postgresql_settings: str) -> Iterator[list[Server]]:
        """Start the cluster and the pool, bring the schema up to date; stop both at the end."""
        with self.as_it_is(*postgresql_settings) as servers:
            self.manage("migrate", "--verbosity=0", what="Migrating the database")
            yield servers

    @contextmanager
    def as_it_is(self, *postgresql_settings: str) -> Iterator[list[Server]]:
        """Start the cluster and the pool, with what is in the database, if anything."""
        with ExitStack() as started:
            if not self.cluster.folder.exists():
                print("Creating a database (once, some ten seconds) …", flush=True)
                self.cluster.create()
            postgresql = self.cluster.start(*postgresql_settings)
            started.callback(postgresql.stop)
            self.cluster.initialise(
                master_password=self.secrets["master_password"],
                app_password=self.secrets["app_password"],
                reader_password=self.secrets["reader_password"],
            )
            pgbouncer = self.pool.start()
            started.callback(pgbouncer.stop)
            yield [postgresql, pgbouncer]

    def load_demo_once(self) -> None:
        loaded = self.servers_folder / "demo.loaded"
        if not loaded.exists():
            print("Loading the demo data (once) …", flush=True)
            self.manage("load_demo", what="Loading the demo data")
            loaded.touch()

    def manage(self, *arguments: str, what: str) -> None:
        command: Command = [PYTHON, ROOT / "manage.py", *arguments]
        run_step(what, command, account=Account.own(), env=self.env)

    def remove(self) -> None:
        shutil.rmtree(self.servers_folder)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read: all of it, or nothing."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.rename(path)

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
            app_password=self.secrets["app_password"],
        )
        app, master = self.secrets["app_password"], self.secrets["master_password"]
        self.variables = {
            "DATABASE_URL": f"postgresql://coalition_app:{app}@{HOST}:{self.pool.port}/coalition",
            "DATABASE_OWNER_URL": (
                f"postgresql://coalition_master:{master}@{HOST}:{self.cluster.port}/coalition"
            ),
            "SECRET_KEY": self.secrets["secret_key"],
        }
        self.env = os.environ | self.variables | {"DJANGO_SETTINGS_MODULE": settings}

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
        """Random passwords and key, made at the first start."""
        path = self.home / "secrets.json"
        if not path.exists():
            names = (
                "superuser_password",
                "master_password",
                "app_password",
                "secret_key",
            )
            write_private(path, json.dumps({name: secrets.token_urlsafe(32) for name in names}))
        stored: dict[str, str] = json.loads(path.read_text())
        return stored

    @contextmanager
    def running(self, *postgresql_settings: str) -> Iterator[list[Server]]:
        """Start the cluster and the pool, bring the schema up to date; stop both at the end."""
        with ExitStack() as started:
            if not self.cluster.folder.exists():
                print("Creating a database (once, some ten seconds) …", flush=True)
                self.cluster.create()
            postgresql = self.cluster.start(*postgresql_settings)
            started.callback(postgresql.stop)
            self.cluster.initialise(
                master_password=self.secrets["master_password"],
                app_password=self.secrets["app_password"],
            )
            pgbouncer = self.pool.start()
            started.callback(pgbouncer.stop)
            self.manage("migrate", "--verbosity=0", what="Migrating the database")
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

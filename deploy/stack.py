"""The local stack: PostgreSQL with PostGIS, pgBouncer and the API.

python -m deploy.stack run               serve until Ctrl-C or SIGTERM
python -m deploy.stack test [ARGUMENT …]  run pytest on a throwaway copy
"""

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from deploy.cluster import HOST, Cluster, Pool
from deploy.processes import (
    Account,
    Server,
    StackError,
    accepts_connections,
    end_with_parent,
    require_free_port,
    run_to_end,
)

ROOT = Path(__file__).resolve().parents[1]
PYTHON = Path(sys.executable)


class Stack:
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
            self.manage("load_demo", what="Loading the demo data")
            loaded.touch()

    def manage(self, *arguments: str, what: str) -> None:
        run_to_end([PYTHON, ROOT / "manage.py", *arguments], env=self.env, what=what)

    def remove(self) -> None:
        shutil.rmtree(self.servers_folder)
        shutil.rmtree(self.home)


class Stopped(BaseException):
    """Somebody asked the stack to stop."""


def stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    # Stopping takes seconds at most; impatience must not leave servers behind.
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, signal.SIG_IGN)
    raise Stopped


@contextmanager
def only_one_in(home: Path) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StackError(
                f"The stack of {home} is running already, as process {lock.read().strip()}. "
                "Stop that one first, or use another folder: COALITION_HOME=… make run"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def run() -> NoReturn:
    # Killing make must not leave the servers it started.
    end_with_parent(signal.SIGTERM)
    host, port = (
        os.environ.get("HOST", "127.0.0.1"),
        int(os.environ.get("PORT", "8000")),
    )
    home = Path(os.environ.get("COALITION_HOME") or ROOT / ".local").resolve()
    stack_env = home / "stack.env"
    with only_one_in(home), ExitStack() as started:
        if stack_env.exists():
            # The last stack was killed. Its servers are ending.
            wait_while(lambda: accepts_connections(host, port), seconds=10)
        require_free_port(host, port)
        stack = Stack(home, settings="backend.settings.development")
        servers = started.enter_context(stack.running())
        stack.load_demo_once()
        variables = stack.variables | {"HOST": host, "PORT": str(port)}
        write_private(stack_env, "".join(f"{name}={value}\n" for name, value in variables.items()))
        started.callback(stack_env.unlink)
        api = start_api(host, port, stack)
        started.callback(api.stop)
        announce(host, port, home)
        watch([*servers, api])


def start_api(host: str, port: int, stack: Stack) -> Server:
    arguments = ["--interface=wsgi", "--workers=2", "--no-ws", "--log-level=warning"]
    arguments += [f"--host={host}", f"--port={port}", f"--working-dir={ROOT}"]
    api = Server(
        "The API",
        [PYTHON, "-m", "granian", *arguments, "backend.wsgi:application"],
        account=Account(os.geteuid(), os.getegid()),
        env=stack.env,
    )
    api.wait_until(lambda: accepts_connections(host, port))
    return api


def announce(host: str, port: int, home: Path) -> None:
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    print(
        f"""
  API       {address}/api/v1
  Map       {address}/api/v1/stakeholders.geojson
  Reference {address}/api/v1/docs
  Admin     {address}/admin/  (first: ./manage.py createsuperuser)
  psql      (. {home}/stack.env && psql "$DATABASE_OWNER_URL")
  Logs      {home}/log

Ctrl-C stops everything.""",
        flush=True,
    )


def watch(servers: list[Server]) -> NoReturn:
    """Wait for a signal, or for a server that ends unasked."""
    while True:
        time.sleep(0.5)
        for server in servers:
            if server.process.poll() is not None:
                raise StackError(f"{server.name} has ended unexpectedly.{server.last_words()}")


def wait_while(condition: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while condition() and time.monotonic() < deadline:
        time.sleep(0.1)


def test(arguments: list[str]) -> int:
    home = Path(tempfile.mkdtemp(prefix="coalition-test-"))
    home.chmod(0o755)
    with ExitStack() as started:
        stack = Stack(home, settings="backend.settings.test")
        started.callback(stack.remove)
        # Nothing of it outlives the tests, a crash of the machine included.
        started.enter_context(stack.running("fsync=off", "full_page_writes=off"))
        return subprocess.run(
            [PYTHON, "-m", "pytest", *arguments], cwd=ROOT, env=stack.env, check=False
        ).returncode


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read: all of it, or nothing."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.rename(path)


def main(arguments: list[str]) -> int:
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, stop)
    try:
        if arguments[0] == "test":
            return test(arguments[1:])
        run()
    except Stopped:
        return 0
    except StackError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

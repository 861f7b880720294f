"""The local stack: PostgreSQL with PostGIS, pgBouncer and the API.

python -m deploy.stack run               serve until Ctrl-C or SIGTERM
python -m deploy.stack test [ARGUMENT …]  run pytest on a throwaway copy
"""

import fcntl
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from typing import NoReturn

from deploy.cluster import HOST
from deploy.database import PYTHON, ROOT, Database, write_private
from deploy.front import start_front
from deploy.processes import (
    Account,
    Command,
    Server,
    StackError,
    accepts_connections,
    end_with_parent,
    free_port,
    require_free_port,
)

# Each has a PostgreSQL and a pgBouncer of its own.
MOST_TEST_WORKERS = 4


class Stopped(BaseException):
    """Somebody asked the stack to stop."""


def stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    # Stopping takes seconds at most; impatience must not leave servers behind.
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
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


def ipv4(host: str) -> str:
    try:
        return socket.gethostbyname(host)
    except OSError:
        raise StackError(
            f"HOST must be an address or a name of this machine, not {host!r}."
        ) from None


@dataclass(frozen=True)
class Address:
    """Where the API listens."""

    host: str
    port: int

    @classmethod
    def from_environment(cls) -> "Address":
        host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
        if ":" not in host:
            host = ipv4(host)
        if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
            raise StackError(f"PORT must be a number from 1 to 65535, not {port!r}.")
        return cls(host, int(port))

    @property
    def netloc(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.netloc}"

    @property
    def variables(self) -> dict[str, str]:
        return {"HOST": self.host, "PORT": str(self.port)}

    @property
    def is_local(self) -> bool:
        return self.host in ("127.0.0.1", "::1")

    def answers(self) -> bool:
        connection = HTTPConnection(self.host, self.port, timeout=10)
        try:
            connection.request("GET", "/api/v1")  # no table is read for it
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def require_free(self, *, within_seconds: float = 0) -> None:
        """Refuse a port that is in use, and still is after some seconds."""
        deadline = time.monotonic() + within_seconds
        while time.monotonic() < deadline and accepts_connections(self.host, self.port):
            time.sleep(0.1)
        require_free_port(self.host, self.port)


def run() -> NoReturn:
    # Killing make must not leave the servers it started.
    end_with_parent(signal.SIGTERM)
    address = Address.from_environment()
    home = Path(os.environ.get("COALITION_HOME") or ROOT / ".local").resolve()
    stack_env = home / "stack.env"
    was_killed = stack_env.exists()  # or it is running: only_one_in() tells
    if not was_killed:
        # Before anything is made: a refusal leaves nothing behind.
        address.require_free()
    with only_one_in(home), ExitStack() as started:
        if was_killed:
            # Its servers end in a moment.
            address.require_free(within_seconds=10)
        database = Database(home, settings="backend.settings.development")
        servers = started.enter_context(database.running())
        database.load_demo_once()
        variables = database.variables | address.variables
        write_private(stack_env, "".join(f"{name}={value}\n" for name, value in variables.items()))
        started.callback(stack_env.unlink, missing_ok=True)
        env = database.env | shared_counts(home)
        worker = start_mail_worker(env | address.variables, database.log_folder)
        started.callback(worker.stop)
        servers += started.enter_context(serving(address, home, env))
        announce(address, home)
        watch([*servers, worker])


# In all fewer than the pool's connections, and no more than granian thinks sensible.
THREADS = min(8, 2 * (os.cpu_count() or 1))


def shared_counts(home: Path) -> dict[str, str]:
    """Have the API and the mail worker count together, from 0: METRICS_PORT shows what."""
    folder = home / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    return {"PROMETHEUS_MULTIPROC_DIR": str(folder)} if os.environ.get("METRICS_PORT") else {}


def granian(address: Address, application: str) -> Command:
    """The command that serves a WSGI application at an address."""
    return [
        PYTHON,
        "-m",
        "granian",
        "--interface=wsgi",
        "--workers=2",
        "--no-ws",
        "--log-level=warning",
        f"--blocking-threads={THREADS}",
        # One that died, or hung and ended itself, comes back.
        "--respawn-failed-workers",
        "--respawn-interval=0.5",
        # A worker that is still loading the application misses the signal to stop.
        "--workers-kill-timeout=1",
        f"--host={address.host}",
        f"--port={address.port}",
        f"--working-dir={ROOT}",
        application,
    ]


@contextmanager
def serving(
    address: Address, home: Path, env: Mapping[str, str], *, log: Path | None = None
) -> Iterator[tuple[Server, Server]]:
    """The API on ports of this machine's own, and once it answers, the front at the address.

    The API's log is standard error, unless a file is named.
    """
    if not address.is_local:
        # Whoever opens it to the network will use names of this machine that we cannot know.
        env = {"ALLOWED_HOSTS": "*", **env}
    behind, health_port = Address(HOST, free_port()), str(free_port())
    with ExitStack() as started:
        api = Server(
            "The API",
            granian(behind, "deploy.wsgi:application"),
            account=Account.own(),
            log=log,
            env={
                **env,
                "GRANIAN_BLOCKING_THREADS": str(THREADS),
                "HEALTH_PORT": health_port,
                # The front says who the client is, and nobody else is heard.
                "TRUSTED_PROXIES": HOST,
            },
        )
        started.callback(api.stop)
        api.wait_until(behind.answers)
        ports = {"API_PORT": str(behind.port), "HEALTH_PORT": health_port}
        front = start_front(
            home / "nginx",
            log=home / "log/nginx.log",
            env={**env, **ports, "LISTEN": address.netloc},
        )
        started.callback(front.stop)
        front.wait_until(lambda: accepts_connections(address.host, address.port))
        yield api, front


def start_mail_worker(env: dict[str, str], log_folder: Path) -> Server:
    """Sends the outbox, and removes what is past its time."""
    return Server(
        "The mail worker",
        [PYTHON, ROOT / "manage.py", "send_mail"],
        account=Account.own(),
        env=env,
        log=log_folder / "mail.log",
    )


def announce(address: Address, home: Path) -> None:
    print(
        f"""
  API       {address.url}/api/v1
  Map       {address.url}/api/v1/stakeholders.geojson
  Reference {address.url}/api/v1/docs
  Admin     {address.url}/admin/  (first: ./manage.py create_staff NAME --group administrator)
  Mails     {"by EMAIL_URL" if os.environ.get("EMAIL_URL") else home / "mail"}
  psql      (. {shlex.quote(str(home / "stack.env"))} && psql "$DATABASE_OWNER_URL")
  Logs      {home / "log"}

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


def test(arguments: list[str]) -> int:
    """Run pytest: the whole suite on every core, or some of it on one."""
    workers = 1 if arguments else min(os.cpu_count() or 1, MOST_TEST_WORKERS)
    with ExitStack() as started:
        stacks = [started.enter_context(throwaway_database()) for _ in range(workers)]
        # Ctrl-C reaches pytest as well, which then ends with a summary.
        signal.signal(signal.SIGINT, lambda _signal, _frame: None)
        parallel = [f"--numprocesses={workers}", "--dist=loadfile"] if workers > 1 else []
        command: Command = [PYTHON, "-m", "pytest", *parallel, *arguments]
        env = stacks[0].env | {"TEST_STACKS": json.dumps([each.variables for each in stacks])}
        return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


@contextmanager
def throwaway_database() -> Iterator[Database]:
    home = Path(tempfile.mkdtemp(prefix="coalition-test-"))
    home.chmod(0o755)
    with ExitStack() as started:
        started.callback(shutil.rmtree, home)
        database = Database(home, settings="backend.settings.test")
        started.callback(database.remove)
        # Nothing of it outlives the tests, a crash of the machine included.
        started.enter_context(database.running("fsync=off", "full_page_writes=off"))
        # For the standby that tests make of it.
        database.variables["TEST_STACK_HOME"] = database.env["TEST_STACK_HOME"] = str(home)
        yield database


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as it is under nohup
        signal.signal(signal.SIGHUP, stop)
    try:
        if arguments[0] == "test":
            return test(arguments[1:])
        run()
    except Stopped:
        return 0 if arguments[0] == "run" else 130
    except StackError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(
            f"{error.filename or 'The stack'}: {error.strerror}. "
            "Mend that, or use another folder: COALITION_HOME=… make run",
            file=sys.stderr,
        )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

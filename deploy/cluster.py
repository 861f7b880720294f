"""A private PostgreSQL cluster."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from deploy.processes import (
    Account,
    Command,
    Server,
    StackError,
    free_port,
    run,
    run_step,
)

DEPLOY = Path(__file__).resolve().parent
HOST = "127.0.0.1"


def newest_postgresql() -> Path:
    """The folder of the newest server that has PostGIS beside it."""
    versions = [
        int(control.parts[-3])
        for control in Path("/usr/share/postgresql").glob("*/extension/postgis.control")
        if Path(f"/usr/lib/postgresql/{control.parts[-3]}/bin/initdb").exists()
    ]
    return Path(f"/usr/lib/postgresql/{max(versions)}/bin")


class Cluster:
    """The PostgreSQL server whose data are in `folder`; its superuser is postgres."""

    def __init__(
        self, folder: Path, *, account: Account, log: Path, superuser_password: str
    ) -> None:
        self.folder = folder
        self.account = account
        self.log = log
        self.superuser_password = superuser_password
        self.port = free_port()
        self.bin = self._binaries()

    def _binaries(self) -> Path:
        """Those of the version that made the data, if there are any yet."""
        version_file = self.folder / "PG_VERSION"
        if not version_file.exists():
            return newest_postgresql()
        version = version_file.read_text().strip()
        binaries = Path(f"/usr/lib/postgresql/{version}/bin")
        if not binaries.exists():
            raise StackError(
                f"The data in {self.folder} were made by PostgreSQL {version}, which is not "
                f"installed. Install it (apt-get install postgresql-{version}-postgis-3), "
                "or move the folder away."
            )
        return binaries

    def create(self) -> None:
        """Make the cluster unless it exists. One that a kill left half made does not count."""
        if self.folder.exists():
            return
        unfinished = self.folder.with_name("cluster.unfinished")
        run_step("Clearing away the last try", ["rm", "-rf", unfinished], account=self.account)
        password_file = self.folder.with_name("password")
        self.account.write(password_file, self.superuser_password)
        initdb: Command = [
            self.bin / "initdb",
            f"--pgdata={unfinished}",
            "--username=postgres",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            # The same order and case of letters on every machine, and of every language.
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--locale-provider=icu",
            "--icu-locale=und",
        ]
        run_step("Creating the database cluster", initdb, account=self.account)
        password_file.unlink()
        unfinished.rename(self.folder)

    def start(self, *settings: str) -> Server:
        """Start the server with further `name=value` settings, and wait until it answers."""
        self._end_survivors()
        self._disown_lock_file()
        options = (
            f"port={self.port}",
            f"listen_addresses={HOST}",
            # A socket's path may have 107 bytes, and a checkout's may have more.
            "unix_socket_directories=",
            "logging_collector=off",
            *settings,
        )
        server = Server(
            "PostgreSQL",
            [
                self.bin / "postgres",
                "-D",
                self.folder,
                *(f"--{option}" for option in options),
            ],
            account=self.account,
            log=self.log,
            stop_signal=signal.SIGINT,  # the fast shutdown: it does not wait for clients to leave
        )
        server.wait_until(self._is_ready)
        return server

    def _is_ready(self) -> bool:
        probe: Command = [
            self.bin / "pg_isready",
            "--quiet",
            f"--host={HOST}",
            f"--port={self.port}",
        ]
        return run(probe, account=self.account).returncode == 0

    def _end_survivors(self) -> None:
        """End what a killed stack, or a killed server, has left behind."""
        self._wait_for_survivors()  # they are ending already
        for stop_signal in (signal.SIGQUIT, signal.SIGKILL):
            for pid in self._survivors():
                with suppress(ProcessLookupError):
                    os.kill(pid, stop_signal)
            self._wait_for_survivors()

    def _wait_for_survivors(self) -> None:
        deadline = time.monotonic() + 5
        while any(self._survivors()) and time.monotonic() < deadline:
            time.sleep(0.1)

    def _survivors(self) -> Iterator[int]:
        """PostgreSQL's processes in this folder: each works in its data folder."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended, or is none of ours
                if (process / "exe").samefile(self.bin / "postgres") and (process / "cwd").samefile(
                    self.folder
                ):
                    yield int(process.name)

    def _disown_lock_file(self) -> None:
        """Have the server ignore the process named in the lock file of one that was killed.

        The number may be another process's by now, and PostgreSQL would refuse to start.
        """
        lock_file = self.folder / "postmaster.pid"
        if lock_file.exists():
            rest = lock_file.read_text().splitlines(keepends=True)[1:]
            # This process is to be the server's parent, and cannot be its rival. The other
            # lines stay: by them the server sees whether shared memory is still in use.
            self.account.write(lock_file, "".join([f"{os.getpid()}\n", *rest]))

    def initialise(self, *, master_password: str, app_password: str, reader_password: str) -> None:
        """Create the roles, the database and its extensions, those of them that are missing."""
        env = os.environ | {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "PGHOST": HOST,
            "PGPORT": str(self.port),
            "PGUSER": "postgres",
            "PGPASSWORD": self.superuser_password,
            "COALITION_MASTER_PASSWORD": master_password,
            "COALITION_APP_PASSWORD": app_password,
            "COALITION_READER_PASSWORD": reader_password,
        }
        run_step(
            "Creating the roles and the database",
            [DEPLOY / "initialise.sh"],
            account=Account.own(),
            env=env,
        )

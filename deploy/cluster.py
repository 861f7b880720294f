"""A private PostgreSQL cluster and the pgBouncer in front of it."""

import os
import signal
import time
from pathlib import Path

from deploy.processes import (
    Account,
    Server,
    StackError,
    accepts_connections,
    free_port,
    run_to_end,
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
        run_to_end(["rm", "-rf", unfinished], env=os.environ, what="Clearing away the last try")
        password_file = self.account.make_folder(self.folder.parent / "initdb") / "password"
        password_file.write_text(self.superuser_password)
        os.chown(password_file, self.account.uid, self.account.gid)
        # The same order and case of letters on every machine, and of every language.
        done = self.account.run(
            [
                self.bin / "initdb",
                f"--pgdata={unfinished}",
                "--username=postgres",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--locale-provider=icu",
                "--icu-locale=und",
            ]
        )
        password_file.unlink()
        password_file.parent.rmdir()
        if done.returncode != 0:
            raise StackError(f"initdb failed:\n{done.stdout.decode(errors='replace')}")
        unfinished.rename(self.folder)

    def start(self, *settings: str) -> Server:
        """Start the server with further `name=value` settings, and wait until it answers."""
        self._end_survivor()
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
            patience=30,
        )
        server.wait_until(self._is_ready)
        return server

    def _is_ready(self) -> bool:
        probe = [
            self.bin / "pg_isready",
            "--quiet",
            f"--host={HOST}",
            f"--port={self.port}",
        ]
        return self.account.run(probe).returncode == 0

    def _end_survivor(self) -> None:
        """End the server that a killed stack left behind, or its lock file if it is gone."""
        lock_file = self.folder / "postmaster.pid"
        for stop_signal in (None, signal.SIGINT, signal.SIGQUIT):
            pid = self._survivor(lock_file)
            if pid is None:
                break
            if stop_signal is not None:
                os.kill(pid, stop_signal)
            deadline = time.monotonic() + 10
            while self._survivor(lock_file) and time.monotonic() < deadline:
                time.sleep(0.1)
        lock_file.unlink(missing_ok=True)

    def _survivor(self, lock_file: Path) -> int | None:
        """The process that the lock file names, if it is this cluster's server still."""
        try:
            pid = int(lock_file.read_text().splitlines()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except (OSError, ValueError, IndexError):
            return None
        return pid if str(self.folder) in command else None

    def initialise(self, *, master_password: str, app_password: str) -> None:
        """Create the roles, the database and its extensions, those of them that are missing."""
        env = os.environ | {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "PGHOST": HOST,
            "PGPORT": str(self.port),
            "PGUSER": "postgres",
            "PGPASSWORD": self.superuser_password,
            "COALITION_MASTER_PASSWORD": master_password,
            "COALITION_APP_PASSWORD": app_password,
        }
        run_to_end(
            [DEPLOY / "initialise.sh"],
            env=env,
            what="Creating the roles and the database",
        )


class Pool:
    """The pgBouncer that lets coalition_app, and nobody else, through to a cluster."""

    def __init__(self, folder: Path, *, cluster: Cluster, log: Path, app_password: str) -> None:
        self.folder = folder
        self.cluster = cluster
        self.log = log
        self.app_password = app_password
        self.port = free_port()

    def start(self) -> Server:
        account = self.cluster.account
        account.make_folder(self.folder)
        self._write("userlist.txt", f'"coalition_app" "{self.app_password}"\n')
        configuration = self._write(
            "pgbouncer.ini",
            (DEPLOY / "pgbouncer.ini").read_text()
            + f"listen_addr = {HOST}\n"
            + f"listen_port = {self.port}\n"
            + "unix_socket_dir =\n"
            + f"auth_file = {self.folder / 'userlist.txt'}\n"
            + f"[databases]\ncoalition = host={HOST} port={self.cluster.port}\n",
        )
        server = Server(
            "pgBouncer",
            ["/usr/sbin/pgbouncer", configuration],
            account=account,
            log=self.log,
            patience=2,  # since 1.23 it waits for its clients to leave; it holds nothing to lose
        )
        server.wait_until(lambda: accepts_connections(HOST, self.port))
        return server

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.touch(mode=0o600)
        os.chown(path, self.cluster.account.uid, self.cluster.account.gid)
        path.write_text(text)
        return path

"""The pgBouncer in front of a cluster."""

import signal
from collections.abc import Mapping
from pathlib import Path

from deploy.cluster import DEPLOY, HOST, Cluster
from deploy.processes import Server, accepts_connections, free_port


class Pool:
    """The pgBouncer that lets some roles, and nobody else, through to a cluster."""

    def __init__(
        self, folder: Path, *, cluster: Cluster, log: Path, passwords: Mapping[str, str]
    ) -> None:
        self.folder = folder
        self.cluster = cluster
        self.log = log
        self.passwords = passwords
        self.port = free_port()

    def start(self) -> Server:
        account = self.cluster.account
        account.make_folder(self.folder)
        users = (f'"{role}" "{password}"\n' for role, password in self.passwords.items())
        userlist = account.write(self.folder / "userlist.txt", "".join(users))
        configuration = account.write(
            self.folder / "pgbouncer.ini",
            (DEPLOY / "pgbouncer.ini").read_text()
            + f"listen_addr = {HOST}\n"
            + f"listen_port = {self.port}\n"
            + "unix_socket_dir =\n"
            + f"auth_file = {userlist}\n"
            + f"[databases]\ncoalition = host={HOST} port={self.cluster.port}\n",
        )
        server = Server(
            "pgBouncer",
            ["/usr/sbin/pgbouncer", configuration],
            account=account,
            log=self.log,
            # It holds nothing to lose, and since 1.23 SIGTERM makes it wait for its clients.
            stop_signal=signal.SIGKILL,
        )
        server.wait_until(lambda: accepts_connections(HOST, self.port))
        return server

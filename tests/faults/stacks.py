"""The API behind its front, as make run starts both, on the database of the tests."""

import os
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.cluster import HOST
from deploy.processes import Server, free_port
from deploy.stack import Address, serving
from tests.conftest import Connection


@dataclass(frozen=True)
class Fronted:
    """What runs, and where."""

    address: Address
    api: Server
    front: Server
    home: Path

    @property
    def front_places(self) -> str:
        """To whom the front hands what on."""
        return (self.home / "nginx/places.conf").read_text()

    @property
    def url(self) -> str:
        return self.address.url


@contextmanager
def fronted(env: Mapping[str, str] = os.environ) -> Iterator[Fronted]:
    with tempfile.TemporaryDirectory(prefix="coalition-front-") as name:
        home, address = Path(name), Address(HOST, free_port())
        (home / "log").mkdir()
        with serving(address, home, env) as (api, front):
            yield Fronted(address, api, front, home)


@contextmanager
def silent_database(owner: Connection) -> Iterator[None]:
    """Every process of PostgreSQL is stopped: connections stand, and nothing is said on them."""
    backends = [pid for (pid,) in owner.execute("SELECT pid FROM pg_stat_activity").fetchall()]
    server = parent_of(backends[0])
    # The one that starts others first.
    processes = [server, *backends]
    for each in processes:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in processes:
            os.kill(each, signal.SIGCONT)


def parent_of(pid: int) -> int:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    return int(after_name.split()[1])

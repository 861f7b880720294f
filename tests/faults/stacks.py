"""The API behind its front, as make run starts both, on the database of the tests."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.cluster import HOST
from deploy.processes import Server, free_port
from deploy.stack import Address, serving


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

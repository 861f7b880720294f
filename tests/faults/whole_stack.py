"""The whole stack, in a folder of its own, to be broken."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from deploy.cluster import HOST
from deploy.database import Database
from deploy.processes import Server, free_port
from deploy.stack import Address, serving


@dataclass
class Stack:
    """What runs, to be broken."""

    database: Database
    address: Address
    api: Server
    servers: list[Server]

    @contextmanager
    def owner(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        url = self.database.variables["DATABASE_OWNER_URL"]
        with psycopg.connect(url, autocommit=True) as connected:
            yield connected

    @contextmanager
    def superuser(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        with psycopg.connect(
            host=HOST,
            port=self.database.cluster.port,
            dbname="coalition",
            user="postgres",
            password=self.database.secrets["superuser_password"],
            autocommit=True,
        ) as connected:
            yield connected


@contextmanager
def running_stack() -> Iterator[Stack]:
    with ExitStack() as started:
        home = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="coalition-chaos-")))
        home.chmod(0o755)
        database = Database(home, settings="backend.settings.development")
        started.callback(database.remove)
        servers = started.enter_context(database.running())
        started.callback(stop_all, servers)  # the faults have put others in their places
        database.load_demo_once()
        address = Address(HOST, free_port())
        limits = dict.fromkeys(("LIMIT_REQUESTS", "LIMIT_ADDRESS", "LIMIT_CAMPAIGN"), "1000000/60")
        env = {**database.env, **limits}
        api, _ = started.enter_context(serving(address, home, env, log=home / "log/api.log"))
        yield Stack(database, address, api, servers)


def stop_all(servers: list[Server]) -> None:
    for each in reversed(servers):
        each.stop()


PREPARATION = """
from knox.models import AuthToken
from tests.factories import make_campaign, make_endorsement, make_user
token = AuthToken.objects.create(make_user("moderator"))[1]
campaign = make_campaign()
rows = [make_endorsement(campaign=campaign, status="pending").pk for _ in range({number})]
print("READY", token, *rows)
"""


def prepare(database: Database, *, decisions: int) -> tuple[str, list[int]]:
    """The token of a moderator, and endorsements to decide."""
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--command", PREPARATION.format(number=decisions)],
        env=database.env,
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = re.findall(r"^READY (.*)$", done.stdout, re.MULTILINE)
    token, *rows = line.split()
    return token, [int(row) for row in rows]

"""The whole stack, in a folder of its own, to be broken."""

import os
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
from deploy.pool import Pool
from deploy.processes import free_port
from deploy.stack import Address, serving, start_mail_worker
from tests.faults.standby import superuser
from tests.faults.supervisor import Process, Supervised, Supervisor
from tests.redis_server import running_redis


@dataclass
class Stack:
    """What runs, by name, and where."""

    database: Database
    address: Address
    home: Path
    supervisor: Supervisor

    def __getitem__(self, name: str) -> Supervised:
        return self.supervisor.supervised[name]

    @contextmanager
    def owner(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        url = self.database.variables["DATABASE_OWNER_URL"]
        with psycopg.connect(url, autocommit=True) as connected:
            yield connected

    @contextmanager
    def superuser(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        cluster = self.database.cluster
        with superuser(cluster.port, cluster.superuser_password) as connected:
            yield connected


@contextmanager
def running_stack(*, disk_megabytes: int = 0) -> Iterator[Stack]:
    """With two pools and a shared cache; everything on a disk of that size, if one is named."""
    with ExitStack() as started:
        home = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="coalition-chaos-")))
        if disk_megabytes:
            started.enter_context(small_disk(home, disk_megabytes))
        home.chmod(0o755)
        database = Database(home, settings="backend.settings.development")
        started.callback(database.remove)
        postgresql, pool = started.enter_context(database.running())
        database.load_demo_once()
        other_pool = second_pool(database)
        pgbouncer = other_pool.start()
        started.callback(pgbouncer.stop)
        cache = started.enter_context(running_redis())
        address = Address(HOST, free_port())
        env = database.env | with_both_pools(database, other_pool) | {"CACHE_URL": cache.url}
        env |= dict.fromkeys(("LIMIT_REQUESTS", "LIMIT_ADDRESS", "LIMIT_CAMPAIGN"), "1000000/60")
        env |= {"METRICS_PORT": str(free_port()), "TMPDIR": str(home)}
        env |= {"TRUSTED_PROXIES": HOST}  # the load says who its clients are
        api, front = started.enter_context(serving(address, home, env, log=home / "log/api.log"))
        mail = start_mail_worker(env | address.variables, home / "log")
        started.callback(mail.stop)

        def start_postgresql() -> Process:
            return database.cluster.start().process

        supervisor = Supervisor(
            {
                "PostgreSQL": Supervised(postgresql, start_postgresql),
                "pgBouncer": Supervised(pool),
                "the other pgBouncer": Supervised(pgbouncer),
                "Redis": Supervised(cache.server),
                "the API": Supervised(api),
                "nginx": Supervised(front),
                "the mail worker": Supervised(mail),
            }
        )
        with supervisor.running():
            yield Stack(database, address, home, supervisor)


def second_pool(database: Database) -> Pool:
    return Pool(
        database.servers_folder / "other_pgbouncer",
        cluster=database.cluster,
        log=database.log_folder / "other_pgbouncer.log",
        passwords=database.pool.passwords,
    )


def with_both_pools(database: Database, other: Pool) -> dict[str, str]:
    """The addresses of the database, either pool of which will do."""
    first, either = (
        f"{HOST}:{database.pool.port}",
        f"{HOST}:{database.pool.port},{HOST}:{other.port}",
    )
    return {
        name: database.variables[name].replace(first, either) + "?load_balance_hosts=random"
        for name in ("DATABASE_URL", "DATABASE_READER_URL")
    }


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A disk of that size at the folder, in memory; root alone may do that."""
    disk = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    subprocess.run(disk, check=True)
    try:
        yield
    finally:
        os.sync()
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


PREPARATION = """
from django.utils import timezone
from knox.models import AuthToken
from tests.factories import (
    make_campaign, make_endorsement, make_stakeholder, make_submission, make_user
)
campaign = make_campaign()
def sent_and_confirmed():
    stakeholder = make_stakeholder(is_public=False)
    endorsement = make_endorsement(campaign=campaign, stakeholder=stakeholder, status="pending")
    make_submission(
        campaign=campaign,
        endorsement=endorsement,
        email=stakeholder.email,
        confirmed_at=timezone.now(),
    )
    return endorsement.pk
token = AuthToken.objects.create(make_user("moderator"))[1]
print("READY", token, *(sent_and_confirmed() for _ in range({number})))
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
    with psycopg.connect(database.variables["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")  # as a database has it that did not begin a moment ago
    (line,) = re.findall(r"^READY (.*)$", done.stdout, re.MULTILINE)
    token, *rows = line.split()
    return token, [int(row) for row in rows]

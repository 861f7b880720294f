"""What each fault costs: make chaos

Starts the real stack, in a folder of its own and with every write on disk, asks it for reads,
submissions and decisions by the clock, injects one fault after the other, and prints a table. It
ends with 1 if a write that was acknowledged is lost or was done twice, if an error is no problem
document, or has no Retry-After, or if the stack does not recover.
"""

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from deploy.cluster import HOST
from deploy.database import Database
from deploy.processes import Server, free_port
from deploy.stack import Address, serving
from tests.faults.load import Load, Outcome
from tests.faults.processes import silent_database, workers_of

RATES = {"read": 30.0, "submission": 6.0, "decision": 2.0}
SLUG = "ten-thousand-acres-of-reef"
SECONDS_BEFORE = 3.0
MOST_SECONDS_TO_RECOVER = 30.0
# granian takes a worker that dies within 5.5 seconds of its start for one that cannot start, and
# ends: whoever runs it starts it again.
SECONDS_AFTER = 6.0


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


class Fault(NamedTuple):
    name: str
    inject: Callable[[Stack], None]  # returns when it is over


def kill_a_worker(stack: Stack) -> None:
    os.kill(workers_of(stack.api.process.pid)[0], signal.SIGKILL)


def kill_all_workers(stack: Stack) -> None:
    for each in workers_of(stack.api.process.pid):
        os.kill(each, signal.SIGKILL)
    time.sleep(0.5)


def terminate_connections(stack: Stack) -> None:
    with stack.superuser() as connected:
        connected.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename LIKE 'coalition_%'"
        )


def lock_a_table(stack: Stack) -> None:
    with stack.owner() as owner, owner.transaction():
        owner.execute("LOCK TABLE endorsements_submission IN ACCESS EXCLUSIVE MODE")
        time.sleep(5)


def silence_the_database(stack: Stack) -> None:
    with stack.superuser() as connected, silent_database(connected):
        time.sleep(8)


def restart_the_database(stack: Stack) -> None:
    postgresql = stack.servers[0]
    postgresql.stop()
    stack.servers[0] = stack.database.cluster.start()


def kill_the_database(stack: Stack) -> None:
    stack.servers[0].process.kill()
    stack.servers[0].process.wait()
    stack.servers[0] = stack.database.cluster.start()


def kill_the_pool(stack: Stack) -> None:
    stack.servers[1].stop()
    stack.servers[1] = stack.database.pool.start()


def open_slow_clients(stack: Stack) -> None:
    head = b"POST /api/v1/me/links HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n"
    with ExitStack() as opened:
        clients = [opened.enter_context(socket.socket()) for _ in range(1_000)]
        for number, client in enumerate(clients):
            client.connect((HOST, stack.address.port))
            client.sendall(head if number % 2 else b"")
        time.sleep(5)


FAULTS = (
    Fault("none", lambda _: time.sleep(5)),
    Fault("1,000 slow clients", open_slow_clients),
    Fault("a worker is killed", kill_a_worker),
    Fault("all workers are killed", kill_all_workers),
    Fault("all connections are terminated", terminate_connections),
    Fault("a table is locked for 5 s", lock_a_table),
    Fault("PostgreSQL is silent for 8 s", silence_the_database),
    Fault("PostgreSQL restarts", restart_the_database),
    Fault("PostgreSQL is killed", kill_the_database),
    Fault("pgBouncer is killed", kill_the_pool),
)


class Row(NamedTuple):
    """What a fault did."""

    fault: str
    requests: int
    failed: Counter[int]
    unsound: int
    slowest_seconds: float
    lost: int
    twice: int
    recovery_seconds: float

    @property
    def is_good(self) -> bool:
        has_recovered = self.recovery_seconds < MOST_SECONDS_TO_RECOVER
        return has_recovered and not (self.unsound or self.lost or self.twice)

    def __str__(self) -> str:
        how = ", ".join(f"{number} of {status}" for status, number in sorted(self.failed.items()))
        cells = (
            self.fault,
            self.requests,
            how or "none",
            self.unsound,
            f"{self.slowest_seconds:.1f} s",
            self.lost,
            self.twice,
            f"{self.recovery_seconds:.1f} s",
        )
        return "| " + " | ".join(map(str, cells)) + " |"


HEADER = (
    "| Fault | Requests | Failed | No sound problem | Slowest | Acknowledged and lost | Done twice "
    "| Recovery |\n|---|---|---|---|---|---|---|---|"
)


def suffer(stack: Stack, fault: Fault, load: Load) -> Row:
    load.start()
    time.sleep(SECONDS_BEFORE)
    fault.inject(stack)
    over_at = time.monotonic()
    while not load.is_served_since(over_at):
        if time.monotonic() - over_at > MOST_SECONDS_TO_RECOVER:
            break
        time.sleep(0.05)
    recovery_seconds = time.monotonic() - over_at
    time.sleep(SECONDS_AFTER)
    outcomes = load.stop()
    lost, twice = lost_and_twice(stack, outcomes)
    failed = Counter(each.status for each in outcomes if not each.is_acknowledged)
    # A connection that broke off is nobody's answer; the client asks again.
    unsound = sum(not each.is_sound and each.status != 0 for each in outcomes)
    slowest = max(each.seconds for each in outcomes)
    return Row(fault.name, len(outcomes), failed, unsound, slowest, lost, twice, recovery_seconds)


def lost_and_twice(stack: Stack, outcomes: list[Outcome]) -> tuple[int, int]:
    """How many acknowledged writes are not there, and how many are there more than once."""
    with stack.owner() as owner:
        submitted = Counter(
            email for (email,) in owner.execute("SELECT email FROM endorsements_submission")
        )
        approved = Counter(
            str(key)
            for (key,) in owner.execute(
                "SELECT endorsement_id FROM endorsements_transition WHERE to_status = 'approved'"
            )
        )
    stored = {"submission": submitted, "decision": approved}
    written = [each for each in outcomes if each.kind in stored]
    lost = sum(each.is_acknowledged and not stored[each.kind][each.subject] for each in written)
    twice = sum(stored[each.kind][each.subject] > 1 for each in written)
    return lost, twice


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


def chosen(names: str) -> list[Fault]:
    return [fault for fault in FAULTS if not names or re.search(names, fault.name)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", default="", help="only those whose names match this expression")
    faults = chosen(parser.parse_args().faults)
    print("Starting the stack …", flush=True)
    rows = []
    with running_stack() as stack:
        token, endorsements = prepare(stack.database, decisions=1_500)
        pending = iter(endorsements)
        print(HEADER, flush=True)
        for number, fault in enumerate(faults):
            load = Load(
                stack.address.url, rates=RATES, slug=SLUG, token=token, name=f"chaos-{number}"
            )
            load.pending = pending
            rows.append(suffer(stack, fault, load))
            print(rows[-1], flush=True)
    return 0 if all(row.is_good for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

"""What may break."""

import os
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import NamedTuple

from psycopg import OperationalError

from deploy.cluster import HOST
from tests.faults.processes import children_of, silent_database, workers_of
from tests.faults.standby import follow
from tests.faults.whole_stack import Stack
from tests.waiting import wait_until


class Fault(NamedTuple):
    name: str
    inject: Callable[[Stack], None]  # returns when it is over
    # Whether requests may fail meanwhile, as problems.
    costs: bool = True
    disk_megabytes: int = 0  # of a disk of its own


def kill_a_worker(stack: Stack) -> None:
    os.kill(workers_of(stack["the API"].pid)[0], signal.SIGKILL)


def kill_all_workers(stack: Stack) -> None:
    for each in workers_of(stack["the API"].pid):
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


@contextmanager
def started_again(stack: Stack, name: str) -> Iterator[int]:
    """The process that is to be ended; at the end another is there."""
    ended = stack[name].server.process
    yield ended.pid
    wait_until(lambda: stack[name].server.process is not ended, seconds=30)


def restart_the_database(stack: Stack) -> None:
    with started_again(stack, "PostgreSQL") as pid:
        os.kill(pid, signal.SIGINT)


def restart_while_pools_are_paused(stack: Stack) -> None:
    """As docs/deployment.md says: transactions end, clients wait."""
    pools = [stack[name].pid for name in ("pgBouncer", "the other pgBouncer")]
    for each in pools:
        os.kill(each, signal.SIGUSR1)  # PAUSE
    with stack.superuser() as connected:
        busy = "SELECT FROM pg_stat_activity WHERE usename IN ('coalition_app', 'coalition_reader')"
        wait_until(lambda: not connected.execute(busy).fetchall())
    restart_the_database(stack)
    for each in pools:
        os.kill(each, signal.SIGUSR2)  # RESUME


def fail_over(stack: Stack) -> None:
    """As RDS Multi-AZ does it, but that the standby comes to the address: there is no DNS here.

    Nothing is acknowledged before the standby has it. For a second it is there and only reads.
    """
    old = stack.database.cluster
    with stack.superuser() as connected:
        standby = follow(
            stack.database.servers_folder / f"standby-{time.monotonic_ns()}",
            port=old.port,
            superuser_password=old.superuser_password,
            account=old.account,
        )
        following = standby.start()
        connected.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connected.execute("SELECT pg_reload_conf()")
        synchronous = "SELECT sync_state FROM pg_stat_replication"
        wait_until(lambda: connected.execute(synchronous).fetchall() == [("sync",)])
    time.sleep(1)
    with started_again(stack, "PostgreSQL"), stack.supervisor.away("PostgreSQL"):
        following.stop()
        standby.port = old.port
        stack.database.cluster = standby
    time.sleep(1)
    with stack.superuser() as connected:
        connected.execute("SELECT pg_promote()")


def kill(name: str) -> Callable[[Stack], None]:
    def inject(stack: Stack) -> None:
        with started_again(stack, name) as pid:
            os.kill(pid, signal.SIGKILL)

    return inject


def miss(name: str, seconds: float) -> Callable[[Stack], None]:
    def inject(stack: Stack) -> None:
        with started_again(stack, name), stack.supervisor.away(name):
            time.sleep(seconds)

    return inject


def silence_the_cache(stack: Stack) -> None:
    os.kill(stack["Redis"].pid, signal.SIGSTOP)
    time.sleep(8)
    os.kill(stack["Redis"].pid, signal.SIGCONT)


def open_slow_clients(stack: Stack) -> None:
    head = b"POST /api/v1/me/links HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n"
    with ExitStack() as opened:
        clients = [opened.enter_context(socket.socket()) for _ in range(1_000)]
        for number, client in enumerate(clients):
            client.connect((HOST, stack.address.port))
            client.sendall(head if number % 2 else b"")
        time.sleep(5)


@contextmanager
def filled_disk(stack: Stack) -> Iterator[None]:
    filling = stack.home / "filling"
    try:
        with suppress(OSError), filling.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(2**16))
        yield
    finally:
        filling.unlink()


def fill_the_disk(stack: Stack) -> None:
    with filled_disk(stack):
        time.sleep(15)


def fill_the_disk_and_the_log(stack: Stack) -> None:
    """What PostgreSQL keeps of its log has room for a while, even if nothing else has."""
    postgresql, message = stack["PostgreSQL"], "x" * 2**20
    with started_again(stack, "PostgreSQL"):
        postgresql.is_wanted = False  # it would only end again
        with filled_disk(stack):
            with suppress(OperationalError), stack.superuser() as connected:
                while True:
                    connected.execute("SELECT pg_logical_emit_message(false, '', %s)", [message])
            postgresql.server.process.wait(timeout=30)
            time.sleep(5)
        postgresql.is_wanted = True


def kill_at_random(stack: Stack, times: int, *, seed: int = 1) -> None:
    """Any process of the stack, any moment."""
    chance = random.Random(seed)
    for _ in range(times):
        time.sleep(chance.uniform(0.2, 4))
        name = chance.choice([*stack.supervisor.supervised])
        main = stack[name].pid
        with suppress(ProcessLookupError):  # it was just about to end
            os.kill(chance.choice([main, *children_of(main)]), signal.SIGKILL)


FAULTS = (
    Fault("none", lambda _: time.sleep(5), costs=False),
    Fault("1,000 slow clients", open_slow_clients, costs=False),
    Fault("a worker is killed", kill_a_worker),
    Fault("all workers are killed", kill_all_workers),
    Fault("nginx is killed", kill("nginx")),
    Fault("all connections are terminated", terminate_connections),
    Fault("a table is locked for 5 s", lock_a_table),
    Fault("PostgreSQL is silent for 8 s", silence_the_database),
    Fault("PostgreSQL restarts", restart_the_database),
    Fault("PostgreSQL restarts, pools paused", restart_while_pools_are_paused, costs=False),
    Fault("PostgreSQL is killed", kill("PostgreSQL")),
    Fault("PostgreSQL fails over to its standby", fail_over),
    Fault("PostgreSQL is away for 8 s", miss("PostgreSQL", 8)),
    Fault("one of two pgBouncers is away for 8 s", miss("pgBouncer", 8)),
    Fault("the shared cache is away for 8 s", miss("Redis", 8), costs=False),
    Fault("the shared cache is silent for 8 s", silence_the_cache, costs=False),
    Fault("the disk is full for 15 s", fill_the_disk, disk_megabytes=600),
    Fault("the disk is full, PostgreSQL's log too", fill_the_disk_and_the_log, disk_megabytes=600),
)

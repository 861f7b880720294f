"""What may break."""

import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple

from deploy.cluster import HOST
from tests.faults.processes import silent_database, workers_of
from tests.faults.whole_stack import Stack


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

"""Processes of the stack, found and stopped."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg


def children_of(parent: int) -> list[int]:
    listed = subprocess.run(
        ["pgrep", "--parent", str(parent)], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in listed.stdout.split()]


def workers_of(granian: int) -> list[int]:
    """The processes that serve requests for granian's main one."""
    return [pid for pid in children_of(granian) if "resource_tracker" not in _command_of(pid)]


def _command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return "resource_tracker"  # it is gone


def _parent_of(pid: int) -> int:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    return int(after_name.split()[1])


@contextmanager
def silent_database(connected: psycopg.Connection[tuple[Any, ...]]) -> Iterator[None]:
    """Every process of PostgreSQL is stopped: connections stand, and nothing is said on them."""
    backends = [pid for (pid,) in connected.execute("SELECT pid FROM pg_stat_activity").fetchall()]
    # The one that starts others first.
    processes = [_parent_of(backends[0]), *backends]
    for each in processes:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in processes:
            os.kill(each, signal.SIGCONT)

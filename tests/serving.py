"""The API as granian serves it, on the database of the tests: it shows committed rows alone."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from deploy.cluster import HOST
from deploy.processes import Account, Server, accepts_connections, free_port


@contextmanager
def started(
    env: Mapping[str, str], *, workers: int = 1, port: int = 0, log: Path | None = None
) -> Iterator[tuple[Server, int]]:
    """A server that runs with these variables, and its port: this one, or any that is free."""
    port = port or free_port()
    arguments = [f"--host={HOST}", f"--port={port}", "--interface=wsgi", f"--workers={workers}"]
    # One that is killed comes back.
    arguments += ["--respawn-failed-workers", "--respawn-interval=0.1"]
    arguments += ["--no-ws", "--log-level=error", f"--working-dir={settings.BASE_DIR}"]
    granian = Server(
        "The API",
        [sys.executable, "-m", "granian", *arguments, "backend.wsgi:application"],
        account=Account(os.geteuid(), os.getegid()),
        log=log,
        env=env,
    )
    try:
        granian.wait_until(lambda: accepts_connections(HOST, port))
        yield granian, port
    finally:
        granian.stop()


@contextmanager
def serving(env: Mapping[str, str], *, workers: int = 1) -> Iterator[str]:
    """The base URL of a server that runs with these variables."""
    with started(env, workers=workers) as (_, port):
        yield f"http://{HOST}:{port}"


@contextmanager
def mail_worker(env: Mapping[str, str]) -> Iterator[Server]:
    """What sends the outbox."""
    worker = Server(
        "The mail worker",
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "send_mail"],
        account=Account(os.geteuid(), os.getegid()),
        env=env,
    )
    try:
        yield worker
    finally:
        worker.stop()

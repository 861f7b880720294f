"""A server of its own for the tests of the contract: granian, as in production, with the demo."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.management import call_command

from deploy.processes import Account, Server, accepts_connections, free_port
from tests.conftest import remove_committed_rows

HOST = "127.0.0.1"

# The same values each time, on every machine, however slow.
hypothesis.settings.register_profile("contract", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("contract")


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The demo coalition, committed, with the same ids each time."""
    with django_db_blocker.unblock():
        remove_committed_rows()
        call_command("load_demo", verbosity=0)
        yield
        remove_committed_rows()


@contextmanager
def serving(env: Mapping[str, str]) -> Iterator[str]:
    """The base URL of a server that runs with these variables."""
    port = free_port()
    arguments = [f"--host={HOST}", f"--port={port}", "--interface=wsgi", "--workers=1"]
    arguments += ["--no-ws", "--log-level=error", f"--working-dir={settings.BASE_DIR}"]
    granian = Server(
        "The API",
        [sys.executable, "-m", "granian", *arguments, "backend.wsgi:application"],
        account=Account(os.geteuid(), os.getegid()),
        env=env,
    )
    try:
        granian.wait_until(lambda: accepts_connections(HOST, port))
        yield f"http://{HOST}:{port}"
    finally:
        granian.stop()


@pytest.fixture(scope="module")
def server(demo: None) -> Iterator[str]:
    """The base URL of a server of the demo coalition."""
    with serving(os.environ) as url:
        yield url

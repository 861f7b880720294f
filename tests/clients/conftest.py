"""Clients meet the API as it runs in production, behind its WSGI server."""

import os
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings

from deploy.cluster import HOST
from deploy.processes import Account, Server, accepts_connections, free_port


@pytest.fixture(scope="session")
def api_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a server of the test database answers, which shows committed rows alone."""
    port = free_port()
    arguments = ["--interface=wsgi", f"--host={HOST}", f"--port={port}", "--log-level=warning"]
    arguments += [f"--working-dir={settings.BASE_DIR}"]
    server = Server(
        "The API",
        [sys.executable, "-m", "granian", *arguments, "backend.wsgi:application"],
        account=Account(os.geteuid(), os.getegid()),
        log=tmp_path_factory.mktemp("granian") / "log",
    )
    server.wait_until(lambda: accepts_connections(HOST, port))
    yield f"http://{HOST}:{port}"
    server.stop()

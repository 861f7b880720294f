"""The limit: one SQL statement that makes the whole answer, and nothing around it.

The same server, pool and rows as this API's; neither routing, nor validation, nor a framework.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader

from deploy.processes import end_with_parent

end_with_parent(signal.SIGKILL)

SQL = {path.stem: path.read_bytes() for path in Path(__file__).parent.glob("*.sql")}
JSON = [("Content-Type", "application/json")]

local = threading.local()


class BytesLoader(Loader):
    """Text as it came, to be sent on."""

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


def connection() -> "psycopg.Connection[tuple[Any, ...]]":
    """That of this thread, through the pool."""
    if not hasattr(local, "connection"):
        local.connection = psycopg.connect(
            os.environ["DATABASE_URL"], autocommit=True, prepare_threshold=None
        )
        local.connection.adapters.register_loader("text", BytesLoader)
    connected: psycopg.Connection[tuple[Any, ...]] = local.connection
    return connected


def application(
    environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    """`/NAME?PARAMETERS` is answered by the statement of that name."""
    parameters = {name: float(value) for name, value in parse_qsl(environ["QUERY_STRING"])}
    row = connection().execute(SQL[environ["PATH_INFO"][1:]], parameters).fetchone()
    body: bytes = row[0] if row else b""
    start_response("200 OK", [*JSON, ("Content-Length", str(len(body)))])
    return [body]

"""The limit: the API's own statements, and nothing around them.

The same server, pool, rows and SQL as the API's; neither routing, nor validation, nor a
framework, nor a look at what is known already.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import django
import psycopg
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from psycopg.pq import ExecStatus

from deploy.processes import end_with_parent

end_with_parent(signal.SIGKILL)
django.setup()

local = threading.local()


asking = threading.Lock()


@cache
def statement(url: str) -> bytes:
    """That with which the API, its cache being off, answers."""
    public = connections["public"]
    with asking, CaptureQueriesContext(public) as captured:
        Client(headers={"host": "127.0.0.1"}).get(url)
        public.close()
    return captured.captured_queries[-1]["sql"].encode()


def pool() -> psycopg.pq.abc.PGconn:
    """The connection of this thread, through the pool."""
    if not hasattr(local, "connection"):
        local.connection = psycopg.connect(os.environ["DATABASE_READER_URL"], autocommit=True)
    connected: psycopg.Connection[Any] = local.connection
    return connected.pgconn


def application(
    environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    url = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"
    result = pool().exec_(statement(url))
    if result.status != ExecStatus.TUPLES_OK:
        raise RuntimeError(result.error_message)
    body = result.get_value(0, 0) if result.nfields == 1 else collection(result)
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body or b"")))]
    start_response("200 OK", headers)
    return [body or b""]


def collection(page: psycopg.pq.abc.PGresult) -> bytes:
    """The features of a page; the one more that is read would only show that there are more."""
    features = page.get_value(0, 2) or b""
    return b'{"features":[' + features.rpartition(b",\n")[0] + b"]}"

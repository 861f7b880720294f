"""Metrics for Prometheus, on a port of their own."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from threading import Thread
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from backend.database.replica import replica
from backend.models import OutgoingMail
from backend.observing.metrics import write_noted

WRITE_SECONDS = 0.5
BIND_AGAIN_SECONDS = 5
# For each look, of which there are four at most, of the ten that Prometheus waits.
DATABASE_SECONDS = 2

# One look at a time: while one hangs, those that follow give up.
looks = ThreadPoolExecutor(max_workers=1, thread_name_prefix="metrics")


def serve_metrics() -> None:
    """Answer at METRICS_PORT, if there is one: for all processes of this server, or wait to."""
    if settings.METRICS_PORT:
        replica.watch()
        for work in (_write, _serve):
            Thread(target=work, name="metrics", daemon=True).start()


def _write() -> None:
    while True:
        write_noted()
        time.sleep(WRITE_SECONDS)


def _serve() -> None:
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # untyped
    registry.register(DatabaseCollector())
    while True:
        # Another process answers, for this one too; it may end before this one.
        with suppress(OSError):
            _, thread = start_http_server(settings.METRICS_PORT, settings.METRICS_HOST, registry)
            thread.join()
        time.sleep(BIND_AGAIN_SECONDS)


class DatabaseCollector(Collector):
    """What the database knows, asked for when Prometheus asks."""

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing in advance: for that the registry would ask the database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = GaugeMetricFamily(
            "coalition_database_up", "Whether it answers through the pool.", labels=["connection"]
        )
        waits = GaugeMetricFamily(
            "coalition_pool_wait_seconds",
            "What one statement waited for the pool, just now.",
            labels=["connection"],
        )
        lags = GaugeMetricFamily(
            "coalition_replication_lag_seconds",
            "For how long the primary has had what the replica has not.",
        )
        for alias in (each for each in connections if each != "owner"):
            found = _within_seconds(_look, alias)
            up.add_metric([alias], found is not None)
            if found is not None:
                waits.add_metric([alias], found)
        if replica.seconds_behind is not None:
            lags.add_metric([], replica.seconds_behind)
        yield from (up, waits, lags)
        yield from _within_seconds(_outbox) or ()


def _within_seconds(ask: Any, *arguments: Any) -> Any:
    """What `ask` returns; None if the database does not answer in time."""
    look = looks.submit(ask, *arguments)
    try:
        return look.result(timeout=DATABASE_SECONDS)
    except (DatabaseError, InterfaceError, FutureTimeoutError):
        look.cancel()
        return None


def _look(alias: str) -> float:
    """How long the pool let a statement wait."""
    connection = connections[alias]
    connection.close_if_unusable_or_obsolete()
    connection.ensure_connection()
    with connection.cursor() as cursor:
        started_at = time.perf_counter()
        cursor.execute("SELECT 1")
        return time.perf_counter() - started_at


def _outbox() -> list[GaugeMetricFamily]:
    mails = GaugeMetricFamily(
        "coalition_outbox_mails", "Mails that are not sent yet, or never.", labels=["state"]
    )
    waiting = OutgoingMail.objects.waiting()
    age = waiting.pop("age")
    for state, number in (waiting | {"failed": OutgoingMail.objects.failed().count()}).items():
        mails.add_metric([state], number)
    return [
        mails,
        GaugeMetricFamily(
            "coalition_outbox_age_seconds", "How long the first that is due has been.", value=age
        ),
    ]

"""Those who write: one at a steady pace while others read, or several as fast as they can."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import chain, count
from threading import Event

import psycopg

from benchmarks.load import BenchmarkError, Sample
from benchmarks.writes import Connection, Writes

# A writer that lags further behind has been measured beside fewer writes than its name says.
MIN_KEPT = 0.9


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    try:
        # Nothing is prepared, as Django has it.
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
            yield connection
    except psycopg.Error as error:
        raise BenchmarkError(f"a write failed: {error}") from error


def beats(per_second: float) -> Iterator[None]:
    """At times fixed in advance: an open loop, in which a slow beat delays no other for long."""
    begun = time.perf_counter()
    for number in count():
        time.sleep(max(0.0, begun + number / per_second - time.perf_counter()))
        yield


@contextmanager
def writing(url: str, writes: Writes, per_second: float) -> Iterator[None]:
    """Meanwhile, commit so many of the writes a second."""
    stopped = Event()
    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(keep_writing, url, writes, per_second, stopped)
        try:
            yield
        finally:
            stopped.set()
    writer.result()


def keep_writing(url: str, writes: Writes, per_second: float, stopped: Event) -> None:
    committed = 0
    with connected(url) as connection:
        begun = time.perf_counter()
        for _, write in zip(beats(per_second), writes, strict=False):
            if stopped.is_set():
                break
            connection.execute(*write)
            committed += 1
    stopped.wait()
    due = per_second * (time.perf_counter() - begun)
    if committed < MIN_KEPT * due:
        raise BenchmarkError(f"the writer committed {committed} of {due:.0f} rows in time.")


def commit(url: str, writers: Sequence[Writes], seconds: float) -> Sample:
    """What the writers commit in all, each the next as soon as its last is done."""
    with ExitStack() as opened, ThreadPoolExecutor(len(writers)) as pool:
        connections = [opened.enter_context(connected(url)) for _ in writers]
        deadline = time.perf_counter() + seconds
        latencies = [*chain(*pool.map(partial(commit_until, deadline), connections, writers))]
    return Sample.of(latencies, seconds)


def commit_until(deadline: float, connection: Connection, writes: Writes) -> list[float]:
    """How long each took."""
    latencies = []
    begun = time.perf_counter()
    while begun < deadline:
        connection.execute(*next(writes))
        done = time.perf_counter()
        latencies.append(done - begun)
        begun = done
    return latencies

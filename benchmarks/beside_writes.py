"""Reads beside a writer, and what it costs writers that revisions are kept.

It leaves answers behind that are kept although they are out of date: nothing else is measured
on the same database after it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import cycle, islice
from time import perf_counter

from psycopg import sql

from benchmarks.contenders import (
    ALL_ANSWERS,
    APPROVALS,
    COLD,
    NO_REVISIONS,
    NO_WRITES,
    NOT_MODIFIED,
    PRIVATE_WRITES,
    REVISIONS,
    UNSHOWN_WRITES,
    WARM,
    Contender,
)
from benchmarks.goals import Series
from benchmarks.load import BenchmarkError, Request, Sample, fetch
from benchmarks.measure import Measurement, say
from benchmarks.workloads import (
    CAMPAIGNS,
    STAKEHOLDERS,
    WRITERS,
    Name,
    workloads_beside_writes,
)
from benchmarks.writers import beats, commit, connected, writing
from benchmarks.writes import (
    Connection,
    Rows,
    Writes,
    approvals,
    pending_endorsements,
    private,
    public,
    sessions,
)
from deploy.database import Database

WRITES_PER_SECOND = 30
POLLS_PER_SECOND = 50
POLLED = (f"{STAKEHOLDERS}?limit=100", f"{CAMPAIGNS}?limit=20")
# Of a run of reads. Commits are many, and the shorter a run, the more alike is the other side's.
COMMIT_RUN = 2 / 3

REVISION_TRIGGERS = r"""
SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE tgname LIKE 'pgtrigger\_revise\_%'
"""

Writing = Callable[[], AbstractContextManager[None]]


def measure_beside_writes(
    measurement: Measurement, contenders: Mapping[str, Contender], database: Database
) -> None:
    url = database.variables["DATABASE_URL"]
    try:
        with connected(database.variables["DATABASE_OWNER_URL"]) as owner:
            paced, fast = Rows.prepared(owner).shares(2)
            measure_reads(measurement, contenders, url, paced)
            measure_commits(measurement, url, fast, owner)
    except BenchmarkError as error:
        measurement.failures.append(f"beside writes: {error}")


def measure_reads(
    measurement: Measurement, contenders: Mapping[str, Contender], url: str, rows: Rows
) -> None:
    def steadily(writes: Writes) -> Writing:
        return lambda: writing(url, writes, WRITES_PER_SECOND)

    warm, cold = contenders[WARM], contenders[COLD]
    beside_private = steadily(pending_endorsements(rows))
    beside = {
        each.name: each
        for each in (
            replace(warm, name=PRIVATE_WRITES, beside=beside_private),
            replace(warm, name=UNSHOWN_WRITES, beside=steadily(sessions())),
            replace(warm, name=APPROVALS, beside=steadily(approvals(rows))),
            replace(cold, name=NO_WRITES),
        )
    }
    for workload in workloads_beside_writes():
        measurement.measure((workload, beside))
    measure_polls(measurement, warm.port, beside_private)


def measure_polls(measurement: Measurement, port: int, beside: Writing) -> None:
    say(f"{Name.POLLS} …")
    seconds = measurement.runs * measurement.seconds
    with beside():
        answers = list(islice(polls(port), round(seconds * POLLS_PER_SECOND)))
    not_modified = [latency for status, latency in answers if status == 304]
    measured = {NOT_MODIFIED: not_modified, ALL_ANSWERS: [latency for _, latency in answers]}
    for name, latencies in measured.items():
        measurement.results[Series(Name.POLLS, name)].append(Sample.of(latencies, seconds))


def polls(port: int) -> Iterator[tuple[int, float]]:
    """Status and latency of what a client gets that asks time and again for what it has."""
    etags = {path: fetch(port, Request(path)).etag for path in POLLED}
    for path, _ in zip(cycle(POLLED), beats(POLLS_PER_SECOND), strict=False):
        begun = perf_counter()
        answer = fetch(port, Request(path, etags[path]))
        if answer.status not in {200, 304}:
            raise BenchmarkError(f"the answer is {answer.status}, neither 200 nor 304.")
        etags[path] = answer.etag
        yield answer.status, perf_counter() - begun


def measure_commits(measurement: Measurement, url: str, rows: Rows, owner: Connection) -> None:
    for name, writes in ((Name.PRIVATE_COMMITS, private), (Name.PUBLIC_COMMITS, public)):
        writers = [writes(share) for share in rows.shares(max(WRITERS))]
        for number in WRITERS:
            compare_commits(measurement, name.format(number), url, writers[:number], owner)


def compare_commits(
    measurement: Measurement, workload: str, url: str, writers: Sequence[Writes], owner: Connection
) -> None:
    """With the triggers that revise, and without; the tallies' stay."""
    say(f"{workload} …")
    seconds = COMMIT_RUN * measurement.seconds
    commit(url, writers, seconds)
    try:
        for _ in range(measurement.runs):
            for name, state in ((REVISIONS, "ENABLE"), (NO_REVISIONS, "DISABLE")):
                switch_revisions(owner, sql.SQL(state))
                sample = commit(url, writers, seconds)
                measurement.results[Series(workload, name)].append(sample)
    finally:
        switch_revisions(owner, sql.SQL("ENABLE"))


def switch_revisions(owner: Connection, state: sql.SQL) -> None:
    statement = sql.SQL("ALTER TABLE {} {} TRIGGER {}")
    for table, trigger in owner.execute(REVISION_TRIGGERS).fetchall():
        owner.execute(statement.format(sql.Identifier(table), state, sql.Identifier(trigger)))

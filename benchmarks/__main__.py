"""This API's speed beside its limit and its peers, measured in one run.

python -m benchmarks           all of it, some 20 minutes; writes docs/performance.*
python -m benchmarks --quick   100,000 stakeholders and short runs, under 5 minutes
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import databases
from benchmarks.beside_writes import measure_beside_writes
from benchmarks.contenders import (
    BARE,
    COLD,
    FRONTS,
    LIMIT,
    STOCK,
    SUBMITTED,
    THIS_API,
    TRIVIAL,
    WARM,
    Contender,
    started,
)
from benchmarks.load import BenchmarkError
from benchmarks.measure import Measurement, say
from benchmarks.peers import PEERS, Installation
from benchmarks.picture import draw
from benchmarks.report import Report, own_versions, replace_tables
from benchmarks.submissions import measure_submissions
from benchmarks.walk import page_after
from benchmarks.whole_set import measure_whole_tables
from benchmarks.workloads import (
    DURABLE,
    LARGE,
    SMALL,
    STAKEHOLDERS,
    large_workloads,
    small_workloads,
)
from deploy.database import ROOT, Database
from deploy.processes import StackError, end_with_parent
from deploy.stack import Stopped, only_one_in, stop

HOME = Path(os.environ.get("COALITION_HOME") or ROOT / ".local").resolve() / "benchmarks"
DOCUMENTS = ROOT / "docs"

SIZES = {SMALL: (100_000, 10_000), LARGE: (1_000_000, 1_000_000), DURABLE: (10_000, 1_000)}
DEEP = 900_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="under 5 minutes")
    is_quick = parser.parse_args().quick
    end_with_parent(signal.SIGTERM)
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop_signal, stop)
    try:
        with only_one_in(HOME):
            return run_quick() if is_quick else run_all()
    except Stopped:
        return 130
    except (BenchmarkError, StackError) as error:
        print(error, file=sys.stderr)
        return 1


def run_quick() -> int:
    measurement = Measurement(runs=3, seconds=1)
    peers = [peer for peer in installations() if peer.is_complete()]
    with ExitStack() as running:
        database = seed(running, SMALL)
        small = start_small(running, database, peers, measurement)
        measure_small(measurement, small)
        measure_beside_writes(measurement, small, database)
        measure_durable(measurement)
        report = conclude(measurement, [small], peers)
    (HOME / "quick.json").write_text(report.as_json())
    return show(report)


def run_all() -> int:
    measurement = Measurement(runs=5, seconds=3)
    peers = [peer for peer in installations() if is_installed(peer, measurement)]
    with ExitStack() as running:
        small_database = seed(running, SMALL)
        small = start_small(running, small_database, peers, measurement)
        large_database = seed(running, LARGE)
        large = start(running, large_database, [COLD, LIMIT, STOCK], [], measurement)
        measure_small(measurement, small)
        deep_page = page_after(DEEP, large[COLD].port, STAKEHOLDERS)
        for group in large_workloads(deep_page):
            measurement.measure(
                *((each, small if each.database == SMALL else large) for each in group)
            )
        owner_url = large_database.variables["DATABASE_OWNER_URL"]
        measure_whole_tables(measurement, large[COLD], owner_url)
        measure_beside_writes(measurement, small, small_database)
        measure_durable(measurement)
        report = conclude(measurement, [small, large], peers)
    (DOCUMENTS / "performance.json").write_text(report.as_json())
    replace_tables(DOCUMENTS / "performance.md", report)
    draw(report.verdicts(), DOCUMENTS / "performance.png")
    return show(report)


def installations() -> list[Installation]:
    return [Installation(peer, HOME / peer.name) for peer in PEERS]


def is_installed(peer: Installation, measurement: Measurement) -> bool:
    """Install it first, if need be; the benchmark goes on without those that cannot be."""
    say(f"Installing {peer.peer.name} …")
    try:
        peer.complete()
    except BenchmarkError as error:
        measurement.failures.append(str(error))
        return False
    return True


def measure_durable(measurement: Measurement) -> None:
    """What is written by supporters, on a database that loses nothing."""
    with ExitStack() as running:
        database = seed(running, DURABLE)
        contenders = start(running, database, [SUBMITTED, BARE], [], measurement)
        measure_submissions(measurement, contenders, database)


def start_small(
    running: ExitStack,
    database: Database,
    peers: Sequence[Installation],
    measurement: Measurement,
) -> dict[str, Contender]:
    names = [COLD, WARM, *FRONTS, LIMIT, STOCK, TRIVIAL]
    return start(running, database, names, peers, measurement)


def seed(running: ExitStack, size: str) -> Database:
    """A database of its own, until `running` ends."""
    stakeholders, endorsements = SIZES[size]
    say(f"{stakeholders:,} stakeholders, {endorsements:,} endorsements …")
    begun = time.monotonic()
    database = running.enter_context(
        databases.seeded(
            HOME / size,
            stakeholders=stakeholders,
            endorsements=endorsements,
            is_durable=size == DURABLE,
        )
    )
    say(f"… in {time.monotonic() - begun:.0f} s")
    return database


def start(
    running: ExitStack,
    database: Database,
    names: Sequence[str],
    peers: Sequence[Installation],
    measurement: Measurement,
) -> dict[str, Contender]:
    """The contenders on a database, until `running` ends."""
    return running.enter_context(started(database, names, peers, measurement.failures))


def measure_small(measurement: Measurement, contenders: Mapping[str, Contender]) -> None:
    for workload in small_workloads():
        measurement.measure((workload, contenders))


def conclude(
    measurement: Measurement,
    groups: Sequence[Mapping[str, Contender]],
    peers: Sequence[Installation],
) -> Report:
    """What the run showed, while the contenders are still there."""
    workers = [
        group[name].workers().resident_mb()
        for group in groups
        for name in THIS_API
        if name in group
    ]
    versions = own_versions() | {peer.peer.name: peer.version() for peer in peers}
    return Report(
        measurement.results,
        max(workers),
        measurement.growth_mb,
        versions,
        measurement.failures,
    )


def show(report: Report) -> int:
    """Print the report; 1 if something could not be measured, whatever the figures are."""
    print("\n".join(report.tables()))
    for failure in report.failures:
        print(failure, file=sys.stderr)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""What a crowd costs: make chaos CROWD=1

Starts the real stack and asks it, by the clock, for 150 reads, 30 submissions and 5 decisions a
second for ten minutes, then for five times that for one, then for as much as at first again. Prints
a table. It ends with 1 if an acknowledged write is lost or was done twice, if anything fails but by
429 and 503, or if anything fails at all in the first crowd or the last.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

from tests.faults.chaos import SLUG, lost_and_twice
from tests.faults.load import Load, Outcome
from tests.faults.processes import children_of
from tests.faults.tables import by_status, header, row
from tests.faults.whole_stack import Stack, prepare, running_stack

RATES = {"read": 150.0, "submission": 30.0, "decision": 5.0}
WRITES = {"submission", "decision"}
MOST_TIMES = 5
SECONDS_TO_CALM_DOWN = 10


class Crowd(NamedTuple):
    """How a crowd was served."""

    name: str
    seconds: float
    outcomes: list[Outcome]
    lost: int
    twice: int
    megabytes: int  # of the API's processes

    def p99_ms(self, *, of_writes: bool) -> float:
        """Of what was served; what is refused is refused soon."""
        taken = [
            1000 * each.seconds
            for each in self.outcomes
            if (each.kind in WRITES) == of_writes and each.is_acknowledged
        ]
        return quantiles(taken, n=100)[98]

    @property
    def failed(self) -> Counter[int]:
        return Counter(each.status for each in self.outcomes if not each.is_acknowledged)

    @property
    def is_sound(self) -> bool:
        are_problems = all(each.is_sound for each in self.outcomes)
        return are_problems and not (self.lost or self.twice) and self.failed.keys() <= {429, 503}

    def __str__(self) -> str:
        return row(
            self.name,
            f"{self.seconds:.0f} s",
            len(self.outcomes),
            f"{len(self.outcomes) / self.seconds:.0f}",
            by_status(self.failed),
            f"{self.p99_ms(of_writes=False):.0f} ms",
            f"{self.p99_ms(of_writes=True):.0f} ms",
            self.lost,
            self.twice,
            f"{self.megabytes} MB",
        )


HEADER = header(
    "Crowd",
    "For",
    "Requests",
    "A second",
    "Failed",
    "p99 of reads",
    "p99 of writes",
    "Acknowledged and lost",
    "Done twice",
    "Memory",
)


class Crowds:
    """One after the other, on one stack."""

    def __init__(self, stack: Stack, *, decisions: int) -> None:
        self._stack = stack
        self._token, endorsements = prepare(stack.database, decisions=decisions)
        self._pending = iter(endorsements)

    def serve(self, name: str, seconds: float, *, times: float = 1) -> Crowd:
        rates = {kind: times * rate for kind, rate in RATES.items()}
        load = Load(
            self._stack.address.url,
            rates=rates,
            slug=SLUG,
            token=self._token,
            name=f"{time.time()}",
        )
        load.pending = self._pending
        began_at = time.monotonic()
        load.start()
        time.sleep(seconds)
        outcomes = load.stop()
        taken = time.monotonic() - began_at
        lost, twice = lost_and_twice(self._stack, outcomes)
        return Crowd(name, taken, outcomes, lost, twice, memory_megabytes(self._stack))


def memory_megabytes(stack: Stack) -> int:
    """Of the API's processes, each with what it shares."""
    return (
        sum(
            int(line.split()[1])
            for pid in children_of(stack["the API"].pid)
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if line.startswith("VmRSS:")
        )
        // 1024
    )


def served(seconds: int) -> Iterator[Crowd]:
    decisions = round(RATES["decision"] * (seconds + 60 * MOST_TIMES + 60) * 1.2)
    with running_stack() as stack:
        crowds = Crowds(stack, decisions=decisions)
        crowds.serve("to warm up", 10)
        yield crowds.serve("usual", seconds)
        yield crowds.serve("five times that", 60, times=MOST_TIMES)
        time.sleep(SECONDS_TO_CALM_DOWN)
        yield crowds.serve("ten seconds later", 30)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=600, help="of the first crowd")
    seconds = parser.parse_args().seconds
    print(f"Starting the stack; this takes {seconds // 60 + 3} minutes …", flush=True)
    print(HEADER, flush=True)
    crowds = []
    for crowd in served(seconds):
        print(crowd, flush=True)
        crowds.append(crowd)
    usual, _, later = crowds
    is_good = all(each.is_sound for each in crowds) and not (usual.failed or later.failed)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())

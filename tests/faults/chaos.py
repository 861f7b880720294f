"""What each fault costs: make chaos

Starts the real stack, in a folder of its own and with every write on disk, asks it for reads,
submissions and decisions by the clock, injects one fault after the other, and prints a table. It
ends with 1 if a write that was acknowledged is lost or was done twice, if an error is no problem
document, or has no Retry-After, or if the stack does not recover.
"""

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from typing import NamedTuple

from tests.faults.faults import FAULTS, Fault, kill_at_random
from tests.faults.load import Load, Outcome
from tests.faults.tables import by_status, header, row
from tests.faults.whole_stack import Stack, prepare, running_stack

RATES = {"read": 30.0, "submission": 6.0, "decision": 2.0}
SLUG = "ten-thousand-acres-of-reef"
SECONDS_BEFORE = 3.0
MOST_SECONDS_TO_RECOVER = 30.0
# granian takes a worker that dies within 5.5 seconds of its start for one that cannot start, and
# ends: whoever runs it starts it again.
SECONDS_AFTER = 6.0


class Row(NamedTuple):
    """What a fault did."""

    fault: Fault
    requests: int
    failed: Counter[int]
    unsound: int
    slowest_seconds: float
    lost: int
    twice: int
    recovery_seconds: float

    @property
    def is_good(self) -> bool:
        has_recovered = self.recovery_seconds < MOST_SECONDS_TO_RECOVER
        cost = 0 if self.fault.costs else self.failed.total()
        return has_recovered and not (self.unsound or self.lost or self.twice or cost)

    def __str__(self) -> str:
        return row(
            self.fault.name,
            self.requests,
            by_status(self.failed),
            self.unsound,
            f"{self.slowest_seconds:.1f} s",
            self.lost,
            self.twice,
            f"{self.recovery_seconds:.1f} s",
        )


HEADER = header(
    "Fault",
    "Requests",
    "Failed",
    "No sound problem",
    "Slowest",
    "Acknowledged and lost",
    "Done twice",
    "Recovery",
)


def suffer(stack: Stack, fault: Fault, load: Load) -> Row:
    load.start()
    time.sleep(SECONDS_BEFORE)
    fault.inject(stack)
    over_at = time.monotonic()
    while not load.is_served_since(over_at):
        if time.monotonic() - over_at > MOST_SECONDS_TO_RECOVER:
            break
        time.sleep(0.05)
    recovery_seconds = time.monotonic() - over_at
    time.sleep(SECONDS_AFTER)
    outcomes = load.stop()
    lost, twice = lost_and_twice(stack, outcomes)
    failed = Counter(each.status for each in outcomes if not each.is_acknowledged)
    # A connection that broke off is nobody's answer; the client asks again.
    unsound = sum(not each.is_sound and each.status != 0 for each in outcomes)
    slowest = max(each.seconds for each in outcomes)
    return Row(fault, len(outcomes), failed, unsound, slowest, lost, twice, recovery_seconds)


def lost_and_twice(stack: Stack, outcomes: list[Outcome]) -> tuple[int, int]:
    """How many acknowledged writes are not there, and how many are there more than once."""
    with stack.owner() as owner:
        submitted = Counter(
            email for (email,) in owner.execute("SELECT email FROM endorsements_submission")
        )
        approved = Counter(
            str(key)
            for (key,) in owner.execute(
                "SELECT endorsement_id FROM endorsements_transition WHERE to_status = 'approved'"
            )
        )
    stored = {"submission": submitted, "decision": approved}
    written = [each for each in outcomes if each.kind in stored]
    lost = sum(each.is_acknowledged and not stored[each.kind][each.subject] for each in written)
    twice = sum(stored[each.kind][each.subject] > 1 for each in written)
    return lost, twice


def chosen(arguments: argparse.Namespace) -> list[Fault]:
    if arguments.kills:
        kills = partial(kill_at_random, times=arguments.kills, seed=arguments.seed)
        return [Fault(f"{arguments.kills} kills at random", kills)]
    return [each for each in FAULTS if re.search(arguments.faults, each.name)]


def suffered(faults: list[Fault]) -> Iterator[Row]:
    """All that use the same disk on one stack."""
    for megabytes, group in groupby(faults, lambda fault: fault.disk_megabytes):
        with running_stack(disk_megabytes=megabytes) as stack:
            token, endorsements = prepare(stack.database, decisions=2_500)
            pending = iter(endorsements)
            for fault in group:
                load = Load(
                    stack.address.url, rates=RATES, slug=SLUG, token=token, name=f"{time.time()}"
                )
                load.pending = pending
                yield suffer(stack, fault, load)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--faults", default="", help="only those whose names match this expression")
    parser.add_argument("--kills", type=int, help="instead, end so many processes at random")
    parser.add_argument("--seed", type=int, default=1, help="which processes, and when")
    faults = chosen(parser.parse_args())
    print("Starting the stack …", flush=True)
    print(HEADER, flush=True)
    all_are_good = True
    for suffering in suffered(faults):
        print(suffering, flush=True)
        all_are_good &= suffering.is_good
    return 0 if all_are_good else 1


if __name__ == "__main__":
    sys.exit(main())

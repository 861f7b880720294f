"""What this API is to reach, in relation to the other contenders of the same run."""

import statistics
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from benchmarks.contenders import (
    ALL_ANSWERS,
    APPROVALS,
    BARE,
    COLD,
    COLD_BEHIND_FRONT,
    COPY,
    LIMIT,
    NO_REVISIONS,
    NO_WRITES,
    NOT_MODIFIED,
    PER_SECOND,
    PRIVATE_WRITES,
    PYGEOAPI,
    REVISIONS,
    STOCK,
    SUBMITTED,
    TIPG,
    TRIVIAL,
    UNSHOWN_WRITES,
    WARM,
    WARM_BEHIND_FRONT,
    WITHIN_100_MS,
)
from benchmarks.load import Sample, median
from benchmarks.workloads import WRITERS, Name

MAX_WORKER_MEMORY_MB = 200
# While it sends one of them.
MAX_GROWTH_MB = 64
WHOLE_TABLES = [Name.WHOLE_SET, Name.EXPORTED_STAKEHOLDERS, Name.EXPORTED_ENDORSEMENTS]


class Series(NamedTuple):
    """The runs of a workload by a contender."""

    workload: str
    contender: str

    def __str__(self) -> str:
        return f"{self.workload}, {self.contender}"


Results = Mapping[Series, Sequence[Sample]]


@dataclass(frozen=True)
class Goal(ABC):
    """A bound on how two series compare."""

    series: Series
    reference: Series
    bound: float

    sign: ClassVar[str]
    measure: ClassVar[str]

    def ratio(self, results: Results) -> float | None:
        """None if one of them was not measured."""
        ours, theirs = (results.get(each) for each in (self.series, self.reference))
        return self._ratio(ours, theirs) if ours and theirs else None

    def _ratio(self, ours: Sequence[Sample], theirs: Sequence[Sample]) -> float:
        return self._compare(median(ours), median(theirs))

    @abstractmethod
    def _compare(self, ours: Sample, theirs: Sample) -> float: ...

    @abstractmethod
    def is_met(self, ratio: float) -> bool: ...


class AtLeast(Goal):
    sign = "≥"
    measure = "requests/s"

    def _compare(self, ours: Sample, theirs: Sample) -> float:
        return ours.requests_per_second / theirs.requests_per_second

    def is_met(self, ratio: float) -> bool:
        return ratio >= self.bound


class ByTurns(AtLeast):
    """Each run is compared with that of its own turn: the machine is as busy for both."""

    def _ratio(self, ours: Sequence[Sample], theirs: Sequence[Sample]) -> float:
        return statistics.median(map(self._compare, ours, theirs))


class Commits(ByTurns):
    measure = "commits/s"


class AtMost(Goal):
    sign = "≤"
    measure = "latency"

    def _compare(self, ours: Sample, theirs: Sample) -> float:
        return ours.latency_ms / theirs.latency_ms

    def is_met(self, ratio: float) -> bool:
        return ratio <= self.bound


def faster(workload: str, contender: str, references: Mapping[str, float]) -> list[Goal]:
    """At least so many times as fast as each of the other contenders."""
    return [
        AtLeast(Series(workload, contender), Series(workload, reference), bound)
        for reference, bound in references.items()
    ]


def no_slower(workload: str, reference: Series, bound: float) -> Goal:
    """One cold answer takes at most so many times as long."""
    return AtMost(Series(workload, COLD), reference, bound)


def by_turns(workload: str, contender: str, reference: str, bound: float) -> Goal:
    return ByTurns(Series(workload, contender), Series(workload, reference), bound)


def commits(workload: str, bound: float) -> list[Goal]:
    """At least so many with revisions kept, by any number of writers."""
    return [
        Commits(Series(name, REVISIONS), Series(name, NO_REVISIONS), bound)
        for name in map(workload.format, WRITERS)
    ]


GOALS: list[Goal] = [
    *faster(Name.HUNDRED, COLD, {TIPG: 7, PYGEOAPI: 7, LIMIT: 0.6}),
    *faster(Name.HUNDRED, WARM, {TIPG: 12, TRIVIAL: 0.5}),
    by_turns(Name.HUNDRED, COLD_BEHIND_FRONT, COLD, 0.95),
    by_turns(Name.HUNDRED, WARM_BEHIND_FRONT, WARM, 0.85),
    *faster(Name.THOUSAND, COLD, {TIPG: 8, LIMIT: 0.85}),
    *faster(Name.THOUSAND, WARM, {TRIVIAL: 0.3}),
    *faster(Name.BBOX, COLD, {TIPG: 40, LIMIT: 0.6}),
    *faster(Name.HUNDRED_OF_1M, COLD, {STOCK: 100}),
    no_slower(Name.HUNDRED_OF_1M_ALONE, Series(Name.HUNDRED_ALONE, COLD), 1.3),
    no_slower(Name.DEEP, Series(Name.HUNDRED_OF_1M_ALONE, COLD), 1.2),
    *(goal for name in WHOLE_TABLES for goal in faster(name, COLD, {COPY: 0.5})),
    no_slower(Name.NEAR, Series(Name.NEAR, LIMIT), 2),
    *faster(Name.CAMPAIGNS, COLD, {STOCK: 100}),
    no_slower(Name.CAMPAIGNS_ALONE, Series(Name.CAMPAIGNS_OF_10K_ALONE, COLD), 1.3),
    *faster(Name.HOMEPAGE, COLD, {LIMIT: 0.5}),
    *faster(Name.HOMEPAGE, WARM, {TRIVIAL: 0.5}),
    *(
        goal
        for name in (Name.HUNDRED, Name.THOUSAND, Name.BBOX, "campaigns", Name.HOMEPAGE)
        for goal in faster(Name.CONDITIONAL.format(name), WARM, {TRIVIAL: 0.6})
    ),
    by_turns(Name.HUNDRED_BESIDE_WRITES, PRIVATE_WRITES, UNSHOWN_WRITES, 0.9),
    by_turns(Name.HUNDRED_BESIDE_WRITES, APPROVALS, NO_WRITES, 0.5),
    by_turns(Name.CAMPAIGNS_BESIDE_WRITES, APPROVALS, NO_WRITES, 0.5),
    by_turns(Name.POLLS, NOT_MODIFIED, ALL_ANSWERS, 0.99),
    ByTurns(Series(Name.SUBMISSIONS, SUBMITTED), Series(Name.SUBMISSIONS, BARE), 0.5),
    AtLeast(
        Series(Name.SUBMISSIONS, SUBMITTED), Series(Name.SUBMISSIONS, PER_SECOND.format(300)), 1
    ),
    AtMost(Series(Name.OPEN_LOOP, SUBMITTED), Series(Name.OPEN_LOOP, WITHIN_100_MS), 1),
    ByTurns(Series(Name.BESIDE_SUBMISSIONS, SUBMITTED), Series(Name.BESIDE_SUBMISSIONS, BARE), 0.8),
    AtLeast(Series(Name.MAILS, SUBMITTED), Series(Name.MAILS, PER_SECOND.format(200)), 1),
    *commits(Name.PRIVATE_COMMITS, 0.8),
    *commits(Name.PUBLIC_COMMITS, 0.6),
]

"""Running the workloads: all contenders of one in turn, time after time."""

import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeVar

from benchmarks.contenders import TRIVIAL, Contender
from benchmarks.goals import Series
from benchmarks.load import BenchmarkError, Request, Sample, fetch, load, long_enough
from benchmarks.workloads import Content, Workload

T = TypeVar("T")


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Load:
    """What is sent to a contender in each run of a workload."""

    workload: Workload
    contender: Contender
    requests: Sequence[Request]
    seconds: float

    @property
    def series(self) -> Series:
        return Series(self.workload.name, self.contender.name)

    def warmed_up(self) -> Self:
        """After a first run, by which it is seen how long the others have to be."""
        return replace(self, seconds=long_enough(self._run(), self.seconds))

    def sample(self) -> Sample:
        sample = self._run()
        if not sample.requests_per_second:
            raise BenchmarkError(f"nothing was answered within {self.seconds:.0f} s.")
        return sample

    def _run(self) -> Sample:
        with self.contender.beside():
            return load(
                self.contender.port,
                self.requests,
                connections=self.workload.connections,
                seconds=self.seconds,
            )


class Measurement:
    """The samples of one run of the benchmark, and what went wrong in it."""

    def __init__(self, *, runs: int, seconds: float) -> None:
        self.runs = runs
        self.seconds = seconds
        self.results: dict[Series, list[Sample]] = defaultdict(list)
        self.failures: list[str] = []
        self.growth_mb: dict[str, float] = {}

    def measure(self, *workloads: tuple[Workload, Mapping[str, Contender]]) -> None:
        """Check all answers, warm up, then measure all contenders of all workloads in turn."""
        loads = [
            warm
            for workload, contenders in workloads
            for each in self._checked(workload, contenders)
            if (warm := self._tried(each, Load.warmed_up))
        ]
        for _ in range(self.runs):
            for each in loads:
                if sample := self._tried(each, Load.sample):
                    self.results[each.series].append(sample)

    def _tried(self, each: Load, attempt: Callable[[Load], T]) -> T | None:
        try:
            return attempt(each)
        except BenchmarkError as error:
            self.failures.append(f"{each.series}: {error}")
            return None

    def _checked(self, workload: Workload, contenders: Mapping[str, Contender]) -> list[Load]:
        """The loads of those contenders that are there and answer rightly."""
        say(f"{workload.name} …")
        loads = []
        contents: dict[str, list[Content | None]] = {}
        for name in workload.paths:
            if contender := contenders.get(name):
                try:
                    requests = prepare(workload, contender)
                    contents[name] = read(workload, contender, requests)
                    loads.append(Load(workload, contender, requests, self.seconds))
                except BenchmarkError as error:
                    self.failures.append(f"{Series(workload.name, name)}: {error}")
        self.failures += [f"{workload.name}: {each}" for each in differences(workload, contents)]
        return loads


def prepare(workload: Workload, contender: Contender) -> list[Request]:
    """The contender's requests, with the ETags of its answers where the client has a copy."""
    requests = [Request(path) for path in workload.paths[contender.name]]
    if not workload.is_conditional or contender.name == TRIVIAL:
        return requests
    etags = [fetch(contender.port, request).etag for request in requests]
    if not all(etags):
        raise BenchmarkError("the answer has no ETag.")
    return [Request(request.path, etag) for request, etag in zip(requests, etags, strict=True)]


def read(
    workload: Workload, contender: Contender, requests: Sequence[Request]
) -> list[Content | None]:
    return [workload.read(contender.name, fetch(contender.port, request)) for request in requests]


def differences(workload: Workload, contents: Mapping[str, Sequence[Content | None]]) -> list[str]:
    """What the contenders do not agree on, each compared with the first."""
    answered = {name: content for name, content in contents.items() if None not in content}
    if not answered:
        return []
    (first, reference), *others = answered.items()
    found = []
    for name, content in others:
        if counts(content) != counts(reference):
            found.append(f"{name} shows {counts(content)} where {first} shows {counts(reference)}.")
        elif {name, first} <= {*workload.alike} and content != reference:
            found.append(f"{name} does not show the same as {first}.")
    return found


def counts(contents: Sequence[Content | None]) -> list[int]:
    return [content.number for content in contents if content]

"""What came of a run: on the terminal, as JSON and as part of docs/performance.md."""

import json
import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.goals import (
    GOALS,
    MAX_GROWTH_MB,
    MAX_WORKER_MEMORY_MB,
    WHOLE_TABLES,
    Goal,
    Results,
    Series,
)
from benchmarks.load import Sample, median

PACKAGES = ("Django", "djangorestframework", "djangorestframework-gis", "psycopg", "granian")
BEGIN, END = "<!-- made by make bench -->", "<!-- until here -->"


@dataclass(frozen=True)
class Verdict:
    """How a goal stands; without a ratio, one of its figures is missing."""

    what: str
    compared_with: str
    ratio: float | None
    goal: str
    bound: float
    is_met: bool | None


@dataclass(frozen=True)
class Report:
    """A run's figures, and what they say of the goals."""

    results: Results
    worker_memory_mb: float
    growth_mb: Mapping[str, float]
    versions: Mapping[str, str]
    failures: Sequence[str]

    @property
    def medians(self) -> dict[Series, Sample]:
        return {series: median(samples) for series, samples in self.results.items()}

    def verdicts(self) -> list[Verdict]:
        return [
            *(judge(goal, goal.ratio(self.results)) for goal in GOALS),
            *(
                judge_memory(
                    f"growth of a worker by {name}, MB", self.growth_mb.get(name), MAX_GROWTH_MB
                )
                for name in WHOLE_TABLES
            ),
            judge_memory(
                "memory of the largest worker, MB", self.worker_memory_mb, MAX_WORKER_MEMORY_MB
            ),
        ]

    def as_json(self) -> str:
        medians = self.medians
        document = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": machine(),
            "versions": self.versions,
            "figures": [
                series._asdict()
                | asdict(medians[series])
                | {"runs": [asdict(sample) for sample in samples]}
                for series, samples in self.results.items()
            ],
            "goals": [asdict(verdict) for verdict in self.verdicts()],
            "failures": self.failures,
        }
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"

    def tables(self) -> Iterator[str]:
        """The lines of two tables in Markdown: the goals, then the figures."""
        yield "| Workload | Compared with | Ratio | Goal | |"
        yield "|---|---|---|---|---|"
        for verdict in self.verdicts():
            cells = (
                verdict.what,
                verdict.compared_with,
                "—" if verdict.ratio is None else f"{verdict.ratio:.3g}",
                verdict.goal,
                {True: "met", False: "not met", None: "not measured"}[verdict.is_met],
            )
            yield f"| {' | '.join(cells)} |"
        yield ""
        yield "| Workload | Contender | Requests or commits per second | Median latency, ms |"
        yield "|---|---|--:|--:|"
        for workload, group in groupby(self.medians.items(), lambda item: item[0].workload):
            for series, sample in group:
                rate = sample.requests_per_second
                yield (
                    f"| {workload} | {series.contender} "
                    f"| {rate:,.{0 if rate >= 1 else 2}f} | {sample.latency_ms:.2f} |"
                )


def judge(goal: Goal, ratio: float | None) -> Verdict:
    reference = goal.reference
    same_workload = reference.workload == goal.series.workload
    return Verdict(
        str(goal.series),
        reference.contender if same_workload else str(reference),
        ratio,
        f"{goal.sign} {goal.bound:g} in {goal.measure}",
        goal.bound,
        None if ratio is None else goal.is_met(ratio),
    )


def judge_memory(what: str, mb: float | None, bound: float) -> Verdict:
    return Verdict(what, "", mb, f"≤ {bound}", bound, None if mb is None else mb <= bound)


def machine() -> dict[str, Any]:
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": cpu[1] if cpu else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory / 1e9),
        "system": platform.platform(),
    }


def own_versions() -> dict[str, str]:
    return {"Python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def replace_tables(document: Path, report: Report) -> None:
    """Put the report between the marks in a Markdown document."""
    here = machine()
    before, _, rest = document.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    versions = ", ".join(f"{name} {number}" for name, number in report.versions.items())
    measured = (
        f"Measured on {datetime.now(UTC):%-d %B %Y}: {here['processor']}, {here['cores']} cores, "
        f"{here['memory_gb']} GB; {versions}."
    )
    picture = "![How far each ratio is towards its goal](performance.png)"
    lines = [BEGIN, "", measured, "", picture, "", *report.tables(), "", END]
    document.write_text(before + "\n".join(lines) + after)

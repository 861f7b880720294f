"""Sending requests: many with wrk, for their speed, or one, for its answer."""

import json
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from math import ceil
from pathlib import Path
from typing import Self
from uuid import uuid4

SCRIPT = Path(__file__).with_name("load.lua")
SUBMISSIONS_SCRIPT = Path(__file__).with_name("submissions.lua")
# The slowest of the contenders takes seconds.
TIMEOUT = 30
MIN_REQUESTS = 30
MAX_SECONDS = 10.0


class BenchmarkError(Exception):
    """What could not be measured, or was answered wrongly, in a sentence."""


@dataclass(frozen=True)
class Request:
    """A GET; with `etag`, of a client that has a copy."""

    path: str
    etag: str = ""


@dataclass(frozen=True)
class Answer:
    status: int
    etag: str
    body: bytes


@dataclass(frozen=True)
class Sample:
    """What one run of a load showed; the latency is the median of its requests, or commits.

    Nothing was answered in time if both are 0.
    """

    requests_per_second: float
    latency_ms: float

    @classmethod
    def of(cls, latencies: Sequence[float], seconds: float) -> Self:
        """Of the seconds that each request took."""
        latency = statistics.median(latencies) if latencies else 0.0
        return cls(len(latencies) / seconds, latency * 1000)


def median(samples: Sequence[Sample]) -> Sample:
    return Sample(
        statistics.median(sample.requests_per_second for sample in samples),
        statistics.median(sample.latency_ms for sample in samples),
    )


def fetch(port: int, request: Request) -> Answer:
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    headers = {"If-None-Match": request.etag} if request.etag else {}
    try:
        connection.request("GET", request.path, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers.get("ETag", ""), response.read())
    except (OSError, HTTPException) as error:
        raise BenchmarkError(f"{request.path} was not answered: {error!r}.") from error
    finally:
        connection.close()


def load(port: int, requests: Sequence[Request], *, connections: int, seconds: float) -> Sample:
    """Send `requests` in turn over some connections, each as soon as the last is answered."""
    command = [
        "wrk",
        "--threads=1",
        f"--connections={connections}",
        f"--duration={ceil(seconds)}s",
        f"--timeout={TIMEOUT}s",
        f"--script={SCRIPT}",
        f"http://127.0.0.1:{port}",
        "--",
        *(f"{request.path}\t{request.etag}" for request in requests),
    ]
    return run_wrk(command, requests[0].path)


def run_wrk(command: Sequence[str], what: str) -> Sample:
    """What wrk reports. Raises BenchmarkError if not all was answered as it should be."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchmarkError(f"wrk failed: {done.stderr.strip() or done.stdout.strip()}")
    counted = json.loads(done.stdout.splitlines()[-1])
    if counted["errors"] or counted["refused"]:
        raise BenchmarkError(
            f"Of {counted['requests']} requests like {what}, {counted['refused']} were "
            f"answered with an error and {counted['errors']} not at all."
        )
    return Sample(
        counted["requests"] / counted["microseconds"] * 1e6,
        counted["median"] / 1e3,
    )


def submit(port: int, path: str, *, connections: int, seconds: float) -> Sample:
    """Post endorsements of other people each time, each as soon as the last is answered."""
    command = [
        "wrk",
        "--threads=1",
        f"--connections={connections}",
        f"--duration={ceil(seconds)}s",
        f"--timeout={TIMEOUT}s",
        f"--script={SUBMISSIONS_SCRIPT}",
        f"http://127.0.0.1:{port}",
        "--",
        path,
        uuid4().hex,
    ]
    return run_wrk(command, f"POST {path}")


def long_enough(warm_up: Sample, seconds: float) -> float:
    """`seconds`, or as long as it takes to answer some requests."""
    if not warm_up.requests_per_second:
        return MAX_SECONDS
    return min(MAX_SECONDS, max(seconds, MIN_REQUESTS / warm_up.requests_per_second))

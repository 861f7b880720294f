"""The whole set beside PostgreSQL's own COPY of the same text."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO, cast

from benchmarks.contenders import COLD, COPY, Contender
from benchmarks.goals import Series
from benchmarks.load import TIMEOUT, BenchmarkError, Sample
from benchmarks.measure import Measurement, say
from benchmarks.workloads import STAKEHOLDERS, Name

SQL = Path(__file__).with_suffix(".sql").read_text()
CHUNK_BYTES = 1024 * 1024

Read = Callable[[], Iterator[bytes]]


def measure_whole_set(measurement: Measurement, contender: Contender, database_url: str) -> None:
    """Both in turn, after a first time of each; and what the API's workers grow by meanwhile."""
    say(f"{Name.WHOLE_SET} …")
    reads: dict[str, Read] = {
        COLD: lambda: stream(contender.port),
        COPY: lambda: copy(database_url),
    }
    try:
        require_same_number(reads)
        workers = contender.workers()
        workers.mark()
        for _ in range(measurement.runs):
            for name, read in reads.items():
                measurement.results[Series(Name.WHOLE_SET, name)].append(timed(read))
        measurement.growth_mb = workers.growth_mb()
    except BenchmarkError as error:
        measurement.failures.append(f"{Name.WHOLE_SET}: {error}")


def require_same_number(reads: dict[str, Read]) -> None:
    # The document has a line before its features, and one after them.
    if count_lines(reads[COLD]) != count_lines(reads[COPY]) + 2:
        raise BenchmarkError("the API and COPY do not read the same number of features.")


def count_lines(read: Read) -> int:
    return sum(chunk.count(b"\n") for chunk in read())


def timed(read: Read) -> Sample:
    begun = time.perf_counter()
    for _ in read():
        pass
    seconds = time.perf_counter() - begun
    return Sample(1 / seconds, seconds * 1000)


def stream(port: int) -> Iterator[bytes]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)) as connection:
        try:
            connection.request("GET", f"{STAKEHOLDERS}.geojson")
            response = connection.getresponse()
            if response.status != 200:
                raise BenchmarkError(f"the answer is {response.status}, not 200.")
            while chunk := response.read(CHUNK_BYTES):
                yield chunk
        except (OSError, HTTPException) as error:
            raise BenchmarkError(f"the answer broke off: {error!r}.") from error


def copy(database_url: str) -> Iterator[bytes]:
    command = ["psql", "--no-psqlrc", f"--command=COPY ({SQL}) TO STDOUT", database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as psql:
        written = cast("IO[bytes]", psql.stdout)
        while chunk := written.read(CHUNK_BYTES):
            yield chunk
    if psql.returncode != 0:
        raise BenchmarkError("psql failed; the reason is above.")

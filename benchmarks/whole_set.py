"""Whole tables beside PostgreSQL's own COPY of the same rows."""

import hashlib
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO, cast

import psycopg

from benchmarks.contenders import COLD, COPY, Contender
from benchmarks.goals import Series
from benchmarks.load import TIMEOUT, BenchmarkError, Sample
from benchmarks.measure import Measurement, say
from benchmarks.workloads import STAKEHOLDERS, Name

FOLDER = Path(__file__).parent
EXPORTS = "/api/v1/manage/exports"
CHUNK_BYTES = 1024 * 1024

TOKEN = "b" * 64
# An administrator with this token, as knox keeps it.
ADMINISTRATOR = """
WITH account AS (
    INSERT INTO auth_user (
        username, password, first_name, last_name, email, is_superuser, is_staff, is_active,
        date_joined
    )
    VALUES ('benchmark', '!', '', '', '', false, true, true, now())
    RETURNING id
), membership AS (
    INSERT INTO auth_user_groups (user_id, group_id)
    SELECT account.id, auth_group.id FROM account, auth_group WHERE name = 'administrator'
)
INSERT INTO knox_authtoken (digest, token_key, user_id, created, expiry)
SELECT %(digest)s, left(%(token)s, 15), id, now(), now() + interval '1 day' FROM account
"""

Read = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class WholeTable:
    """A document of the API, and the statement whose rows PostgreSQL copies."""

    name: str
    path: str
    statement: str
    options: str = ""
    # Lines of the document beyond those of the copy.
    lines_around: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


FEATURES = WholeTable(
    Name.WHOLE_SET,
    f"{STAKEHOLDERS}.geojson",
    (FOLDER / "whole_set.sql").read_text(),
    lines_around=2,
)
STAFFS_EXPORTS = [
    WholeTable(
        name,
        f"{EXPORTS}/{table}.csv",
        (FOLDER / f"exported_{table}.sql").read_text(),
        options="(FORMAT csv, HEADER)",
        headers={"Authorization": f"Token {TOKEN}"},
    )
    for name, table in (
        (Name.EXPORTED_STAKEHOLDERS, "stakeholders"),
        (Name.EXPORTED_ENDORSEMENTS, "endorsements"),
    )
]


def measure_whole_tables(measurement: Measurement, contender: Contender, database_url: str) -> None:
    """What the public exports, and what staff do."""
    with psycopg.connect(database_url) as owner:
        digest = hashlib.sha512(TOKEN.encode()).hexdigest()
        owner.execute(ADMINISTRATOR, {"token": TOKEN, "digest": digest})
    for table in (FEATURES, *STAFFS_EXPORTS):
        measure_whole_table(measurement, contender, database_url, table)


def measure_whole_table(
    measurement: Measurement, contender: Contender, database_url: str, table: WholeTable
) -> None:
    """Both in turn, after a first time of each; and what the API's workers grow by meanwhile."""
    say(f"{table.name} …")
    reads: dict[str, Read] = {
        COLD: lambda: stream(contender.port, table),
        COPY: lambda: copy(database_url, table),
    }
    try:
        require_same_number(reads, table.lines_around)
        workers = contender.workers()
        workers.mark()
        for _ in range(measurement.runs):
            for name, read in reads.items():
                measurement.results[Series(table.name, name)].append(timed(read))
        measurement.growth_mb[table.name] = workers.growth_mb()
    except BenchmarkError as error:
        measurement.failures.append(f"{table.name}: {error}")


def require_same_number(reads: dict[str, Read], lines_around: int) -> None:
    if count_lines(reads[COLD]) != count_lines(reads[COPY]) + lines_around:
        raise BenchmarkError("the API and COPY do not read the same number of rows.")


def count_lines(read: Read) -> int:
    return sum(chunk.count(b"\n") for chunk in read())


def timed(read: Read) -> Sample:
    begun = time.perf_counter()
    for _ in read():
        pass
    seconds = time.perf_counter() - begun
    return Sample(1 / seconds, seconds * 1000)


def stream(port: int, table: WholeTable) -> Iterator[bytes]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)) as connection:
        try:
            connection.request("GET", table.path, headers={**table.headers})
            response = connection.getresponse()
            if response.status != 200:
                raise BenchmarkError(f"the answer is {response.status}, not 200.")
            while chunk := response.read(CHUNK_BYTES):
                yield chunk
        except (OSError, HTTPException) as error:
            raise BenchmarkError(f"the answer broke off: {error!r}.") from error


def copy(database_url: str, table: WholeTable) -> Iterator[bytes]:
    statement = f"COPY ({table.statement}) TO STDOUT {table.options}"
    command = ["psql", "--no-psqlrc", f"--command={statement}", database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as psql:
        written = cast("IO[bytes]", psql.stdout)
        while chunk := written.read(CHUNK_BYTES):
            yield chunk
    if psql.returncode != 0:
        raise BenchmarkError("psql failed; the reason is above.")

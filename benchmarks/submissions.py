"""Submissions: how many, how fast while others read; and how many mails leave.

They are measured on a database of their own, whose commits are durable. A bare function that
inserts the same rows is the limit.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from statistics import quantiles
from threading import Event
from uuid import uuid4

import psycopg

from benchmarks.contenders import BARE, PER_SECOND, SUBMITTED, WITHIN_100_MS, Contender
from benchmarks.goals import Series
from benchmarks.load import BenchmarkError, Request, Sample, load, submit
from benchmarks.measure import Measurement, say
from benchmarks.workloads import CONCURRENTLY, STAKEHOLDERS, Name
from benchmarks.writers import beats
from deploy.database import PYTHON, ROOT, Database
from deploy.processes import Account, Command, Server, accepts_connections, free_port

PATH = "/api/v1/campaigns/benchmark-1/endorsements"
READ = f"{STAKEHOLDERS}?limit=100"
BODY = (
    '{{"name":"Supporter","email":"{0}@example.org","state":"MD","type":"farmer",'
    '"statement":"My reason is {0}.","public_display":true,"is_public":true,'
    '"email_updates":false,"terms_version":"1"}}'
)
SUBMISSIONS_PER_SECOND, READS_PER_SECOND = 100, 150
SENDERS = 16
MAIL_WORKERS = 2
# At least so many a second.
SUBMISSIONS_GOAL, MAILS_GOAL = 300, 200
# At most as long, for 99 of 100.
P99_MS = 100

LEGAL_TEXTS = """
INSERT INTO core_legaldocument (kind, version, title, content, published_at)
SELECT kind, '1', kind, '<p>Agreed.</p>', now() FROM unnest(ARRAY['terms', 'privacy']) AS kind
"""
SENT = "SELECT count(*) FILTER (WHERE state = 'sent'), count(*) FROM mail_outgoingmail"


def measure_submissions(
    measurement: Measurement, contenders: Mapping[str, Contender], database: Database
) -> None:
    api, bare = contenders[SUBMITTED], contenders[BARE]
    with psycopg.connect(database.variables["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(LEGAL_TEXTS)
        try:
            compare_speed(measurement, api, bare)
            compare_reads(measurement, api, bare)
            measure_open_loop(measurement, api)
            measure_mails(measurement, database, owner)
        except BenchmarkError as error:
            measurement.failures.append(f"submissions: {error}")


def compare_speed(measurement: Measurement, api: Contender, bare: Contender) -> None:
    say(f"{Name.SUBMISSIONS} …")
    for contender in (api, bare):
        submit(contender.port, PATH, connections=CONCURRENTLY, seconds=1)
    for _ in range(measurement.runs):
        for contender in (api, bare):
            sample = submit(
                contender.port, PATH, connections=CONCURRENTLY, seconds=measurement.seconds
            )
            measurement.results[Series(Name.SUBMISSIONS, contender.name)].append(sample)
    goal = Series(Name.SUBMISSIONS, PER_SECOND.format(SUBMISSIONS_GOAL))
    measurement.results[goal].append(Sample(SUBMISSIONS_GOAL, 0))


def compare_reads(measurement: Measurement, api: Contender, bare: Contender) -> None:
    """Warm answers of the API while it, or the bare function, takes submissions."""
    say(f"{Name.BESIDE_SUBMISSIONS} …")
    for _ in range(measurement.runs):
        for contender in (api, bare):
            with open_loop(partial(endorse, contender.port), SUBMISSIONS_PER_SECOND):
                sample = load(
                    api.port, [Request(READ)], connections=CONCURRENTLY, seconds=measurement.seconds
                )
            series = Series(Name.BESIDE_SUBMISSIONS, contender.name)
            measurement.results[series].append(sample)


def measure_open_loop(measurement: Measurement, api: Contender) -> None:
    say(f"{Name.OPEN_LOOP} …")
    seconds = measurement.runs * measurement.seconds
    with (
        open_loop(partial(read, api.port), READS_PER_SECOND),
        open_loop(partial(endorse, api.port), SUBMISSIONS_PER_SECOND) as latencies,
    ):
        time.sleep(seconds)
    slowest = quantiles(latencies, n=100)[-1] * 1000
    results = measurement.results
    results[Series(Name.OPEN_LOOP, SUBMITTED)].append(Sample(len(latencies) / seconds, slowest))
    results[Series(Name.OPEN_LOOP, WITHIN_100_MS)].append(Sample(0, P99_MS))


@contextmanager
def open_loop(ask: Callable[[], None], per_second: float) -> Iterator[list[float]]:
    """Meanwhile, ask at times fixed in advance; how long after that each was answered.

    Raises BenchmarkError if one was not answered as it should be.
    """
    stopped, latencies = Event(), list[float]()

    def one(due: float) -> None:
        ask()
        latencies.append(time.perf_counter() - due)

    def keep_asking() -> None:
        with ThreadPoolExecutor(SENDERS) as senders:
            asked = []
            for _ in beats(per_second):
                if stopped.is_set():
                    break
                asked.append(senders.submit(one, time.perf_counter()))
            for each in asked:
                each.result()

    with ThreadPoolExecutor(1) as pool:
        loop = pool.submit(keep_asking)
        try:
            yield latencies
        finally:
            stopped.set()
    loop.result()


numbers = cycle(range(1 << 30))


def endorse(port: int) -> None:
    who, number = uuid4().hex, next(numbers)
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": who,
        "X-Forwarded-For": f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1",
    }
    ask(port, "POST", PATH, BODY.format(who), headers, expected=202)


def read(port: int) -> None:
    ask(port, "GET", READ, None, {}, expected=200)


def ask(
    port: int, method: str, path: str, body: str | None, headers: dict[str, str], *, expected: int
) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        response.read()
    except (OSError, HTTPException) as error:
        raise BenchmarkError(f"{path} was not answered: {error!r}.") from error
    finally:
        connection.close()
    if response.status != expected:
        raise BenchmarkError(f"{path} was answered by {response.status}, not {expected}.")


def measure_mails(
    measurement: Measurement,
    database: Database,
    owner: "psycopg.Connection[tuple[int, int]]",
) -> None:
    """What two workers hand to a mail server on this machine; none may be sent twice."""
    say(f"{Name.MAILS} …")
    port = free_port()
    sink = Server(
        "The mail server",
        [PYTHON, "-m", "benchmarks.apps.mail_sink", str(port), database.home / "mails.txt"],
        account=Account.own(),
        env=database.env | {"PYTHONPATH": str(ROOT)},
    )
    variables = {"EMAIL_URL": f"smtp://127.0.0.1:{port}", "PUBLIC_URL": "http://127.0.0.1"}
    command: Command = [PYTHON, ROOT / "manage.py", "send_mail"]
    workers = []
    try:
        sink.wait_until(lambda: accepts_connections("127.0.0.1", port))
        sent_before, _ = sent(owner)
        for _ in range(MAIL_WORKERS):
            env = database.env | variables
            workers.append(Server("A mail worker", command, account=Account.own(), env=env))
        while sent(owner)[0] == sent_before:
            time.sleep(0.05)
        first, begun = sent(owner)[0], time.perf_counter()
        time.sleep(2 * measurement.seconds)
        number, seconds = sent(owner)[0] - first, time.perf_counter() - begun
    finally:
        for worker in workers:
            worker.stop()
        sink.stop()
    results = measurement.results
    results[Series(Name.MAILS, SUBMITTED)].append(Sample(number / seconds, 0))
    results[Series(Name.MAILS, PER_SECOND.format(MAILS_GOAL))].append(Sample(MAILS_GOAL, 0))
    taken, several = map(int, (database.home / "mails.txt").read_text().split())
    if several:
        measurement.failures.append(f"{several} of {taken} mails were sent more than once.")


def sent(owner: "psycopg.Connection[tuple[int, int]]") -> tuple[int, int]:
    row = owner.execute(SENT).fetchone()
    return row or (0, 0)

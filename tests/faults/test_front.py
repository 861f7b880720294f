"""What nginx, in front of the API, keeps from it, refuses, and hands on."""

import gzip
import http.client
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from backend.http.errors import problem
from deploy.cluster import HOST
from deploy.database import ROOT
from tests.conftest import Connection, remove_committed_rows
from tests.contract.asking import Answer, ask
from tests.faults.processes import silent_database, workers_of
from tests.faults.stacks import Fronted, fronted
from tests.serving import serving
from tests.streams import a_crowd
from tests.waiting import wait_until

LIST = "/api/v1/stakeholders?limit=10"
EXPORT = "/api/v1/stakeholders.geojson"
# Of each kind of slow client.
MANY = 400


@pytest.fixture(scope="module", autouse=True)
def files() -> Iterator[None]:
    """Room for as many connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def stack(demo: None) -> Iterator[Fronted]:
    with fronted() as started:
        yield started


@pytest.fixture(scope="module")
def plain(demo: None) -> Iterator[str]:
    """The API without a front."""
    with serving(os.environ) as url:
        yield url


@pytest.fixture
def crowd(demo: None, django_db_blocker: Any) -> Iterator[None]:
    """Instead of the demo, many."""
    with django_db_blocker.unblock():
        remove_committed_rows()
        with a_crowd():
            yield


def seconds_of(stack: Fronted, path: str) -> tuple[int, float]:
    started = time.monotonic()
    answer = ask(stack.url, path)
    return answer.status, time.monotonic() - started


def refuses(answer: Answer, status: int) -> None:
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == problem(status)
    if status == 503:
        assert int(answer.headers["Retry-After"]) > 0


def mute(_path: str) -> bytes:
    return b""


def slow_headers(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".encode()


def slow_body(_path: str) -> bytes:
    head = "POST /api/v1/stakeholders/search HTTP/1.1\r\nHost: localhost\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{".encode()


def slow_reader(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def idle(_path: str) -> bytes:
    return b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


KINDS: dict[str, tuple[Callable[[str], bytes], str]] = {
    "mute": (mute, ""),
    "slow headers": (slow_headers, LIST),
    "slow bodies": (slow_body, ""),
    "slow readers": (slow_reader, EXPORT),
    "idle": (idle, ""),
}


@contextmanager
def slow_clients(stack: Fronted, kind: str, number: int) -> Iterator[list[socket.socket]]:
    begin, path = KINDS[kind]
    with ExitStack() as opened:
        clients = []
        for _ in range(number):
            client = opened.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(10)
            client.connect((HOST, stack.address.port))
            client.sendall(begin(path))
            clients.append(client)
        yield clients


class TestRefusals:
    @pytest.mark.parametrize(
        ("request_head", "status"),
        [
            (b"GET /api/v1 HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
            (b"GET /api/v1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            (b"TRACE /api/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
            (b"GET /?" + 20_000 * b"a" + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + 20_000 * b"a" + b"\r\n\r\n", 431),
            (slow_body("").replace(b"1000", b"2000000"), 413),
        ],
    )
    def test_are_problems(self, stack: Fronted, request_head: bytes, status: int) -> None:
        with socket.create_connection((HOST, stack.address.port), timeout=10) as client:
            client.sendall(request_head)
            response = http.client.HTTPResponse(client)
            response.begin()
            answer = Answer(response.status, response.headers, response.read())

        refuses(answer, status)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"

    def test_are_unavailable_while_the_api_is_gone(self, demo: None) -> None:
        with fronted() as stack:
            stack.api.stop()

            answers = [ask(stack.url, path) for path in (LIST, "/api/v1/manage", "/health/live")]

        for answer in answers:
            refuses(answer, 503)
        origins = [answer.headers["Access-Control-Allow-Origin"] for answer in answers]
        assert origins == ["*", None, "*"]


class TestHandsOn:
    @pytest.mark.parametrize(
        ("path", "headers"),
        [
            ("/api/v1", {}),
            (LIST, {}),
            (LIST, {"Accept-Encoding": "gzip"}),
            (LIST, {"Accept-Encoding": "zstd, br"}),
            (EXPORT, {}),
            ("/api/v1/campaigns/%C3%A9//x", {}),
            ("/api/v1/stakeholders?search=%25%20a+b&limit=2", {"Origin": "https://a.example"}),
            ("/api/v1/campaigns", {"Accept": "text/html"}),
            ("/api/v1/docs", {}),
            ("//api/v1", {}),
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
    def test_what_the_api_answers(
        self, stack: Fronted, plain: str, path: str, headers: dict[str, str], method: str
    ) -> None:
        headers = {"Host": "localhost", **headers}
        direct = ask(plain, path, headers=headers, method=method)
        fronted = ask(stack.url, path, headers=headers, method=method)

        assert fronted.status == direct.status
        assert unpacked(fronted) == unpacked(direct)
        own = {"Server", "Date", "Connection", "X-Request-ID"}
        assert headers_of(fronted, own) == headers_of(direct, own)

    def test_what_is_revalidated(self, stack: Fronted) -> None:
        tag = ask(stack.url, LIST).headers["ETag"]

        answer = ask(stack.url, LIST, headers={"If-None-Match": tag})

        assert (answer.status, answer.content) == (304, b"")

    def test_whom_it_heard_and_not_whom_a_client_names(self, demo: None) -> None:
        with fronted({**os.environ, "LIMIT_REQUESTS": "2/600"}) as stack:
            assert [claimed(stack, f"192.0.2.{n}") for n in range(4)] == [400, 400, 429, 429]

    def test_whom_a_trusted_proxy_names(self, demo: None) -> None:
        env = {**os.environ, "LIMIT_REQUESTS": "2/600", "TRUSTED_PROXIES": "127.0.0.0/8"}
        with fronted(env) as stack:
            told = [claimed(stack, name) for name in ("192.0.2.7", "192.0.2.8", "192.0.2.7")]

            assert [*told, claimed(stack, "198.51.100.1, 192.0.2.7")] == [400, 400, 400, 429]


def headers_of(answer: Answer, without: set[str]) -> dict[str, list[str]]:
    """By name; what stands between semicolons in any order, as Python's sets have it."""
    return {
        name.title(): sorted(value.split("; "))
        for name, value in answer.headers.items()
        if name.title() not in {each.title() for each in without}
    }


def claimed(stack: Fronted, client: str) -> int:
    headers = {"X-Forwarded-For": client, "Content-Type": "application/json"}
    return ask(stack.url, "/api/v1/me/links", b"{}", headers).status


def unpacked(answer: Answer) -> bytes:
    is_gzip = answer.headers["Content-Encoding"] == "gzip" and answer.content
    return gzip.decompress(answer.content) if is_gzip else answer.content


class TestWorkers:
    def test_that_is_killed_comes_back_and_what_only_reads_is_asked_of_another(
        self, demo: None
    ) -> None:
        with fronted() as stack, ThreadPoolExecutor(4) as clients, closing(Reads(stack)) as reads:
            wait_until(lambda: len(serving_health(stack)) == 2)
            running = [clients.submit(reads.repeat) for _ in range(4)]
            killed, other = workers_of(stack.api.process.pid)
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda: len(serving_health(stack)) == 1)
            wait_until(lambda: len(serving_health(stack)) == 2, seconds=30)
            reads.close()
            statuses = [status for each in running for status in each.result()]
            workers = workers_of(stack.api.process.pid)

        assert (len(workers), killed in workers, other in workers) == (2, False, True)
        assert len(statuses) > 20
        assert set(statuses) <= {200, 503}
        assert statuses.count(503) <= 4  # what was on its way, if that


class Reads:
    """Somebody who reads until it is enough."""

    def __init__(self, stack: Fronted) -> None:
        self._stack = stack
        self._is_enough = False

    def close(self) -> None:
        self._is_enough = True

    def repeat(self) -> list[int]:
        statuses = []
        while not self._is_enough:
            statuses.append(ask(self._stack.url, LIST).status)
        return statuses


def serving_health(stack: Fronted) -> list[str]:
    """The sockets that listen for what asks about health, one of each worker that is through."""
    (port,) = re.findall(r"upstream health .*?:(\d+)", stack.front_places)
    listening = f":{int(port):04X} 00000000:0000 0A"
    return [line for line in Path("/proc/net/tcp").read_text().splitlines() if listening in line]


# Of two threads: what they do, and whether their worker ends itself.
WORKERS = {
    "both for ever": ("serve_for(100)", "serve_for(100)", True),
    "one for ever": ("serve_for(100)", "0", False),
    "one with the interpreter's lock": ("re.match('(a+)+$', 40 * 'a' + 'b')", "0", True),
    "both for a while": (9 * "serve_for(0.4), ", 9 * "serve_for(0.4), ", False),
}
WORKER = """
import re, threading, time
from backend.worker import Progress, end_when_it_hangs

progress = Progress(2)
answer = progress.of(lambda seconds, _: time.sleep(seconds))
def serve_for(seconds):
    answer(seconds, None)
end_when_it_hangs(progress, seconds=1)
for each in (lambda: ({first}), lambda: ({second})):
    threading.Thread(target=each, daemon=True).start()
time.sleep(3.5)
"""


class TestHanging:
    @pytest.mark.parametrize("kind", WORKERS)
    def test_worker_ends_itself(self, kind: str) -> None:
        first, second, ends = WORKERS[kind]
        script = WORKER.format(first=first, second=second)

        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, timeout=60, check=False
        )

        assert bool(done.returncode) == ends, done.stderr
        assert (b"most recent call first" in done.stderr) == ends


class TestHealth:
    def test_is_told_while_all_threads_wait_for_a_table(
        self, stack: Fronted, owner: Connection
    ) -> None:
        with owner.transaction(), ThreadPoolExecutor(30) as clients:
            owner.execute("LOCK TABLE stakeholders_stakeholder IN ACCESS EXCLUSIVE MODE")
            waiting = [clients.submit(ask, stack.url, f"{LIST}&search=lock{n}") for n in range(30)]
            time.sleep(0.5)
            answers = [seconds_of(stack, f"/health/{kind}") for kind in ("live", "ready")]

        assert [status for status, _ in answers] == [200, 200]
        assert max(seconds for _, seconds in answers) < 1
        assert {each.result().status for each in waiting} == {503}

    def test_is_told_while_the_database_is_silent(self, stack: Fronted, owner: Connection) -> None:
        with silent_database(owner):
            answers = [seconds_of(stack, f"/health/{kind}") for kind in ("live", "ready")]

        assert [status for status, _ in answers] == [200, 503]
        assert max(seconds for _, seconds in answers) < 1
        wait_until(lambda: ask(stack.url, "/health/ready").status == 200)


class TestSlowClients:
    def test_of_every_kind_keep_nobody_waiting(self, stack: Fronted, owner: Connection) -> None:
        with ExitStack() as attack:
            clients = [
                each
                for kind in KINDS
                for each in attack.enter_context(slow_clients(stack, kind, MANY))
            ]
            # What the exports cost before they are in the front's hands is not the readers' doing.
            wait_until(lambda: ask(stack.url, "/health/ready").status == 200)
            time.sleep(5)
            answers = []
            for _ in range(5):
                for client in clients:
                    with_a_byte_more(client)
                answers += [seconds_of(stack, path) for path in (LIST, "/health/live")]
            [(connections,)] = owner.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'coalition_%'"
            ).fetchall()

        assert len(clients) == MANY * len(KINDS)
        assert [status for status, _ in answers] == [200] * len(answers)
        assert max(seconds for _, seconds in answers) < 1
        assert connections <= 2 * 20 + 1

    def test_are_given_up_when_they_say_nothing(self, demo: None) -> None:
        with fronted() as stack, slow_clients(stack, "slow headers", 1) as (client,):
            client.settimeout(30)
            started = time.monotonic()

            with suppress(ConnectionResetError):
                assert client.recv(4096) == b""

            assert 10 < time.monotonic() - started < 25


def with_a_byte_more(client: socket.socket) -> None:
    with suppress(OSError):  # it was refused, or given up
        client.send(b" ")

"""A standby that answers the public: while it may, instead of the primary, and never with less."""

import os
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count, cycle
from threading import Event
from typing import Any
from urllib.request import urlopen

import pytest

from deploy.cluster import HOST
from deploy.processes import free_port
from tests.conftest import Connection, remove_committed_rows
from tests.contract.asking import Answer, ask
from tests.factories import make_campaign
from tests.faults.processes import silent_database
from tests.faults.standby import Standby, running_standby
from tests.serving import serving
from tests.waiting import wait_until

DETAIL, LIST = "/api/v1/campaigns/numbered", "/api/v1/campaigns"
SEARCH = "/api/v1/stakeholders/search"
MAX_LAG_SECONDS = 1.5
# The tag of an answer that no standby has yet.
FROM_AHEAD = '"0-7fffffffffffffff"'


@pytest.fixture(scope="module")
def standby(django_db_setup: None) -> Iterator[Standby]:
    with running_standby() as started:
        yield started


@pytest.fixture(scope="module")
def numbered(django_db_blocker: Any) -> Iterator[None]:
    """A campaign whose summary is a number."""
    with django_db_blocker.unblock():
        remove_committed_rows()
        make_campaign(slug="numbered", summary="0")
        yield
        remove_committed_rows()


@pytest.fixture(scope="module")
def env(standby: Standby, numbered: None) -> dict[str, str]:
    return {
        **os.environ,
        # With the cache of production.
        "DJANGO_SETTINGS_MODULE": "backend.settings.development",
        "DATABASE_REPLICA_URL": standby.url,
        "REPLICA_MAX_LAG_SECONDS": str(MAX_LAG_SECONDS),
    }


@pytest.fixture(scope="module")
def metrics_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def running(env: dict[str, str], metrics_port: int) -> Iterator[str]:
    with serving(env | {"METRICS_PORT": str(metrics_port)}) as url:
        yield url


@pytest.fixture
def api(running: str, standby: Standby, owner: Connection) -> str:
    """It reads from the standby, and the number is 0."""
    write(owner, 0)
    wait_until(lambda: is_read(standby, running), seconds=20)
    return running


def is_read(standby: Standby, url: str) -> bool:
    """Whether the standby is asked, as it has everything that was ever shown."""
    standby.wait_until_caught_up()
    key = f"asked-{random.getrandbits(64)}"
    assert ask(url, LIST, headers={"X-Request-ID": key}).status == 200
    found = "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE "
    return standby.execute(f"{found}'%{key}%'") != [(0,)]


def seconds_behind(metrics_port: int) -> float:
    with urlopen(f"http://{HOST}:{metrics_port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    [value] = re.findall(r"^coalition_replication_lag_seconds (\S+)$", text, re.MULTILINE)
    return float(value)


def write(owner: Connection, number: int) -> None:
    owner.execute(
        "UPDATE campaigns_policycampaign SET summary = %s WHERE slug = 'numbered'", [str(number)]
    )


def number_in(answer: Answer) -> int:
    shown = answer.json()
    return int(shown["results"][0]["summary"] if "results" in shown else shown["summary"])


def shown(url: str, path: str = DETAIL, tag: str = "") -> int:
    answer = ask(url, path, headers={"If-None-Match": tag} if tag else {})
    assert answer.status == 200
    return number_in(answer)


class TestReplica:
    def test_answers_what_it_has_until_it_is_too_far_behind(
        self, api: str, standby: Standby, owner: Connection, metrics_port: int
    ) -> None:
        with standby.paused():
            write(owner, 1)
            at_once = shown(api)
            wait_until(lambda: shown(api) == 1, seconds=MAX_LAG_SECONDS + 3)
            found = ask(api, SEARCH, b"{}", {"Content-Type": "application/json"})
            behind = seconds_behind(metrics_port)

        assert (at_once, found.status) == (0, 200)
        assert MAX_LAG_SECONDS / 2 < behind < 10
        wait_until(lambda: seconds_behind(metrics_port) == 0)
        wait_until(lambda: is_read(standby, api))

    def test_is_passed_by_for_whoever_has_seen_more_and_all_who_ask_later(
        self, api: str, standby: Standby, owner: Connection
    ) -> None:
        with standby.paused():
            write(owner, 1)
            before = shown(api)
            informed = ask(api, DETAIL, headers={"If-None-Match": FROM_AHEAD})
            after = shown(api), shown(api, LIST)
        tag = informed.headers["ETag"]
        wait_until(lambda: is_read(standby, api))
        again = ask(api, DETAIL, headers={"If-None-Match": tag})

        assert (before, number_in(informed), after) == (0, 1, (1, 1))
        assert (again.status, again.headers["ETag"]) == (304, tag)

    def test_that_is_killed_or_silent_fails_nobody(
        self, api: str, standby: Standby, owner: Connection
    ) -> None:
        with asking(api) as answers:
            time.sleep(0.5)
            standby.kill()
            time.sleep(1)
            write(owner, 1)
            current = shown(api)
            standby.start()
            wait_until(lambda: is_read(standby, api), seconds=20)
            with standby.silent():
                time.sleep(0.5)

        assert current == 1
        assert {status for status, _ in answers} == {200}
        assert max(seconds for _, seconds in answers) < 5

    def test_answers_while_the_primary_is_silent_however_far_behind(
        self, api: str, standby: Standby, owner: Connection
    ) -> None:
        with standby.paused():
            write(owner, 1)
            time.sleep(1.2)  # this is known
            with silent_database(owner), asking(api) as answers:
                time.sleep(2 * MAX_LAG_SECONDS + 2)
                newest = shown(api)
            wait_until(lambda: shown(api) == 1)

        assert {status for status, _ in answers} == {200}
        assert max(seconds for _, seconds in answers) < 5
        # Nobody tries in vain any more.
        assert max(seconds for _, seconds in answers[-20:]) < 1
        assert newest == 0


class TestReader:
    def test_never_sees_less_than_before(
        self, env: dict[str, str], standby: Standby, owner: Connection
    ) -> None:
        with serving(env, workers=2) as url:
            wait_until(lambda: is_read(standby, url))
            writer = Writer(owner)
            readers = [Reader(url, writer, keeps_tags=number % 2 == 0) for number in range(6)]
            with until_the_end([*readers, writer]):
                disturb(standby)
            standby.wait_until_caught_up()
            last = shown(url)

        assert [each.went_back for each in readers] == [[]] * len(readers)
        assert [each.failed for each in readers] == [[]] * len(readers)
        assert min(len(each.numbers) for each in readers) > 100
        assert all(len(set(each.numbers)) > 20 for each in readers)
        assert last >= max(each.numbers[-1] for each in readers)


class Reader:
    """Somebody who asks for a campaign, alone and in the list, and looks at its number."""

    def __init__(self, url: str, writer: "Writer", *, keeps_tags: bool) -> None:
        self._url, self._writer, self._keeps_tags = url, writer, keeps_tags
        self._kept: dict[str, tuple[str, int]] = {}
        self.numbers = [0]
        self.failed: list[int] = []
        self.went_back: list[tuple[int, int]] = []

    def __call__(self, ended: Event) -> None:
        for path in cycle((DETAIL, LIST)):
            if ended.is_set():
                return
            self._look(path)

    def _look(self, path: str) -> None:
        tag, number = self._kept.get(path, ("", 0))
        if random.random() < 0.02:
            tag = FROM_AHEAD  # the primary answers
        # A standby may show a commit just before the primary does, which then acknowledges it.
        acknowledged = self._writer.acknowledged
        answer = ask(self._url, path, headers={"If-None-Match": tag} if tag else {})
        if answer.status == 200:
            number = number_in(answer)
        elif answer.status != 304:
            self.failed.append(answer.status)
            return
        if self._keeps_tags:
            self._kept[path] = answer.headers["ETag"], number
        if number < min(max(self.numbers), acknowledged):
            self.went_back.append((max(self.numbers), number))
        self.numbers.append(number)


class Writer:
    """Somebody who changes the number, again and again."""

    def __init__(self, owner: Connection) -> None:
        self._owner = owner
        self.acknowledged = 0

    def __call__(self, ended: Event) -> None:
        for number in count(1):
            if ended.wait(random.uniform(0, 0.05)):
                return
            write(self._owner, number)
            self.acknowledged = number


def disturb(standby: Standby) -> None:
    """Hold it up, often for less than the lag that is allowed, and once for more; then kill it."""
    for seconds in (*(random.uniform(0.05, 0.6) for _ in range(4)), MAX_LAG_SECONDS + 0.5):
        with standby.paused():
            time.sleep(seconds)
        time.sleep(random.uniform(0, 0.2))
    standby.kill()
    standby.start()
    time.sleep(2)


@contextmanager
def asking(url: str, *, clients: int = 4) -> Iterator[list[tuple[int, float]]]:
    """Clients who read until the end, and what became of it: statuses and seconds."""
    answers: list[tuple[int, float]] = []

    def ask_on(ended: Event) -> None:
        while not ended.is_set():
            began_at = time.monotonic()
            path = f"{LIST}?search=a{random.getrandbits(32)}"
            answers.append((ask(url, path).status, time.monotonic() - began_at))

    with until_the_end([ask_on] * clients):
        yield answers


@contextmanager
def until_the_end(works: Sequence[Callable[[Event], None]]) -> Iterator[None]:
    """Meanwhile they are done by a thread each."""
    ended = Event()
    with ThreadPoolExecutor(len(works)) as pool:
        running = [pool.submit(work, ended) for work in works]
        try:
            yield
        finally:
            ended.set()
    for each in running:
        each.result()

"""A database that is there, and says nothing."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import Connection
from tests.contract.asking import Answer, ask
from tests.faults.processes import silent_database
from tests.faults.stacks import Fronted, fronted
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def stack(demo: None) -> Iterator[Fronted]:
    limits = dict.fromkeys(("LIMIT_REQUESTS", "LIMIT_ADDRESS"), "1000/600")
    with fronted({**os.environ, **limits}) as started:
        yield started


def read(stack: Fronted, number: int) -> Answer:
    return ask(stack.url, f"/api/v1/stakeholders?search=silence{number}")


def write(stack: Fronted, number: int) -> Answer:
    body = f'{{"email": "{number}@example.org"}}'.encode()
    return ask(stack.url, "/api/v1/me/links", body, {"Content-Type": "application/json"})


def timed(stack: Fronted, number: int) -> tuple[Answer, float]:
    started = time.monotonic()
    answer = (read, write)[number % 2](stack, number)
    return answer, time.monotonic() - started


class TestSilence:
    def test_is_given_up_on_and_forgotten_when_it_ends(
        self, stack: Fronted, owner: Connection
    ) -> None:
        assert {timed(stack, number)[0].status for number in range(16)} == {200, 202}

        with silent_database(owner), ThreadPoolExecutor(40) as clients:
            answers = list(clients.map(lambda number: timed(stack, number), range(40)))
        ended = time.monotonic()
        wait_until(lambda: read(stack, 100).status == 200)
        wait_until(lambda: write(stack, 101).status == 202)
        healed = time.monotonic() - ended

        assert {answer.status for answer, _ in answers} == {503}
        assert all(int(answer.headers["Retry-After"]) > 0 for answer, _ in answers)
        assert max(seconds for _, seconds in answers) < 6
        assert healed < 4
        # Nothing holds a thread, or a connection, any more.
        assert {timed(stack, number)[0].status for number in range(200, 240)} == {200, 202}

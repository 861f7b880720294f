"""Questions whose cost their askers decide."""

import json
import math
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.test_plans import STAKEHOLDERS
from tests.conftest import connect_as_owner, remove_committed_rows
from tests.contract.asking import Answer, ask
from tests.faults.stacks import Fronted, fronted

ROWS = 100_000
SEARCH = "/api/v1/stakeholders/search"


@pytest.fixture(scope="module")
def stack(django_db_setup: None, django_db_blocker: Any) -> Iterator[Fronted]:
    with django_db_blocker.unblock():
        remove_committed_rows()
        with connect_as_owner() as owner:
            owner.execute(STAKEHOLDERS.replace(":rows", str(ROWS)))
            owner.execute("ANALYZE stakeholders_stakeholder")
        with fronted({**os.environ, "LIMIT_REQUESTS": "1000/600"}) as started:
            ask(started.url, "/api/v1/stakeholders")
            yield started
        remove_committed_rows()


def ring(vertices: int, inner: float) -> list[list[float]]:
    """Around the middle of the country; each second vertex is nearer to it by that factor."""
    points = []
    for n in range(vertices - 1):
        angle = 2 * math.pi * n / (vertices - 1)
        reach = 25 if n % 2 else 25 * inner
        points.append([-96 + reach * math.cos(angle), 37 + reach / 2 * math.sin(angle)])
    return [*points, points[0]]


STAR = {"type": "Polygon", "coordinates": [ring(9_999, 0.02)]}
COUNTY = {"type": "Polygon", "coordinates": [ring(100, 0.98)]}


def within(stack: Fronted, area: dict[str, Any]) -> Answer:
    body = json.dumps({"within": area, "limit": 10}).encode()
    return ask(stack.url, SEARCH, body, {"Content-Type": "application/json"})


class TestCostlySearches:
    @pytest.mark.parametrize(
        "question",
        [
            lambda stack: within(stack, STAR),
            lambda stack: ask(
                stack.url, "/api/v1/stakeholders?near=100,-39&radius=20037508m&ordering=name"
            ),
            lambda stack: ask(stack.url, "/api/v1/stakeholders?near=100,-39&radius=20037508m"),
        ],
    )
    def test_are_answered_soon_or_refused_with_the_reason(
        self, stack: Fronted, question: Any
    ) -> None:
        started = time.monotonic()

        answer = question(stack)

        assert time.monotonic() - started < 4
        assert answer.status in {200, 503}
        if answer.status == 503:
            assert "longer than half a second" in answer.json()["detail"]
            assert int(answer.headers["Retry-After"]) > 0

    def test_that_are_usual_are_answered_among_them(self, stack: Fronted) -> None:
        assert within(stack, COUNTY).json()["numberReturned"] == 10

    def test_twenty_at_once_keep_nobody_waiting(self, stack: Fronted) -> None:
        with ThreadPoolExecutor(21) as clients:
            costly = [clients.submit(within, stack, STAR) for _ in range(20)]
            seconds = []
            while not all(each.done() for each in costly):
                started = time.monotonic()
                assert ask(stack.url, "/api/v1/stakeholders?limit=10").status == 200
                seconds.append(time.monotonic() - started)
            refused = [each.result() for each in costly]

        assert {answer.status for answer in refused} == {503}
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
        assert max(seconds) < 3

"""Guesses at passwords, many at once, on the whole stack."""

import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.asking import ask
from tests.factories import make_user
from tests.serving import serving

pytestmark = pytest.mark.django_db(transaction=True)

LOGIN = "/api/v1/auth/login"
GUESSES = 400


def guess(server: str, username: str, password: str) -> int:
    body = json.dumps({"username": username, "password": password}).encode()
    return ask(server, LOGIN, body, {"Content-Type": "application/json"}).status


class TestGuesses:
    @pytest.mark.parametrize(
        ("limits", "tried"),
        [
            ({"LIMIT_ACCOUNT": "10/900", "LIMIT_GUESSES": "100000/900"}, 20),
            ({"LIMIT_ACCOUNT": "100000/900", "LIMIT_GUESSES": "15/900"}, 15),
        ],
    )
    def test_are_tried_as_often_as_the_limit_says_however_many_come_at_once(
        self, limits: dict[str, str], tried: int
    ) -> None:
        make_user("moderator", username="ann", password="seven oysters on a reef")
        environment = {**os.environ, "LIMIT_REQUESTS": "1000000/900", **limits}

        with serving(environment, workers=4) as server, ThreadPoolExecutor(32) as pool:
            statuses = Counter(
                pool.map(
                    lambda each: guess(server, ("ann", "nobody")[each % 2], f"guess {each}"),
                    range(GUESSES),
                )
            )
            late = guess(server, "ann", "seven oysters on a reef")

        assert statuses == {401: tried, 429: GUESSES - tried}
        assert late == 429

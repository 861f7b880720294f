"""An open-loop load: requests begin by the clock, whether those before were answered or not."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPException
from itertools import count, cycle
from threading import Event, Thread
from typing import Any, NamedTuple

from tests.contract.asking import Answer, ask

PROBLEM = "application/problem+json"


class Outcome(NamedTuple):
    """A request that has ended: how, when it began, and what it asked to be done."""

    kind: str
    status: int  # 0 is no answer at all
    is_sound: bool  # a problem document with Retry-After, if it is an error
    began_at: float  # of time.monotonic()
    seconds: float
    subject: str  # what must be on disk if it was acknowledged

    @property
    def is_acknowledged(self) -> bool:
        return 200 <= self.status < 300


def from_home(number: int) -> dict[str, str]:
    """As the proxy before the front says it: of each address no more than a person sends."""
    return {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}


class Load:
    """Reads, submissions and decisions at their rates, until it is stopped."""

    def __init__(
        self, url: str, *, rates: dict[str, float], slug: str, token: str, name: str
    ) -> None:
        self._url, self._slug, self._token, self._name = url, slug, token, name
        self._numbers = count(1)
        pages = (
            "/api/v1/homepage",
            "/api/v1/campaigns",
            f"/api/v1/campaigns/{slug}/endorsements",
            "/api/v1/stakeholders?limit=50",
        )
        # One in five has never been asked before, and no cache has it.
        questions = (
            "/api/v1/stakeholders?limit=50&search=reef{number}",
            "/api/v1/stakeholders?limit=50&bbox=-77.{number},38,-75,40",
        )
        self._reads = cycle((*pages, questions[0], *pages, questions[1]))
        self.pending: Iterator[int] = iter(())
        self._kinds: dict[str, Callable[[], tuple[Answer, str]]] = {
            "read": self._read,
            "submission": self._submit,
            "decision": self._decide,
        }
        self._rates = rates
        self._stopped = Event()
        self._clients = ThreadPoolExecutor(200)
        self._running: list[Future[Outcome]] = []
        self._clocks = [Thread(target=self._begin, args=(kind,)) for kind in rates]

    def start(self) -> None:
        for each in self._clocks:
            each.start()

    def stop(self) -> list[Outcome]:
        self._stopped.set()
        for each in self._clocks:
            each.join()
        outcomes = [each.result() for each in self._running]
        self._clients.shutdown()
        return outcomes

    def is_served_since(self, moment: float) -> bool:
        """Whether each kind was answered well by a request that began after the moment."""
        well = {
            each.result().kind
            for each in self._running[-500:]
            if each.done() and each.result().is_acknowledged and each.result().began_at > moment
        }
        return well == set(self._rates)

    def _begin(self, kind: str) -> None:
        due = time.monotonic()
        while not self._stopped.is_set():
            self._running.append(self._clients.submit(self._ask, kind, due))
            due += 1 / self._rates[kind]
            time.sleep(max(0.0, due - time.monotonic()))

    def _ask(self, kind: str, began_at: float) -> Outcome:
        """By the clock it began when it was due, also where all clients were busy then."""
        subject = ""
        try:
            answer, subject = self._kinds[kind]()
        except (OSError, HTTPException):
            return Outcome(kind, 0, False, began_at, time.monotonic() - began_at, subject)
        is_error = answer.status >= 400
        is_sound = not is_error or (
            answer.headers["Content-Type"] == PROBLEM
            and (answer.status < 500 or answer.headers["Retry-After"] is not None)
        )
        seconds = time.monotonic() - began_at
        return Outcome(kind, answer.status, is_sound, began_at, seconds, subject)

    def _read(self) -> tuple[Answer, str]:
        number = next(self._numbers)
        return ask(self._url, next(self._reads).format(number=number), None, from_home(number)), ""

    def _submit(self) -> tuple[Answer, str]:
        number = next(self._numbers)
        email = f"{self._name}-{number}@example.org"
        body = {
            "name": "Ann Example",
            "email": email,
            "state": "MD",
            "type": "individual",
            "public_display": True,
            "is_public": True,
            "email_updates": False,
            "terms_version": "2026-11",
        }
        headers = {"Content-Type": "application/json", "Idempotency-Key": email}
        headers |= from_home(number)
        path = f"/api/v1/campaigns/{self._slug}/endorsements"
        return ask(self._url, path, json.dumps(body).encode(), headers), email

    def _decide(self) -> tuple[Answer, str]:
        endorsement = next(self.pending)
        headers: dict[str, Any] = {"Authorization": f"Token {self._token}"}
        path = f"/api/v1/manage/endorsements/{endorsement}/approve"
        return ask(self._url, path, None, headers, method="POST"), str(endorsement)

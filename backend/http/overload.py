"""What is more than can be served: refused at once, for whoever asks again later."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from threading import BoundedSemaphore

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from psycopg.errors import QueryCanceled

from backend.database.libpq import time_limit
from backend.database.silence import silence
from backend.http.errors import Problem, problem_page

# After so long in line a thread's time is better spent on who has come since.
MOST_SECONDS_IN_LINE = 1.25
# A line that so short a wait shows has come to its end.
SHORT_SECONDS_IN_LINE = 0.3
# A line is served, however long who stands in it has waited, if it goes down as fast: while
# PostgreSQL restarts, everybody waits, and nobody need be refused (as CoDel has it, RFC 8289). One
# that waits for a silent server goes down slowly, and is not.
SECONDS_TO_CATCH_UP = 2.0


class OverloadMiddleware:
    """Refuses what waited too long for a thread, by the time at which the front handed it on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._late_since: float | None = None

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        handed_on = request.META.get("HTTP_X_REQUEST_START", "")
        if handed_on and self._is_too_late(_seconds_since(handed_on)):
            detail = "More is asked at once than can be answered. Try again in a moment."
            refusal = problem_page(HTTPStatus.SERVICE_UNAVAILABLE, detail=detail)
            refusal["Retry-After"] = "1"
            return refusal
        return self.get_response(request)

    def _is_too_late(self, waited_seconds: float) -> bool:
        if waited_seconds < SHORT_SECONDS_IN_LINE:
            self._late_since = None
        is_late = waited_seconds > MOST_SECONDS_IN_LINE
        if is_late and self._late_since is None:
            self._late_since = time.monotonic()
        return is_late and (silence.is_noticed or self._stays_long)

    @property
    def _stays_long(self) -> bool:
        since = self._late_since
        return since is not None and time.monotonic() - since > SECONDS_TO_CATCH_UP


def _seconds_since(handed_on: str) -> float:
    """Since a time as the front writes it, such as `t=1764334800.123`; 0 of what is none."""
    try:
        return time.time() - float(handed_on.removeprefix("t="))
    except ValueError:
        return 0.0


class Lane:
    """Places for work that must not take all threads of a worker."""

    def __init__(self, what: str, places: int) -> None:
        self._what = what
        self._places = BoundedSemaphore(places)

    @contextmanager
    def place(self, *, wait_seconds: float = 0) -> Iterator[None]:
        """Raises a 503 if none becomes free in time."""
        if not self._places.acquire(timeout=wait_seconds):
            detail = f"Too many {self._what} are made at once. Try again in a moment."
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "2"})
        try:
            yield
        finally:
            self._places.release()


EXPORTS = Lane("exports", max(1, settings.WORKER_THREADS // 2))
SEARCHES = Lane("searches", max(1, settings.WORKER_THREADS // 2))
# Longer than a good question takes among a hundred thousand.
COSTLY_MS = 500


@contextmanager
def in_half_a_second() -> Iterator[None]:
    """For a question whose cost its asker decides; raises a 503 that says what would cost less."""
    with time_limit(COSTLY_MS):
        try:
            yield
        except OperationalError as error:
            if not isinstance(error.__cause__, QueryCanceled):
                raise
            detail = (
                "To find what is there takes longer than half a second. Give a simpler area or a "
                "smaller radius, or narrow the search, such as to a state."
            )
            headers = {"Retry-After": "5"}
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=headers) from error

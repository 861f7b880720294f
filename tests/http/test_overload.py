"""The line for a thread, as the front dates it."""

import time

import pytest
from django.http import HttpRequest, HttpResponse

from backend.http import overload
from backend.http.overload import OverloadMiddleware


class Line:
    """A worker, and requests that have waited for it."""

    def __init__(self) -> None:
        self.worker = OverloadMiddleware(lambda _: HttpResponse(status=200))

    def after(self, seconds: float) -> HttpResponse:
        return self.dated(f"t={time.time() - seconds:.3f}")

    def dated(self, handed_on: str) -> HttpResponse:
        request = HttpRequest()
        request.META["HTTP_X_REQUEST_START"] = handed_on
        answer = self.worker(request)
        assert isinstance(answer, HttpResponse)
        return answer


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def overloaded(line: Line) -> Line:
    """A line in which everybody has waited too long for as long as that may be."""
    line.worker._late_since = time.monotonic() - overload.SECONDS_TO_CATCH_UP - 1
    return line


class TestOverload:
    def test_is_no_line_that_everybody_stands_in_for_a_moment(self, line: Line) -> None:
        assert [line.after(3).status_code for _ in range(100)] == [200] * 100

    def test_is_a_line_that_stays_long(self, overloaded: Line) -> None:
        refused = overloaded.after(1.3)

        assert refused.status_code == 503
        assert refused["Retry-After"] == "1"
        assert refused["Content-Type"] == "application/problem+json"

    def test_serves_who_has_come_since(self, overloaded: Line) -> None:
        assert overloaded.after(0.8).status_code == 200
        assert overloaded.after(1.3).status_code == 503

    def test_ends_with_the_line(self, overloaded: Line) -> None:
        overloaded.after(0.1)

        assert overloaded.after(1.3).status_code == 200

    @pytest.mark.parametrize("handed_on", ["", "t=", "t=soon", "t=9999999999", "nan"])
    def test_takes_no_word_for_it_that_is_no_time(self, overloaded: Line, handed_on: str) -> None:
        assert overloaded.dated(handed_on).status_code == 200

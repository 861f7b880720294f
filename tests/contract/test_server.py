"""What the server itself, not a test client, makes of odd requests and of bad times."""

import os
import socket
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings

from deploy.processes import free_port
from tests.contract.asking import Answer, ask
from tests.serving import serving

LIST = "/api/v1/stakeholders"
SEARCH = "/api/v1/stakeholders/search"
JSON = {"Content-Type": "application/json"}


def assert_problem(answer: Answer, status: int) -> dict[str, Any]:
    assert answer.status == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    return problem


class TestPaths:
    @pytest.mark.parametrize(
        "path",
        [
            "/%00",
            "/api/v1/campaigns/%00",
            "/api/v1/campaigns/a%00b/endorsements",
            "/api/v1/campaigns/%ff",
            "/api/v1/campaigns/a%2Fb",
            "/api/v1/campaigns/%",
            "/api/v1/stakeholders/%00",
            "/api/v1/stakeholders/%D9%A3",  # the digit 3 in Arabic
            "/api/v1/stakeholders/-1",
            "/api/v1/stakeholders/1_0",
            "/api/v1/stakeholders/" + "9" * 5_000,
            "//api/v1",
            "/api//v1",
            "/api/v1/../v1",
            "/static/..%2f..%2fmanage.py",
        ],
    )
    def test_that_lead_nowhere_are_not_found(self, server: str, path: str) -> None:
        assert_problem(ask(server, path), 404)

    @pytest.mark.parametrize("query", ["search=%00", "%00=1", "bbox=nan,1,2,3", "limit=%D9%A3"])
    def test_with_an_invalid_query_are_bad_requests(self, server: str, query: str) -> None:
        assert assert_problem(ask(server, f"{LIST}?{query}"), 400)["errors"]

    @pytest.mark.parametrize("query", ["search=%ff", "search=%", "search=%zz", "search=a;b", ""])
    def test_with_odd_escapes_are_read_as_text(self, server: str, query: str) -> None:
        assert ask(server, f"{LIST}?{query}").status == 200


class TestMethods:
    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "QUERY"])
    def test_that_are_not_allowed_are_told_which_are(self, server: str, method: str) -> None:
        for path, allowed in ((LIST, "GET, HEAD, OPTIONS"), (SEARCH, "POST, OPTIONS")):
            answer = ask(server, path, method=method)

            assert_problem(answer, 405)
            assert answer.headers["Allow"] == allowed

    def test_head_is_get_without_the_body(self, server: str) -> None:
        for path in ("/api/v1", LIST, "/api/v1/homepage", "/api/v1/stakeholders.geojson"):
            head = ask(server, path, method="HEAD")

            assert (head.status, head.content) == (200, b"")


class TestBodies:
    def test_that_are_too_large_are_refused_whatever_length_they_tell(self, server: str) -> None:
        body = b'{"search": "' + b"x" * 1_100_000 + b'"}'

        assert_problem(ask(server, SEARCH, body, JSON), 413)

    @pytest.mark.parametrize("chunks", [[b"{}"], [b"x" * 100_000] * 11])
    def test_in_chunks_are_refused_with_the_reason(self, server: str, chunks: list[bytes]) -> None:
        # WSGI knows bodies of a known length only.
        problem = assert_problem(ask(server, SEARCH, chunks, JSON), 400)

        assert "Content-Length" in problem["detail"]

    @pytest.mark.parametrize(
        "body", [b"[" * 30_000, b'{"search": "\xff"}', b'{"search": "\\ud800"}', b"", b"\0"]
    )
    def test_that_are_no_json_are_bad_requests(self, server: str, body: bytes) -> None:
        assert_problem(ask(server, SEARCH, body, JSON), 400)

    def test_of_requests_that_have_none_are_ignored(self, server: str) -> None:
        assert ask(server, "/api/v1", b"[" * 30_000, method="GET").status == 200


@pytest.fixture
def locked_stakeholders(owner: "psycopg.Connection[tuple[Any, ...]]") -> Iterator[None]:
    with owner.transaction():
        owner.execute("LOCK TABLE stakeholders_stakeholder IN ACCESS EXCLUSIVE MODE")
        yield


URLS = ("DATABASE_URL", "DATABASE_READER_URL")


def url_of(role: str, *, port: int) -> str:
    return f"postgresql://{role}:none@127.0.0.1:{port}/coalition"


@pytest.fixture(scope="module")
def server_without_pool() -> Iterator[str]:
    """A server whose database URLs lead to a closed port."""
    port = free_port()
    with serving(os.environ | dict.fromkeys(URLS, url_of("none", port=port))) as server:
        yield server


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield silent.getsockname()[1]


class TestOutages:
    @pytest.mark.usefixtures("locked_stakeholders")
    def test_statement_that_takes_too_long_is_unavailable(self, server: str) -> None:
        answer = ask(server, LIST)

        assert_problem(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0

    @pytest.mark.parametrize(
        "path", ["/api/v1/homepage", "/api/v1/campaigns", LIST, f"{LIST}.geojson", f"{LIST}/1"]
    )
    def test_pool_that_is_gone_is_unavailable(self, server_without_pool: str, path: str) -> None:
        answer = ask(server_without_pool, path)

        problem = assert_problem(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0
        assert "127.0.0.1" not in str(problem)

    def test_health_tells_the_process_from_the_pool(self, server_without_pool: str) -> None:
        assert ask(server_without_pool, "/health/live").status == 200
        assert_problem(ask(server_without_pool, "/health/ready"), 503)


class TestReadiness:
    def test_is_told_while_both_connections_are_there(self, server: str) -> None:
        assert ask(server, "/health/ready").status == 200

    @pytest.mark.parametrize("variable", URLS)
    def test_needs_both_connections(self, variable: str) -> None:
        closed = url_of("none", port=free_port())

        with serving(os.environ | {variable: closed}) as server:
            answer = ask(server, "/health/ready")

        assert_problem(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0

    @pytest.mark.parametrize(
        ("variable", "role"),
        [("DATABASE_URL", "coalition_app"), ("DATABASE_READER_URL", "coalition_reader")],
    )
    def test_needs_the_password_of_each_role(self, variable: str, role: str) -> None:
        refused = url_of(role, port=int(settings.DATABASES["default"]["PORT"]))

        with serving(os.environ | {variable: refused}) as server:
            answer = ask(server, "/health/ready")

        assert_problem(answer, 503)

    @pytest.mark.parametrize("variable", URLS)
    def test_is_told_within_the_second_while_a_connection_hangs(
        self, variable: str, silent_port: int
    ) -> None:
        hanging = url_of("none", port=silent_port)

        with serving(os.environ | {variable: hanging}) as server:
            ask(server, "/health/live")  # the first request loads what later ones find loaded
            started = time.monotonic()
            answers = [ask(server, "/health/ready") for _ in range(2)]
            seconds = time.monotonic() - started

        for answer in answers:
            assert_problem(answer, 503)
        assert seconds < 2

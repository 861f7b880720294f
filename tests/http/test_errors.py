import json
import logging
from typing import Any

import psycopg
import pytest
from django.db import InterfaceError, InternalError, OperationalError
from psycopg.errors import ReadOnlySqlTransaction
from rest_framework.test import APIClient

from tests.factories import make_stakeholder

pytestmark = pytest.mark.django_db

LIST = "/api/v1/stakeholders"
SEARCH = "/api/v1/stakeholders/search"


def assert_problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = json.loads(response.content)
    assert problem["status"] == status
    assert all(problem[name] for name in ("type", "title", "detail"))
    return problem


def errors(response: Any, location: str) -> list[str]:
    problem = assert_problem(response, 400)
    assert problem["type"] == "/problems#invalid-parameters"
    assert all(error.keys() == {location, "code", "message"} for error in problem["errors"])
    return [error[location] for error in problem["errors"]]


def parameters(response: Any) -> list[str]:
    return errors(response, "parameter")


def pointers(response: Any) -> list[str]:
    return errors(response, "pointer")


class TestProblems:
    @pytest.mark.parametrize(
        "path",
        ["/", "/nowhere", "/api/v1/", "/api/v1/stakeholders/", "/api/v1/campaigns/a/b", "/api/v2"],
    )
    def test_not_found(self, api: APIClient, path: str) -> None:
        assert_problem(api.get(path), 404)

    @pytest.mark.parametrize("path", ["/api/v1", "/api/v1/homepage", LIST, "/health/live"])
    def test_method_not_allowed(self, api: APIClient, path: str) -> None:
        for method in ("delete", "put", "patch"):
            response = getattr(api, method)(path)
            assert_problem(response, 405)
            assert "GET" in response["Allow"]

    @pytest.mark.parametrize("levels", [300, 5_000])
    @pytest.mark.parametrize("path", [SEARCH, "/api/v1/me/links", "/api/v1/auth/login"])
    def test_nested_too_deeply(self, api: APIClient, path: str, levels: int) -> None:
        body = '{"email":' * levels + "1" + "}" * levels

        response = api.post(path, body, content_type="application/json")

        assert_problem(response, 400)

    @pytest.mark.parametrize("method", ["get", "head", "options", "post"])
    @pytest.mark.parametrize("path", ["/health/live", LIST, SEARCH, "/api/v1/docs"])
    def test_unknown_host(self, api: APIClient, path: str, method: str) -> None:
        assert getattr(api, method)(path, HTTP_HOST="evil.example").status_code == 400

    def test_not_acceptable(self, api: APIClient) -> None:
        for path in ("/api/v1", LIST, "/api/v1/campaigns"):
            assert_problem(api.get(path, HTTP_ACCEPT="text/csv"), 406)

    def test_unsupported_media_type(self, api: APIClient) -> None:
        assert_problem(api.post(SEARCH, "limit=1", content_type="text/plain"), 415)

    def test_payload_too_large(self, api: APIClient) -> None:
        body = json.dumps({"search": "x" * 1_100_000})

        assert_problem(api.post(SEARCH, body, content_type="application/json"), 413)

    @pytest.mark.parametrize(
        ("error", "cause"),
        [
            (OperationalError("server closed the connection"), None),
            (InterfaceError("closed"), None),
            # A standby that is not promoted yet.
            (InternalError("closed to writes"), ReadOnlySqlTransaction()),
            # It ended as soon as it had done what was asked.
            (InternalError("closed at once"), psycopg.InternalError("received 2 results")),
        ],
    )
    def test_database_outage_is_unavailable_and_says_when_to_retry(
        self,
        api: APIClient,
        monkeypatch: pytest.MonkeyPatch,
        error: Exception,
        cause: Exception | None,
    ) -> None:
        def fail(*_args: Any, **_kwargs: Any) -> None:
            raise error from cause

        monkeypatch.setattr("backend.http.pagination.render_page", fail)

        response = api.get(LIST)

        problem = assert_problem(response, 503)
        assert int(response["Retry-After"]) > 0
        assert "closed" not in problem["detail"]

    def test_crash_tells_nothing(
        self,
        api: APIClient,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def fail(*_args: Any, **_kwargs: Any) -> None:
            raise RuntimeError("a secret")

        monkeypatch.setattr("backend.http.pagination.render_page", fail)
        api.raise_request_exception = False

        with caplog.at_level(logging.ERROR):
            response = api.get(LIST)

        problem = assert_problem(response, 500)
        assert b"secret" not in response.content
        (record,) = [each for each in caplog.records if problem["instance"] in each.getMessage()]
        assert "a secret" in str(record.exc_info)

    def test_unknown_host_is_a_bad_request(self, api: APIClient) -> None:
        assert_problem(api.get("/api/v1", HTTP_HOST="evil.example"), 400)


class TestMethods:
    @pytest.mark.parametrize(
        "path", ["/api/v1", LIST, "/api/v1/campaigns", "/health/live", "/api/v1/schema"]
    )
    def test_head_and_options_work_where_get_does(self, api: APIClient, path: str) -> None:
        head = api.head(path)
        options = api.options(path)

        assert head.status_code == 200
        assert head.content == b""
        assert options.status_code in {200, 204}
        assert "GET" in options["Allow"]

    def test_public_answers_may_be_cached_and_asked_for_again(self, api: APIClient) -> None:
        for path in ("/api/v1", LIST, "/api/v1/campaigns"):
            assert set(api.get(path)["Cache-Control"].split(", ")) == {"public", "no-cache"}

    def test_everybody_may_read_from_any_page_without_credentials(self, api: APIClient) -> None:
        response = api.get(LIST, HTTP_ORIGIN="https://anyone.example")

        assert response["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response
        exposed = response["Access-Control-Expose-Headers"]
        assert set(exposed.split(", ")) >= {"ETag", "Link", "Retry-After"}


class TestQuery:
    @pytest.mark.parametrize(
        "path", ["/api/v1", "/api/v1/homepage", "/api/v1/campaigns", LIST, "/health/live"]
    )
    def test_unknown_parameters_are_named(self, api: APIClient, path: str) -> None:
        assert parameters(api.get(path, {"colour": "blue", "size": "1"})) == ["colour", "size"]

    def test_unknown_parameters_of_one_row_are_named(self, api: APIClient) -> None:
        stakeholder = make_stakeholder()

        assert parameters(api.get(f"{LIST}/{stakeholder.pk}?is_public=maybe")) == ["is_public"]
        assert parameters(api.post(f"{SEARCH}?limit=1", {}, format="json")) == ["limit"]

    def test_repeated_parameters_are_named(self, api: APIClient) -> None:
        assert parameters(api.get(f"{LIST}?type=farmer&type=business")) == ["type"]

    def test_everything_wrong_is_told_at_once(self, api: APIClient) -> None:
        response = api.get(f"{LIST}?type=a&type=b&bbox=1&colour=blue&radius=1mi")

        assert parameters(response) == ["colour", "type", "bbox", "radius"]

    def test_radius_without_near_is_refused(self, api: APIClient) -> None:
        assert parameters(api.get(LIST, {"radius": "5mi"})) == ["radius"]

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("type", ["", "farmers", "farmer,", "FARMER", "farmer;business"]),
            ("state", ["", "Maryland", "md", "XX"]),
            ("county", ["", "\0", "x" * 201]),
            ("campaign", ["", "\0"]),
            ("search", ["", "\0", "x" * 201]),
            ("ordering", ["", "email", "location", "distance_m", "name,created_at", "--name"]),
            ("fields", ["", "email", "location", "name,", "id"]),
            (
                "bbox",
                [
                    "",
                    "1,2,3",
                    "1,2,3,4,5",
                    "nan,1,2,3",
                    "-inf,1,2,3",
                    "1e400,1,2,3",
                    "1_0,1,20,3",
                    "\u0661,1,2,3",
                    "-181,1,2,3",
                    "1,-91,2,3",
                    "1,3,2,2",
                    "1, 1,2,2",
                    "0x1,1,2,3",
                ],
            ),
            ("near", ["", "1", "1,2,3", "nan,1", "1,inf", "181,0", "0,91", "38.97;-76.49"]),
        ],
    )
    def test_invalid_values_are_named(self, api: APIClient, name: str, values: list[str]) -> None:
        for value in values:
            assert parameters(api.get(LIST, {name: value})) == [name], value

    @pytest.mark.parametrize(
        "radius",
        ["", "50", "mi", "-1mi", "0mi", "nanmi", "1e3mi", "5 mi", "5ft", "\u0665mi", "99999km"],
    )
    def test_invalid_radius_is_named(self, api: APIClient, radius: str) -> None:
        assert parameters(api.get(LIST, {"near": "0,0", "radius": radius})) == ["radius"]

    def test_invalid_utf8_in_a_query_is_no_crash(self, api: APIClient) -> None:
        assert api.get(f"{LIST}?search=%ff%fe").status_code == 200


SQUARE = [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]


def polygon(coordinates: Any, **members: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": coordinates, **members}


class TestBody:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b'"x"',
            b"null",
            b"[" * 30_000,
            b'{"limit": NaN}',
            b'{"limit": 1e400}',
            b'{"search": "\xff"}',
            b'{"search": "\\ud800"}',
            b'{"\\ud800": 1}',
            b'{"limit": 1, "limit": 2}',
            b'{"limit": ' + b"9" * 5000 + b"}",
            "{}".encode("utf-16"),
        ],
    )
    def test_that_is_no_json_object_is_a_bad_request(self, api: APIClient, body: bytes) -> None:
        assert_problem(api.post(SEARCH, body, content_type="application/json"), 400)

    def test_unknown_members_are_named(self, api: APIClient) -> None:
        assert pointers(api.post(SEARCH, {"colour": "blue"}, format="json")) == ["#/colour"]

    def test_everything_wrong_is_told_at_once(self, api: APIClient) -> None:
        body = {"a/b~c é": 1, "radius": "5mi", "limit": 0, "bbox": None, "cursor": "x"}

        response = api.post(f"{SEARCH}?size=1", body, format="json")

        found = [
            (error.get("parameter") or error["pointer"], error["code"])
            for error in assert_problem(response, 400)["errors"]
        ]
        assert found == [
            ("size", "unknown"),
            ("#/a~1b~0c%20%C3%A9", "unknown"),
            ("#/limit", "invalid"),
            ("#/bbox", "null"),
            ("#/radius", "needs_near"),
        ]

    def test_cursor_of_another_list_is_named(self, api: APIClient) -> None:
        assert pointers(api.post(SEARCH, {"cursor": "WzF~aQ"}, format="json")) == ["#/cursor"]

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("type", ["farmer", [], ["farmers"], [1], {}, None, [["farmer"]]]),
            (
                "bbox",
                ["0,0,1,1", [0, 0, 1], ["0", "0", "1", "1"], [0, 0, 1, True], [0, 0, 1, None]],
            ),
            ("near", ["0,0", [0], [181, 0], [0, 10**400]]),
            ("limit", ["1", 0, 1.5, True, [1], -1]),
            ("search", [1, [], "", "\0"]),
            ("cursor", [1, []]),
            ("ordering", [1, ["name"]]),
            ("fields", ["name", ["email"]]),
            (
                "within",
                [
                    1,
                    [],
                    {},
                    "POLYGON((0 0,1 0,1 1,0 0))",
                    "SRID=3857;POINT(1 2)",
                    {"type": "Point", "coordinates": [0, 0]},
                    {"type": ["Polygon"], "coordinates": SQUARE},
                    polygon(None),
                    polygon([]),
                    polygon([[]]),
                    polygon([[[0, 0], [1, 0], [0, 0]]]),
                    polygon([[[0, 0], [1, 0], [1, 1], [0, 1]]]),
                    polygon([[[0, 0, 5], [1, 0, 5], [1, 1, 5], [0, 0, 5]]]),
                    polygon([[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]),
                    polygon([[[0, 0], [181, 0], [1, 1], [0, 0]]]),
                    polygon([[[0, 0], [1, 91], [1, 1], [0, 0]]]),
                    polygon([[[0, 0], ["1", 0], [1, 1], [0, 0]]]),
                    polygon([[[0, 0], [True, 0], [1, 1], [0, 0]]]),
                    polygon([[[0, 0], [1, 0], [0, 0], [0, 0]]]),
                    polygon(SQUARE, crs={"type": "name", "properties": {"name": "EPSG:3857"}}),
                    polygon(SQUARE, bbox=[0, 0, 1, 1]),
                    {"type": "MultiPolygon", "coordinates": SQUARE},
                    {"type": "MultiPolygon", "coordinates": [SQUARE, SQUARE]},
                    polygon([[[0, 0], *[[i / 10_001, 0.5] for i in range(10_001)], [0, 0]]]),
                ],
            ),
        ],
    )
    def test_invalid_values_are_named(self, api: APIClient, name: str, values: list[Any]) -> None:
        for value in values:
            body = json.dumps({name: value})
            response = api.post(SEARCH, body, content_type="application/json")
            assert pointers(response) == [f"#/{name}"], value

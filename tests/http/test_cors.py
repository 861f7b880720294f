"""Any page on the web may read; see also tests of the methods in test_errors.py."""

from typing import Any

import pytest
from django.db import OperationalError
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db

ORIGIN: dict[str, Any] = {"HTTP_ORIGIN": "https://frontend.example"}
LIST = "/api/v1/stakeholders"
SEARCH = f"{LIST}/search"


def preflight(api: APIClient, path: str, method: str, headers: str) -> Any:
    return api.options(
        path,
        **ORIGIN,
        HTTP_ACCESS_CONTROL_REQUEST_METHOD=method,
        HTTP_ACCESS_CONTROL_REQUEST_HEADERS=headers,
    )


def assert_readable(response: Any) -> None:
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response
    exposed = response["Access-Control-Expose-Headers"]
    assert set(exposed.split(", ")) == {"ETag", "Link", "Retry-After"}


class TestPreflight:
    def test_lets_a_search_send_json_and_is_kept_for_a_day(self, api: APIClient) -> None:
        response = preflight(api, SEARCH, "POST", "content-type")

        assert response.status_code == 200
        assert response["Access-Control-Allow-Origin"] == "*"
        assert "POST" in response["Access-Control-Allow-Methods"].split(", ")
        assert "content-type" in response["Access-Control-Allow-Headers"].split(", ")
        assert response["Access-Control-Max-Age"] == str(24 * 60 * 60)

    def test_lets_a_read_be_conditional(self, api: APIClient) -> None:
        response = preflight(api, LIST, "GET", "if-none-match")

        assert "if-none-match" in response["Access-Control-Allow-Headers"].split(", ")

    def test_lets_nothing_be_changed(self, api: APIClient) -> None:
        allowed = preflight(api, LIST, "DELETE", "")["Access-Control-Allow-Methods"]

        assert set(allowed.split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


class TestAnswer:
    @pytest.mark.parametrize(
        "path",
        ["/api/v1", LIST, f"{LIST}.geojson", "/api/v1/schema", "/health/live", "/health/ready"],
    )
    def test_can_be_read_by_any_page(self, api: APIClient, path: str) -> None:
        response = api.get(path, **ORIGIN)

        assert response.status_code == 200
        assert_readable(response)

    def test_to_a_search_can_be_read_by_any_page(self, api: APIClient) -> None:
        assert_readable(api.post(SEARCH, {"limit": 1}, format="json", **ORIGIN))

    @pytest.mark.parametrize(
        ("path", "status"),
        [(f"{LIST}?bbox=1", 400), (f"{LIST}/0", 404), ("/api/v1/nowhere", 404)],
    )
    def test_with_a_problem_can_be_read_too(self, api: APIClient, path: str, status: int) -> None:
        response = api.get(path, **ORIGIN)

        assert response.status_code == status
        assert_readable(response)

    @pytest.mark.parametrize(("error", "status"), [(RuntimeError, 500), (OperationalError, 503)])
    def test_of_a_failing_server_can_be_read_too(
        self, api: APIClient, monkeypatch: pytest.MonkeyPatch, error: type[Exception], status: int
    ) -> None:
        def fail(*_args: Any, **_kwargs: Any) -> None:
            raise error

        monkeypatch.setattr("backend.http.pagination.render_page", fail)
        api.raise_request_exception = False

        response = api.get(LIST, **ORIGIN)

        assert response.status_code == status
        assert_readable(response)

    def test_of_the_admin_is_not_for_other_pages(self, api: APIClient) -> None:
        assert "Access-Control-Allow-Origin" not in api.get("/admin/login/", **ORIGIN)

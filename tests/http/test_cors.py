"""What is public is for pages of every origin, what is staff's for those in the settings."""

from typing import Any

import pytest
from django.db import OperationalError
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db

ORIGIN: dict[str, Any] = {"HTTP_ORIGIN": "https://frontend.example"}
LIST = "/api/v1/stakeholders"
SEARCH = f"{LIST}/search"
EXPOSED = {
    "ETag",
    "Link",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Idempotency-Replayed",
    "X-Request-ID",
}
# Nothing answers there yet: problems have the headers too.
STAFF = ["/api/v1/manage", "/api/v1/manage/campaigns/1", "/api/v1/auth", "/api/v1/auth/login"]
LOOK_ALIKES = ["/api/v1/managers", "/api/v1/author", "/api/v1/managed/1", "/api/v1/x/manage"]


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
    assert set(exposed.split(", ")) == EXPOSED


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

    @pytest.mark.parametrize(
        "header",
        ["authorization", "content-type", "idempotency-key", "preview-token", "if-match"],
    )
    def test_lets_a_write_say_what_it_needs_to(self, api: APIClient, header: str) -> None:
        response = preflight(api, "/api/v1/me", "PATCH", header)

        assert header in response["Access-Control-Allow-Headers"].split(", ")

    def test_lets_supporters_change_and_delete(self, api: APIClient) -> None:
        allowed = preflight(api, "/api/v1/me", "DELETE", "")["Access-Control-Allow-Methods"]

        methods = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
        assert set(allowed.split(", ")) == methods


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


@pytest.fixture
def frontend(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN["HTTP_ORIGIN"]]


@pytest.mark.parametrize("path", STAFF)
class TestStaff:
    @pytest.mark.usefixtures("frontend")
    def test_can_be_read_by_a_frontend_in_the_settings(self, api: APIClient, path: str) -> None:
        response = api.get(path, **ORIGIN)

        assert response["Access-Control-Allow-Origin"] == ORIGIN["HTTP_ORIGIN"]
        assert "Access-Control-Allow-Credentials" not in response
        assert set(response["Access-Control-Expose-Headers"].split(", ")) == EXPOSED
        assert "Origin" in response["Vary"].title()

    @pytest.mark.usefixtures("frontend")
    def test_can_be_changed_by_a_frontend_in_the_settings(self, api: APIClient, path: str) -> None:
        response = preflight(api, path, "PATCH", "authorization, if-match")

        assert response["Access-Control-Allow-Origin"] == ORIGIN["HTTP_ORIGIN"]
        assert "PATCH" in response["Access-Control-Allow-Methods"].split(", ")

    @pytest.mark.usefixtures("frontend")
    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "https://frontend.example.evil", "null", "http://[", ""]
    )
    def test_is_not_for_others(self, api: APIClient, path: str, origin: str) -> None:
        method = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET"}
        answers = [
            api.get(path, HTTP_ORIGIN=origin),
            api.options(path, HTTP_ORIGIN=origin, **method),  # type: ignore[arg-type]  # headers
        ]

        assert all("Access-Control-Allow-Origin" not in answer for answer in answers)
        assert all("Origin" in answer["Vary"].title() for answer in answers)

    def test_is_for_no_page_unless_the_settings_name_one(self, api: APIClient, path: str) -> None:
        answers = [api.get(path, **ORIGIN), preflight(api, path, "GET", "authorization")]

        assert all("Access-Control-Allow-Origin" not in answer for answer in answers)


class TestLookAlikes:
    @pytest.mark.parametrize("path", LOOK_ALIKES)
    def test_are_public(self, api: APIClient, path: str) -> None:
        assert_readable(api.get(path, **ORIGIN))
        assert preflight(api, path, "POST", "")["Access-Control-Allow-Origin"] == "*"

    def test_written_with_escapes_are_not(self, api: APIClient) -> None:
        assert "Access-Control-Allow-Origin" not in api.get("/api/v1/%6danage", **ORIGIN)

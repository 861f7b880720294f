"""Any status of the contract as a problem document, whoever raises it."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import path
from rest_framework import exceptions, serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.test import APIClient

from backend.http.errors import DETAILS, TITLES, Problem
from backend.http.invalid_values import at_header, at_parameter, at_pointer
from backend.http.views import JSONView


class BearerAuthentication(BaseAuthentication):
    """Knows nobody."""

    def authenticate(self, _request: Request) -> None:
        return None

    def authenticate_header(self, _request: Request) -> str:
        return 'Bearer realm="test"'


class FailingView(JSONView):
    """Raises what its class says."""

    permission_classes = [AllowAny]
    error: Exception = Problem(400)

    def get(self, _request: Request) -> None:
        raise self.error


urlpatterns = [
    path("failing", FailingView.as_view()),
    path("failing/bearer", FailingView.as_view(authentication_classes=[BearerAuthentication])),
]

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def answer_to(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> Any:
    def answer(error: Exception, path: str = "/failing") -> Any:
        monkeypatch.setattr(FailingView, "error", error)
        response = api.get(path)
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["status"] == response.status_code
        return response

    return answer


class TestProblem:
    @pytest.mark.parametrize("status", TITLES)
    def test_has_the_title_and_detail_of_its_status(self, answer_to: Any, status: int) -> None:
        response = answer_to(Problem(status))

        problem = response.json()
        assert response.status_code == status
        assert (problem["title"], problem["detail"]) == (TITLES[status], DETAILS[status])  # type: ignore[index]  # an HTTPStatus
        assert "errors" not in problem

    def test_may_be_of_a_kind_of_its_own(self, answer_to: Any) -> None:
        problem = answer_to(Problem(410, "It has expired.", title="Token Expired")).json()

        assert problem == {
            "type": "/problems#token-expired",
            "title": "Token Expired",
            "status": 410,
            "detail": "It has expired.",
        }

    def test_may_say_where_and_have_headers(self, answer_to: Any) -> None:
        error = {**at_header("If-Match"), "code": "invalid", "message": "Send an entity tag."}

        response = answer_to(Problem(412, errors=[error], headers={"ETag": '"1"'}))

        assert response.json()["errors"] == [error]
        assert response["ETag"] == '"1"'


class TestUnauthorized:
    def test_says_how_to_authenticate(self, answer_to: Any) -> None:
        for error in (Problem(401), exceptions.NotAuthenticated()):
            response = answer_to(error, "/failing/bearer")

            assert response.status_code == 401
            assert response["WWW-Authenticate"] == 'Bearer realm="test"'

    def test_always_says_how(self, answer_to: Any) -> None:
        assert answer_to(Problem(401))["WWW-Authenticate"] == "Bearer"


class TestErrorsOfDjangoAndDRF:
    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (Http404("No Stakeholder matches."), 404),
            (PermissionDenied("secret"), 403),
            (exceptions.PermissionDenied(), 403),
            (exceptions.NotFound(), 404),
            (exceptions.ParseError(), 400),
        ],
    )
    def test_are_problems(self, answer_to: Any, error: Exception, status: int) -> None:
        response = answer_to(error)

        assert response.status_code == status
        assert b"secret" not in response.content
        assert b"Stakeholder" not in response.content

    def test_of_too_many_requests_say_when_to_retry(self, answer_to: Any) -> None:
        response = answer_to(exceptions.Throttled(wait=2.5))

        assert response.status_code == 429
        assert response["Retry-After"] == "3"


class TestErrorsOfSerializers:
    def test_are_pointers_into_the_body(self, answer_to: Any) -> None:
        detail: Any = {
            "non_field_errors": ["No."],
            "name": ["Too long.", "Too odd."],
            "blocks": [{}, {"title": ["No."]}],
            "tags": {2: ["No."]},
        }

        errors = answer_to(serializers.ValidationError(detail, code="bad")).json()["errors"]

        assert [(error["pointer"], error["message"]) for error in errors] == [
            ("#", "No."),
            ("#/name", "Too long."),
            ("#/name", "Too odd."),
            ("#/blocks/1/title", "No."),
            ("#/tags/2", "No."),
        ]
        assert {error["code"] for error in errors} == {"bad"}

    def test_of_the_whole_body_point_to_all_of_it(self, answer_to: Any) -> None:
        response = answer_to(serializers.ValidationError("No."))

        (error,) = response.json()["errors"]
        assert error == {"pointer": "#", "code": "invalid", "message": "No."}


class TestLocation:
    @pytest.mark.parametrize(
        ("members", "expected"),
        [
            ((), "#"),
            (("",), "#/"),
            (("a/b",), "#/a~1b"),
            (("m~n",), "#/m~0n"),
            (("c%d", "e^f", "g|h", "i\\j", 'k"l', " "), "#/c%25d/e%5Ef/g%7Ch/i%5Cj/k%22l/%20"),
            (("é", 0), "#/%C3%A9/0"),
        ],
    )
    def test_in_a_body_is_a_fragment_as_in_rfc_6901(
        self, members: tuple[str | int, ...], expected: str
    ) -> None:
        assert at_pointer(*members) == {"pointer": expected}

    def test_elsewhere_is_a_name(self) -> None:
        assert at_parameter("limit") == {"parameter": "limit"}
        assert at_header("If-Match") == {"header": "If-Match"}

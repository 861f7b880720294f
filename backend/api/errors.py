"""Every error as a problem document (RFC 9457), whoever raised it."""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

logger = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_SECONDS = 5

DETAILS = {
    HTTPStatus.BAD_REQUEST: "The request could not be understood.",
    HTTPStatus.FORBIDDEN: "This is not allowed.",
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The server failed to answer. The failure has been logged.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database cannot be reached. Try again in a few seconds.",
}


class InvalidParameters(exceptions.APIException):
    """Parameters, of the query or of a search's body, that are not what the contract says."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = "Some parameters are not valid."
    default_code = "invalid_parameters"

    def __init__(self, errors: Mapping[str, Iterable[DjangoValidationError]]) -> None:
        super().__init__()
        self.errors = [
            {"parameter": name, "code": error.code or "invalid", "message": message}
            for name, parameter_errors in errors.items()
            for error in parameter_errors
            for message in error.messages
        ]


def problem(code: int, detail: str | None = None, **members: Any) -> dict[str, Any]:
    """The members of a problem document: `type`, `title`, `status`, `detail`, and `members`."""
    http_status = HTTPStatus(code)
    return {
        "type": "about:blank",
        "title": http_status.phrase,
        "status": code,
        "detail": detail or DETAILS.get(http_status, http_status.description),
        **members,
    }


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER. An error that is nobody's fault but ours goes on to `handler500`."""
    if isinstance(error, OperationalError | InterfaceError):
        return _unavailable(error)
    response = exception_handler(error, dict(context))
    if response is None:
        return None
    members = {"errors": error.errors} if isinstance(error, InvalidParameters) else {}
    detail = str(getattr(error, "detail", "")) or None
    response.data = problem(response.status_code, detail, **members)
    response.content_type = PROBLEM_JSON
    return response


def _unavailable(error: Exception) -> Response:
    logger.error("The database failed: %s", error)
    set_rollback()
    return Response(
        problem(status.HTTP_503_SERVICE_UNAVAILABLE),
        status=status.HTTP_503_SERVICE_UNAVAILABLE,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        content_type=PROBLEM_JSON,
    )


# Django calls these, with arguments of these names, for what no view of the API answers.
# ruff: noqa: ARG001


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _problem_page(HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _problem_page(HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _problem_page(HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    return _problem_page(HTTPStatus.INTERNAL_SERVER_ERROR)


def _problem_page(code: HTTPStatus) -> JsonResponse:
    return JsonResponse(problem(code), status=code, content_type=PROBLEM_JSON)

"""Every error as a problem document (RFC 9457), whoever raised it."""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse
from django.utils.text import slugify
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

logger = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_SECONDS = 5

# What `type` is relative to: the page that explains the problems.
PROBLEMS_PAGE = "/problems"
UNIQUE_VIOLATION = "23505"

# What docs/problems.md explains. Python's own phrases differ between its versions.
TITLES = {
    HTTPStatus.BAD_REQUEST: "Bad Request",
    HTTPStatus.FORBIDDEN: "Forbidden",
    HTTPStatus.NOT_FOUND: "Not Found",
    HTTPStatus.METHOD_NOT_ALLOWED: "Method Not Allowed",
    HTTPStatus.NOT_ACCEPTABLE: "Not Acceptable",
    HTTPStatus.CONFLICT: "Conflict",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Unsupported Media Type",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Internal Server Error",
    HTTPStatus.SERVICE_UNAVAILABLE: "Service Unavailable",
}

DETAILS = {
    HTTPStatus.BAD_REQUEST: "The request could not be understood.",
    HTTPStatus.FORBIDDEN: "This is not allowed.",
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not know the method.",
    HTTPStatus.NOT_ACCEPTABLE: "The answer comes in none of the media types that you accept.",
    HTTPStatus.CONFLICT: "Another request was faster. Read the current state and try again.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than the server accepts.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send the body as application/json.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The server failed to answer. Its log says why.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database did not answer in time. Try again in a moment.",
}


class InvalidParameters(exceptions.APIException):
    """Parameters, of the query or of a search's body, that are not what the contract says."""

    status_code = HTTPStatus.BAD_REQUEST
    default_detail = "Some parameters are not valid."
    title = "Invalid Parameters"

    def __init__(self, errors: Mapping[str, Iterable[DjangoValidationError]]) -> None:
        super().__init__()
        self.errors = [
            {"parameter": name, "code": error.code or "invalid", "message": message}
            for name, parameter_errors in errors.items()
            for error in parameter_errors
            for message in error.messages
        ]


def problem(
    code: int, detail: str | None = None, title: str | None = None, **members: Any
) -> dict[str, Any]:
    """The members of a problem document: `type`, `title`, `status`, `detail`, and `members`."""
    status = HTTPStatus(code)
    title = title or TITLES[status]
    return {
        "type": f"{PROBLEMS_PAGE}#{slugify(title)}",
        "title": title,
        "status": status.value,
        "detail": detail or DETAILS[status],
        **members,
    }


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER. An error that nobody foresaw goes on to `server_error`."""
    if isinstance(error, OperationalError | InterfaceError):
        # An outage, or a statement that took longer than its role may.
        logger.error("The database did not answer: %s", error)
        return _response(HTTPStatus.SERVICE_UNAVAILABLE)
    if isinstance(error, IntegrityError) and _sqlstate(error) == UNIQUE_VIOLATION:
        return _response(HTTPStatus.CONFLICT)
    response = exception_handler(error, dict(context))
    if response is None:
        return None
    detail = str(getattr(error, "detail", "")) or None
    if isinstance(error, InvalidParameters):
        response.data = problem(response.status_code, detail, error.title, errors=error.errors)
    else:
        response.data = problem(response.status_code, detail)
    response.content_type = PROBLEM_JSON
    return response


def _sqlstate(error: Exception) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)


def _response(status: HTTPStatus) -> Response:
    set_rollback()
    response = Response(problem(status), status, content_type=PROBLEM_JSON)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


# Django calls these, with arguments of these names, for what no view of the API answers.
# ruff: noqa: ARG001


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    return _problem_page(HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> JsonResponse:
    return _problem_page(HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    return _problem_page(HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> JsonResponse:
    """A crash: nothing but an id, which stands beside the reason in the log."""
    instance = uuid4().urn
    logger.error(
        "Failure %s of %s %s",
        instance,
        request.method,
        request.path,
        exc_info=True,  # noqa: LOG014  # Django calls this while it handles the exception
    )
    return _problem_page(HTTPStatus.INTERNAL_SERVER_ERROR, instance=instance)


def _problem_page(status: HTTPStatus, **members: Any) -> JsonResponse:
    return JsonResponse(problem(status, **members), status=status, content_type=PROBLEM_JSON)

"""Every error as a problem document (RFC 9457), whoever raised it."""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import psycopg
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse
from django.utils.text import slugify
from psycopg.errors import ReadOnlySqlTransaction
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from backend.http.conflicts import is_unique_violation, taken_values
from backend.http.invalid_values import InvalidValue, invalid_members
from backend.images.stores import StoreDown

logger = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_SECONDS = 5

# What `type` is relative to: the page that explains the problems.
PROBLEMS_PAGE = "/problems"

# What docs/problems.md explains. Python's own phrases differ between its versions.
TITLES = {
    HTTPStatus.BAD_REQUEST: "Bad Request",
    HTTPStatus.UNAUTHORIZED: "Unauthorized",
    HTTPStatus.FORBIDDEN: "Forbidden",
    HTTPStatus.NOT_FOUND: "Not Found",
    HTTPStatus.METHOD_NOT_ALLOWED: "Method Not Allowed",
    HTTPStatus.NOT_ACCEPTABLE: "Not Acceptable",
    HTTPStatus.REQUEST_TIMEOUT: "Request Timeout",
    HTTPStatus.CONFLICT: "Conflict",
    HTTPStatus.GONE: "Gone",
    HTTPStatus.PRECONDITION_FAILED: "Precondition Failed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large",
    HTTPStatus.REQUEST_URI_TOO_LONG: "URI Too Long",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Unsupported Media Type",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content",
    HTTPStatus.PRECONDITION_REQUIRED: "Precondition Required",
    HTTPStatus.TOO_MANY_REQUESTS: "Too Many Requests",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "Request Header Fields Too Large",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Internal Server Error",
    HTTPStatus.SERVICE_UNAVAILABLE: "Service Unavailable",
}

DETAILS = {
    HTTPStatus.BAD_REQUEST: "The request could not be understood.",
    HTTPStatus.UNAUTHORIZED: "Say who you are: the header WWW-Authenticate tells how.",
    HTTPStatus.FORBIDDEN: "This is not allowed.",
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not know the method.",
    HTTPStatus.NOT_ACCEPTABLE: "The answer comes in none of the media types that you accept.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not come in time.",
    HTTPStatus.CONFLICT: "Another request was faster. Read the current state and try again.",
    HTTPStatus.GONE: "What was at this address is no longer there.",
    HTTPStatus.PRECONDITION_FAILED: "It has changed since you read it. Read it again.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than the server accepts.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "The address is longer than the server accepts.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send the body as application/json.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "An earlier request had the same Idempotency-Key.",
    HTTPStatus.PRECONDITION_REQUIRED: "Send the ETag of what you read as If-Match.",
    HTTPStatus.TOO_MANY_REQUESTS: "You sent too many requests. Wait, then try again.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The headers are longer than the server accepts.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The server failed to answer. Its log says why.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The service cannot answer in time. Try again in a moment.",
}


class Problem(exceptions.APIException):
    """An error that is answered as a problem document.

    `title` is for a kind of problem of its own, which docs/problems.md must explain: without it,
    the status says the kind. `errors` locate what is not valid; `headers` go with the answer.
    """

    title: str | None = None

    def __init__(
        self,
        status: int,
        detail: str | None = None,
        *,
        title: str | None = None,
        errors: Iterable[InvalidValue] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status_code = HTTPStatus(status)
        super().__init__(detail or DETAILS[self.status_code])
        self.title = title or self.title
        self.errors = list(errors)
        self.headers = headers or {}


class InvalidParameters(Problem):
    """Values that are not what the contract says: of the query, the path, the body or a header."""

    title = "Invalid Parameters"

    def __init__(self, errors: Iterable[InvalidValue]) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, "Some values are not valid.", errors=errors)


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
    error = _as_problem(error, context["view"])
    response = exception_handler(error, dict(context))
    if response is None:
        return None
    code = response.status_code
    if isinstance(error, Problem):
        members = {"errors": error.errors} if error.errors else {}
        response.data = problem(code, str(error.detail), error.title, **members)
        for name, value in error.headers.items():
            response[name] = value
    else:
        detail = getattr(error, "detail", None)
        response.data = problem(code, detail if isinstance(detail, str) else None)
    if code == HTTPStatus.UNAUTHORIZED:
        # RFC 9110, section 15.5.2, demands one, whoever raised it.
        challenge = context["view"].get_authenticate_header(context["request"])
        response.setdefault("WWW-Authenticate", challenge or "Bearer")
    response.content_type = PROBLEM_JSON
    return response


def _as_problem(error: Exception, view: Any) -> Exception:
    """The problem that an error of the database or of a serializer is; others as they are."""
    if isinstance(error, exceptions.ValidationError):
        return InvalidParameters(invalid_members(error.detail))
    if isinstance(error, OperationalError | InterfaceError) or _is_outage(error.__cause__):
        # An outage, or a statement that took longer than its role may.
        logger.error("The database did not answer: %s", error)
        retry_after = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, headers=retry_after)
    if isinstance(error, StoreDown):
        logger.error("The store of images did not answer: %s", error)
        detail = "Where images are kept does not answer. Try again in a moment."
        retry_after = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=retry_after)
    if is_unique_violation(error):
        names_taken_values = getattr(view, "names_taken_values", False)
        return Problem(
            HTTPStatus.CONFLICT, errors=taken_values(error) if names_taken_values else ()
        )
    return error


def _is_outage(cause: BaseException | None) -> bool:
    """Whether a server ended between two answers, or a standby is not promoted yet."""
    # psycopg's own error, not the server's: its farewell was taken for one more result.
    return type(cause) is psycopg.InternalError or isinstance(cause, ReadOnlySqlTransaction)


# Django calls these, with arguments of these names, for what no view of the API answers.
# ruff: noqa: ARG001


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    return problem_page(HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> JsonResponse:
    return problem_page(HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    return problem_page(HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> JsonResponse:
    """A crash: nothing but an id, which stands beside the reason in the log."""
    instance = uuid4().urn
    logger.error(
        "Failure %s",
        instance,
        exc_info=True,  # noqa: LOG014  # Django calls this while it handles the exception
    )
    return problem_page(HTTPStatus.INTERNAL_SERVER_ERROR, instance=instance)


def problem_page(status: HTTPStatus, **members: Any) -> JsonResponse:
    return JsonResponse(problem(status, **members), status=status, content_type=PROBLEM_JSON)

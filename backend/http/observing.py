"""Each request by a name and an id: in its answer, in the log, and in what it asks the database.

All of it is on the way of each 304, which takes little longer than this: what does not differ
between two requests for one operation is made once (`Operation`).
"""

import logging
import re
import time
from collections.abc import Callable
from functools import lru_cache
from random import getrandbits
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404
from prometheus_client import Histogram

from backend.http.middleware import resolve_request
from backend.observing import tracing
from backend.observing.activity import Activity, current
from backend.observing.metrics import REQUEST_SECONDS, note

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
# Nothing that could end a header, a comment of SQL or a line of a log.
VALID_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
UNROUTED = "unrouted"
VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")


class Operation:
    """What requests with one method for one route have in common."""

    def __init__(self, name: str, method: str, path: str) -> None:
        self.name, self.method, self.path = name, method, path
        self.is_read = method in {"GET", "HEAD", "OPTIONS"}
        self.comment = f"/*operation='{name}',request_id='"
        self.log_fields = {"operation": name, "method": method, "path": path}
        self._seconds: dict[int, Histogram] = {}

    def count(self, status: int, seconds: float) -> None:
        histogram = self._seconds.get(status)
        if histogram is None:
            # To look up labels takes as long as to count.
            labels = self.name, self.method, f"{status // 100}xx"
            histogram = self._seconds[status] = REQUEST_SECONDS.labels(*labels)
        histogram.observe(seconds)


class RequestActivity(Activity):
    """A request, by what its path stands for."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__()
        self._request = request
        sent = request.META.get("HTTP_X_REQUEST_ID")
        self.id: str = sent if sent and VALID_ID.fullmatch(sent) else _new_id()

    @property
    def asked(self) -> Operation:
        try:
            # What is refused on its way to the view has asked for it, too.
            match = self._request.resolver_match or resolve_request(self._request)
        except Resolver404:
            return operation_of(None, UNROUTED, "", self._request.method)
        return operation_of(match.func, match.view_name, match.route, self._request.method)

    @property
    def operation(self) -> str:
        return self.asked.name

    @property
    def log_fields(self) -> dict[str, Any]:
        return {"request_id": self.id, **self.asked.log_fields}

    @property
    def sql_comment(self) -> str:
        return f"{self.asked.comment}{self.id}'*/ "


def _new_id() -> str:
    """Unlike all others, and no secret: to ask the kernel for one takes ten times as long."""
    return f"{getrandbits(128):032x}"


class ObservingMiddleware:
    """Around all others: whatever answers, the answer has an id, and the log a line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started_at = time.perf_counter()
        activity = RequestActivity(request)
        if tracing.tracer is not None:
            activity.span = tracing.begin(request.META.get("HTTP_TRACEPARENT", ""))
        current.set(activity)
        response = self.get_response(request)
        response.headers[HEADER] = activity.id
        if response.streaming:
            # Django closes what is listed here when the last byte was handed over, or nobody
            # wants another.
            closers: list[Callable[[], object]] = response._resource_closers  # type: ignore[attr-defined]  # not in the stubs
            closers.append(lambda: _tell(activity, response.status_code, started_at))
        else:
            _tell(activity, response.status_code, started_at)
        return response


def _tell(activity: RequestActivity, status: int, started_at: float) -> None:
    seconds = time.perf_counter() - started_at
    asked = activity.asked
    note(asked.count, status, seconds)
    if activity.span is not None:
        tracing.end(activity.span, asked.name, asked.method, asked.path, status)
    level = _level_of(asked, status)
    if logger.isEnabledFor(level):
        logger.handle(_record_of(asked, status, level, seconds))
    current.set(None)


def _level_of(asked: Operation, status: int) -> int:
    """Reads that went well are DEBUG: a line of JSON takes a quarter as long as a 304."""
    if status >= 500:
        return logging.WARNING
    return logging.DEBUG if asked.is_read and status < 400 else logging.INFO


def _record_of(asked: Operation, status: int, level: int, seconds: float) -> logging.LogRecord:
    """What `logger.log` would make of it, without looking for the line of code that called it."""
    values = asked.method, asked.path, status
    record = logging.LogRecord(logger.name, level, "", 0, "%s %s %s", values, None)
    record.status, record.duration_ms = status, round(seconds * 1000, 1)
    return record


@lru_cache(maxsize=1024)
def operation_of(
    view: Callable[..., Any] | None, name: str, route: str, method: str | None
) -> Operation:
    """By the id in the OpenAPI document, or the name of the path if it is not there."""
    method = method if method in METHODS else "other"
    verb = "get" if method == "HEAD" else method.lower()
    path = ("/" + VARIABLE.sub(r"{\1}", route)).replace("{pk}", "{id}") if view else UNROUTED
    return Operation(_documented_id(view, verb) or name, method, path)


def _documented_id(view: Callable[..., Any] | None, verb: str) -> str:
    view_class: Any = getattr(view, "cls", None)
    actions: dict[str, str] = getattr(view, "actions", None) or {}
    handler = getattr(view_class, actions.get(verb, verb), None)
    schema_class = getattr(handler, "kwargs", {}).get("schema")
    if schema_class is None:
        return ""
    schema = schema_class()
    schema.view, schema.method = view_class(request=None, kwargs={}), verb.upper()
    return "" if schema.is_excluded() else str(schema.get_operation_id())

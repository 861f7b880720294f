"""Each request by a name and an id: in its answer, in the log, and in what it asks the database."""

import logging
import re
from collections.abc import Callable
from functools import lru_cache
from random import getrandbits
from typing import Any

from django.core.signals import request_finished
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from backend.observing.activity import Activity, current
from backend.observing.metrics import count_request

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
# Nothing that could end a header, a comment of SQL or a line of a log.
VALID_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
UNROUTED = "unrouted"
VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")


class RequestActivity(Activity):
    """A request; what it asks for is known once its path was matched."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__()
        self._request = request
        sent = request.META.get("HTTP_X_REQUEST_ID", "")
        self.id: str = sent if sent and VALID_ID.fullmatch(sent) else _new_id()
        self.status = 0

    @property
    def method(self) -> str:
        method = str(self._request.method)
        return method if method in METHODS else "other"

    @property
    def operation(self) -> str:
        match = self._request.resolver_match
        return operation_of(match.func, match.view_name, self.method) if match else UNROUTED

    @property
    def path(self) -> str:
        """The template of the path, for what stands for its variables may name a person."""
        match = self._request.resolver_match
        return template_of(match.route) if match else UNROUTED

    @property
    def log_fields(self) -> dict[str, Any]:
        return {
            "request_id": self.id,
            "operation": self.operation,
            "method": self.method,
            "path": self.path,
        }

    @property
    def sql_comment(self) -> str:
        return f"/*operation='{self.operation}',request_id='{self.id}'*/ "


def _new_id() -> str:
    """Unlike all others, and no secret: to ask the kernel for one takes ten times as long."""
    return f"{getrandbits(128):032x}"  # see above


class ObservingMiddleware:
    """Around all others: whatever answers, the answer has an id, and the log a line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        activity = RequestActivity(request)
        current.set(activity)
        response = self.get_response(request)
        activity.status = response.status_code
        response[HEADER] = activity.id
        return response


def finish(**_signal: Any) -> None:
    """Tell of the request of this thread, once the last byte of its answer was handed over."""
    activity = current.get()
    if not isinstance(activity, RequestActivity):
        return
    seconds = activity.seconds
    count_request(activity.operation, activity.method, activity.status, seconds)
    level = logging.WARNING if activity.status >= 500 else logging.INFO
    if logger.isEnabledFor(level):
        logger.handle(_record_of(activity, level, seconds))
    current.set(None)


def _record_of(activity: RequestActivity, level: int, seconds: float) -> logging.LogRecord:
    """What `logger.log` would make of it, without looking for the line of code that called it."""
    values = activity.method, activity.path, activity.status
    record = logging.LogRecord(logger.name, level, "", 0, "%s %s %s", values, None)
    record.status, record.duration_ms = activity.status, round(seconds * 1000, 1)
    return record


request_finished.connect(finish, dispatch_uid=__name__)


@lru_cache(maxsize=1024)
def operation_of(view: Callable[..., Any], name: str, method: str) -> str:
    """The operation's id in the OpenAPI document, or the name of its path if it is not there."""
    view_class: Any = getattr(view, "cls", None)
    verb = "get" if method == "HEAD" else method.lower()
    actions: dict[str, str] = getattr(view, "actions", None) or {}
    handler = getattr(view_class, actions.get(verb, verb), None)
    schema_class = getattr(handler, "kwargs", {}).get("schema")
    if schema_class is None:
        return name
    schema = schema_class()
    schema.view, schema.method = view_class(request=None, kwargs={}), verb.upper()
    return name if schema.is_excluded() else str(schema.get_operation_id())


@lru_cache(maxsize=1024)
def template_of(route: str) -> str:
    """A path as the OpenAPI document writes it."""
    return "/" + VARIABLE.sub(r"{\1}", route).replace("{pk}", "{id}")

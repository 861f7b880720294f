"""Middleware of pages: the API's data depends on nobody's session, and shows nothing."""

from typing import Any

from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from whitenoise.middleware import WhiteNoiseMiddleware

DATA = ("/api/", "/health/")
# Those that stand among the data.
PAGES = ("/api/v1/docs", "/api/v1/redoc")


class OfPages:
    """A middleware that lets the API's data pass: together they took longer than its views."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        path = request.path_info
        if path.startswith(DATA) and path not in PAGES:
            return self.pass_data(request)
        return super().__call__(request)  # type: ignore[misc]  # the middleware that it stands before

    def pass_data(self, request: HttpRequest) -> Any:
        return self.get_response(request)


class ContentSecurityPolicy(OfPages, CSPMiddleware):
    """The policy of the settings for pages; none of what a page may do for data."""

    def pass_data(self, request: HttpRequest) -> Any:
        response = self.get_response(request)
        response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        return response


class StaticFiles(OfPages, WhiteNoiseMiddleware): ...  # type: ignore[misc]  # untyped


class Sessions(OfPages, SessionMiddleware): ...


class Authentication(OfPages, AuthenticationMiddleware): ...


class Messages(OfPages, MessageMiddleware): ...

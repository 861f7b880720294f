"""Nobody may call a view that does not say who may."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from backend.http.permissions import Nobody
from backend.http.views import JSONView

ADMIN = "admin/"


class UndeclaredView(JSONView):
    def get(self, _request: Request) -> Response:
        return Response({"secret": True})

    post = get


urlpatterns = [path("undeclared", UndeclaredView.as_view())]


def routes(patterns: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each path of a urlconf, and what answers there."""
    for each in patterns:
        here = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, here)
        elif isinstance(each, URLPattern):
            yield here, each.callback


ROUTES = dict(routes(get_resolver("backend.urls").url_patterns))
API = {path: view for path, view in ROUTES.items() if not path.startswith(ADMIN)}


class TestViewWithoutPermission:
    @pytest.mark.urls(__name__)
    @pytest.mark.parametrize("method", ["get", "head", "post", "options"])
    def test_is_forbidden(self, api: APIClient, method: str) -> None:
        response = getattr(api, method)("/undeclared")

        assert response.status_code == 403
        assert response["Content-Type"] == "application/problem+json"
        assert b"secret" not in response.content


class TestRoutes:
    def test_are_found(self) -> None:
        assert {"api/v1", "api/v1/campaigns", "problems", "health/live"} <= API.keys()

    @pytest.mark.parametrize("path", API)
    def test_declare_who_may_call_them(self, path: str) -> None:
        view = API[path]

        declared = view.initkwargs.get("permission_classes", view.cls.permission_classes)
        assert issubclass(view.cls, APIView)
        assert declared
        assert Nobody not in declared

"""The way of a request to the public views."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, cast

from django.db import DatabaseError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve

from backend.http.caching import conditional_response
from backend.http.views import PublicView


class PublicData:
    """The middleware that answers for public views, with what is known or else with the view.

    The others, of which data needs none, come after it; together they take longer than a view.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        found = public_view(request.path_info)
        if found is None:
            return self.get_response(request)
        view, match = found
        make = partial(self.get_response if view.is_page else partial(_call, match), request)
        if request.method not in {"GET", "HEAD"} or not view.is_revalidated:
            return make()
        if not view.is_acceptable(request):
            return make()  # or rather the problem that this is
        try:
            revision = view.revision(request)
        except DatabaseError:
            return make()  # it will fail too, and say so
        return conditional_response(request, revision, make, view.vary)


@lru_cache(maxsize=256)
def public_view(path: str) -> tuple[type[PublicView], ResolverMatch] | None:
    try:
        match = resolve(path)
    except Resolver404:
        return None
    view: Any = getattr(match.func, "cls", object)  # DRF sets it
    return (view, match) if issubclass(view, PublicView) else None


def _call(match: ResolverMatch, request: HttpRequest) -> HttpResponseBase:
    request.get_host()  # raises DisallowedHost
    response: Any = match.func(request, *match.args, **match.kwargs)
    if not getattr(response, "is_rendered", True):
        response.render()
    if not response.streaming:
        response["Content-Length"] = str(len(response.content))
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return cast("HttpResponseBase", response)

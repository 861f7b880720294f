"""The middleware of pages, which data does without."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, RequestDataTooBig
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.module_loading import import_string

Handler = Callable[[HttpRequest], HttpResponseBase]

# A form with a picture for each of half a dozen blocks. Django has no limit for files, and takes
# them in before it asks who sends them.
MAX_FORM_BYTES = 64 * 1024 * 1024
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

# Requests ask for the same few paths, and to match one takes as long as a 304.
resolve_path = lru_cache(maxsize=256)(resolve)


def resolve_request(request: HttpRequest) -> ResolverMatch:
    """The view of the request's path; raises Resolver404."""
    return resolve_path(request.path_info, getattr(request, "urlconf", None))


def is_data(request: HttpRequest) -> bool:
    """Whether the view says that no browser shows its answers (`is_page`)."""
    try:
        match = resolve_request(request)
    except Resolver404:
        return False
    view = getattr(match.func, "cls", None)  # DRF sets it
    return getattr(view, "is_page", True) is False


class PageMiddleware:
    """The middleware of the setting PAGE_MIDDLEWARE, around pages alone.

    Data depends on nobody's session and shows nothing, and all of these together take longer
    than a view. What stands in MIDDLEWARE is around pages and data alike.
    """

    def __init__(self, get_response: Handler) -> None:
        self.data_handler = self.page_handler = get_response
        self.view_hooks: list[Callable[..., HttpResponseBase | None]] = []
        for path in reversed(settings.PAGE_MIDDLEWARE):
            middleware = import_string(path)(self.page_handler)
            if hasattr(middleware, "process_exception") or hasattr(
                middleware, "process_template_response"
            ):
                raise ImproperlyConfigured(f"{path} has hooks that work in MIDDLEWARE alone.")
            if hasattr(middleware, "process_view"):
                self.view_hooks.insert(0, middleware.process_view)
            self.page_handler = cast("Handler", convert_exception_to_response(middleware))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_data(request):
            if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_FORM_BYTES:
                raise RequestDataTooBig
            return self.page_handler(request)
        request.get_host()  # raises DisallowedHost
        response = self.data_handler(request)
        response.setdefault("Content-Security-Policy", DATA_POLICY)
        if isinstance(response, HttpResponse):
            response.setdefault("Content-Length", str(len(response.content)))
        return response

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponseBase | None:
        if is_data(request):
            return None
        responses = (hook(request, *view) for hook in self.view_hooks)
        return next((response for response in responses if response is not None), None)

"""Which pages of other origins may read an answer (CORS, in the Fetch standard)."""

import re

from corsheaders.conf import conf
from corsheaders.middleware import ACCESS_CONTROL_ALLOW_ORIGIN, CorsMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

SHARED_PATHS = ("/api/", "/health/", "/images")
STAFF_PATHS = re.compile(r"/api/v1/(manage|auth)(/|$)")


class CorsByPath(CorsMiddleware):
    """Everything public is for pages of every origin; what is staff's for those in the settings."""

    def is_enabled(self, request: HttpRequest) -> bool:
        return request.path_info.startswith(SHARED_PATHS)

    def add_response_headers(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if not STAFF_PATHS.match(request.path_info):
            return super().add_response_headers(request, response)
        origin = request.headers.get("Origin", "")
        if origin in conf.CORS_ALLOWED_ORIGINS:
            super().add_response_headers(request, response)
            response[ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        patch_vary_headers(response, ["Origin"])
        return response

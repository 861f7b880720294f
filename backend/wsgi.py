"""The WSGI application that granian serves."""

import os
import sys
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError
from django.http import HttpRequest
from django.urls import ResolverMatch

from backend import worker
from backend.database.credentials import require_credentials
from backend.database.silence import silence
from backend.http.middleware import resolve_request

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings.production")
django.setup(set_prefix=False)

# There are settings now, which name the folder of the counts, and models.
from backend.database.replica import replica  # noqa: E402
from backend.management.metrics import serve_metrics  # noqa: E402

serve_metrics()

try:
    require_credentials()
except OperationalError as error:
    sys.exit(str(error))


class Handler(WSGIHandler):
    """Hands an answer over as a list if it is whole: granian has a longer way for iterators.

    A path that was matched once is not matched again.
    """

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        request.resolver_match = resolve_request(request)
        return request.resolver_match

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        response: Any = super().__call__(environ, start_response)
        if response.streaming:
            return response  # it is an iterable, and the server closes it
        body: bytes = response.content
        response.close()
        return [body]


silence.watch()
replica.watch()
application: worker.Application = Handler()
if settings.HEALTH_PORT:
    worker.serve_health(application, settings.HEALTH_PORT)
    progress = worker.Progress(settings.WORKER_THREADS)
    worker.end_when_it_hangs(progress)
    application = progress.of(application)

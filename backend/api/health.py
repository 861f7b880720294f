from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError

from django.db import DatabaseError, connections
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from backend.http.errors import PROBLEM_JSON, problem
from backend.http.views import PublicView

READINESS_SECONDS = 0.9

OK = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"type": "string", "const": "ok"}},
}

# One probe at a time: while one hangs, those that follow wait in line and give up.
probes = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readiness")


class HealthView(PublicView):
    """An answer is good for this moment only."""

    cache_control = "no-store"
    is_revalidated = False


class LiveView(HealthView):
    """The process answers."""

    asks_database = False

    @extend_schema(
        operation_id="getLiveness", summary="Get liveness", tags=["service"], responses={200: OK}
    )
    def get(self, _request: Request) -> Response:
        return Response({"status": "ok"})


class ReadyView(HealthView):
    """The database answers through the pool within a second; 503 if not."""

    @extend_schema(
        operation_id="getReadiness", summary="Get readiness", tags=["service"], responses={200: OK}
    )
    def get(self, _request: Request) -> Response:
        probe = probes.submit(_ask_database)
        try:
            # The timeouts of a connection attempt are longer than whoever asks will wait.
            probe.result(timeout=READINESS_SECONDS)
        except (DatabaseError, FutureTimeoutError):
            probe.cancel()  # nobody waits for it any more, be it still in line
            code = status.HTTP_503_SERVICE_UNAVAILABLE
            headers = {"Retry-After": "1"}
            return Response(problem(code), code, headers=headers, content_type=PROBLEM_JSON)
        return Response({"status": "ok"})


def _ask_database() -> None:
    """As both roles: each has connections and a password of its own.

    First as the public's, which is given up sooner: then so is whoever writes.
    """
    for alias in ("public", "default"):
        connection = connections[alias]
        connection.close_if_unusable_or_obsolete()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError:
            connection.close()
            raise

"""What watches a worker of the API from beside its threads."""

import faulthandler
import socket
import threading
import time
from collections.abc import Callable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

Application = Callable[..., Any]

# Each statement ends after seconds: threads that are all busy for so long will be for ever.
HANGS_AFTER_SECONDS = 30


class Progress:
    """Whether requests of a worker with so many threads begin or end."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._busy = 0
        self.steps = 0

    def of(self, application: Application) -> Application:
        """The same application, watched."""

        def watched(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            self._step(+1)
            try:
                return application(environ, start_response)
            finally:
                self._step(-1)

        return watched

    def _step(self, busy: int) -> None:
        with self._lock:
            self._busy += busy
            self.steps += 1

    def is_made(self, since: int) -> bool:
        """Whether a thread is free, or has become free since there were so many steps."""
        return self._busy < self._threads or self.steps != since


def end_when_it_hangs(progress: Progress, *, seconds: float = HANGS_AFTER_SECONDS) -> None:
    """End this process, its threads' places in the log, when no thread gets anywhere for so long.

    The timer is faulthandler's own, which a thread that keeps the interpreter's lock cannot stop.
    """

    def watch() -> None:
        steps = -1
        while True:
            if progress.is_made(steps):
                faulthandler.dump_traceback_later(seconds, exit=True)
            steps = progress.steps
            time.sleep(seconds / 10)

    threading.Thread(target=watch, name="watch", daemon=True).start()


class HealthServer(ThreadingMixIn, WSGIServer):
    """Serves on a port that all workers of a machine share, by threads of its own."""

    daemon_threads = True
    request_queue_size = 128

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()


class QuietHandler(WSGIRequestHandler):
    timeout = 2  # seconds that a client may be silent

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the signature is inherited
        """Says nothing: somebody asks every few seconds."""


def serve_health(application: Application, port: int) -> None:
    """Answer beside the threads of data, each of which may be busy: /health/… is asked for here.

    By the front alone, on this machine: so many threads as there are requests are no limit.
    """
    server = HealthServer(("127.0.0.1", port), QuietHandler)
    server.set_app(application)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()

"""Gives up on a server that says nothing any more: the network is gone, or it was stopped.

The server's own time limits end statements that take long; nobody but the client notices that the
server does not answer at all, and TCP waits for many minutes.
"""

import contextvars
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

# A little more than a statement of the public may take (deploy/roles.sql).
PATIENCE_SECONDS = 3.4
# While nothing has been answered since somebody gave up.
SHORT_PATIENCE_SECONDS = 0.5
TICK_SECONDS = 0.25

# None is for ever: commands and migrations may take their time.
_patience: contextvars.ContextVar[float | None] = contextvars.ContextVar("patience", default=None)
_usual_patience: float | None = None
_is_silent = False
_lock = threading.Lock()
# When whose connection is cut, by thread.
_waiting: dict[int, tuple[float, Any]] = {}


def lose_patience(seconds: float = PATIENCE_SECONDS) -> None:
    """From now on this process waits so long for an answer, where nothing else is said."""
    global _usual_patience  # noqa: PLW0603  # one for each process
    _usual_patience = seconds
    _begin_to_watch()


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Wait longer for each answer: for work whose statements may take as long."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


def answered_in_time(connection: Any, ask: Callable[[], Any]) -> Any:
    """What `ask` returns, if the server says it in time; its connection, of psycopg, is cut if not.

    libpq then says that the server closed it: an OperationalError.
    """
    global _is_silent  # noqa: PLW0603  # one for each process
    seconds = _patience.get() or _usual_patience
    if seconds is None:
        return ask()
    if _is_silent:
        seconds = SHORT_PATIENCE_SECONDS
    thread = threading.get_ident()
    with _lock:
        _waiting[thread] = time.monotonic() + seconds, connection
    try:
        answer = ask()
    finally:
        with _lock:
            _waiting.pop(thread, None)
    _is_silent = False
    return answer


def _begin_to_watch() -> None:
    threading.Thread(target=_cut_what_is_late, name="silence", daemon=True).start()


def _cut_what_is_late() -> None:
    global _is_silent  # noqa: PLW0603  # one for each process
    while True:
        time.sleep(TICK_SECONDS)
        now = time.monotonic()
        # Under the lock: whoever has been answered in time cannot go on, and close the connection,
        # while its number is taken for another's.
        with _lock:
            late = [connection for deadline, connection in _waiting.values() if deadline < now]
            for connection in late:
                _cut(connection)
        _is_silent = _is_silent or bool(late)


def _cut(connection: Any) -> None:
    with suppress(Exception):  # it is closed already
        watched = socket.socket(fileno=connection.fileno())
        try:
            watched.shutdown(socket.SHUT_RDWR)
        finally:
            watched.detach()  # the connection's own

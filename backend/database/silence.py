"""Gives up on a server that says nothing any more: the network is gone, or it was stopped.

The server's own time limits (deploy/roles.sql) end statements that take long; nobody but the client
notices that the server does not answer at all, and TCP waits for many minutes.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

# How long an answer may take, by connection: a little longer than a statement of its role.
PATIENCE_SECONDS = {"public": 3.4, "default": 15.4, "replica": 3.4}
# Longer than any statement usually takes: enough to give up once others were given up in vain.
USUAL_SECONDS = PATIENCE_SECONDS["public"]
# While nothing has been answered since somebody gave up.
SHORT_SECONDS = 0.5
TICK_SECONDS = 0.25


class Wait(NamedTuple):
    """For an answer on a connection of psycopg's; times are of time.monotonic()."""

    connection: Any
    server: str
    began_at: float
    until: float


class Silence:
    """Which of a process's servers are silent, and who waits for them, by thread."""

    def __init__(self) -> None:
        self._is_watched = False
        self._silent: set[str] = set()
        self._lock = threading.Lock()
        self._waits: dict[int, Wait] = {}

    @property
    def is_noticed(self) -> bool:
        """Whether the primary has answered nothing since somebody gave up."""
        return "primary" in self._silent

    def watch(self) -> None:
        """From now on; until then, as in commands and migrations, everybody waits for ever."""
        self._is_watched = True
        threading.Thread(target=self._run, name="silence", daemon=True).start()

    def answered(
        self, alias: str, connection: Any, ask: Callable[[], Any], *, is_statement: bool = False
    ) -> Any:
        """What `ask` returns, if the server says it in time; its connection is cut if not.

        libpq then says that the server closed it: an OperationalError. Whatever else than a
        statement is asked may need no word of the server, and does not show that it speaks.
        """
        seconds = PATIENCE_SECONDS.get(alias) if self._is_watched else None
        if seconds is None:
            return ask()
        thread, now, server = threading.get_ident(), time.monotonic(), _server_of(alias)
        until = now + (SHORT_SECONDS if server in self._silent else seconds)
        wait = Wait(connection, server, now, until)
        with self._lock:
            self._waits[thread] = wait
        try:
            answer = ask()
        finally:
            with self._lock:
                self._waits.pop(thread, None)
        # Of a connection that was cut there is a result too, libpq's own.
        if is_statement and not connection.closed:
            self._silent.discard(server)
        return answer

    def _run(self) -> None:
        while True:
            time.sleep(TICK_SECONDS)
            self._give_up(time.monotonic())

    def _give_up(self, now: float) -> None:
        # Under the lock: whoever has been answered in time cannot go on, and close the connection,
        # while its number is taken for another's.
        with self._lock:
            late = [each for each in self._waits.values() if self._is_late(each, now)]
            self._silent.update(each.server for each in late)
            self._waits = {thread: each for thread, each in self._waits.items() if each not in late}
            for each in late:
                _cut(each.connection)

    def _is_late(self, wait: Wait, now: float) -> bool:
        is_silent = wait.server in self._silent
        return wait.until < now or (is_silent and wait.began_at + USUAL_SECONDS < now)


def _server_of(alias: str) -> str:
    """Both roles come to the primary."""
    return alias if alias == "replica" else "primary"


def _cut(connection: Any) -> None:
    with suppress(Exception):  # it is closed already
        watched = socket.socket(fileno=connection.fileno())
        try:
            watched.shutdown(socket.SHUT_RDWR)
        finally:
            watched.detach()  # the connection's own


silence = Silence()

"""Who starts again what has ended, as compose and ECS do."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.processes import Server

Process = subprocess.Popen[bytes]
TICK_SECONDS = 0.1


class Supervised:
    """A server, and how it is started again."""

    def __init__(self, server: Server, start: Callable[[], Process] | None = None) -> None:
        self.server = server
        self.is_wanted = True
        self._start = start or self._start_alike

    @property
    def pid(self) -> int:
        return self.server.process.pid

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.server.process.wait()

    def start_if_ended(self) -> None:
        if self.is_wanted and self.server.process.poll() is not None:
            # What it has started ends with it, as in a container.
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self.server.process = self._start()

    def _start_alike(self) -> Process:
        with (self.server.log or Path(os.devnull)).open("ab") as output:
            return subprocess.Popen(
                self.server.process.args,
                env=self.server.env,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


class Supervisor:
    def __init__(self, supervised: dict[str, Supervised]) -> None:
        self.supervised = supervised
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    @contextmanager
    def running(self) -> Iterator[None]:
        """At the end they are stopped, the last that was started first."""
        self._thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            self._thread.join()
            for each in reversed(self.supervised.values()):
                each.server.stop()

    @contextmanager
    def away(self, name: str) -> Iterator[None]:
        """A server is killed, and nobody starts it again until the end."""
        missing = self.supervised[name]
        missing.is_wanted = False
        missing.kill()
        try:
            yield
        finally:
            missing.is_wanted = True

    def _run(self) -> None:
        while not self._stopped.wait(TICK_SECONDS):
            for each in self.supervised.values():
                each.start_if_ended()

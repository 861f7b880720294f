"""Positions in PostgreSQL's write-ahead log, as numbers: of two servers, who has more."""

import fcntl
import mmap
import os
import threading
from bisect import bisect_right
from collections import deque
from pathlib import Path

# Of a primary: all that anybody may see by now is below it, be it on disk yet or not.
HERE = (
    "(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() "
    "ELSE pg_current_wal_insert_lsn() END - '0/0')::bigint"
)
# What a standby can have of it: what is not on disk is not sent.
SENT = (
    "(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() "
    "ELSE pg_current_wal_flush_lsn() END - '0/0')::bigint"
)


class Floor:
    """The newest position that any process of this machine has shown, in a file they share."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        os.posix_fallocate(self._file, 0, 8)
        # A number that is aligned is read and written in one piece.
        self._cell = memoryview(mmap.mmap(self._file, 8)).cast("Q")
        self._lock = threading.Lock()

    @property
    def position(self) -> int:
        return self._cell[0]

    def raise_to(self, position: int) -> None:
        if position <= self._cell[0]:
            return
        # The file's lock is one for all threads of a process.
        with self._lock:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                self._cell[0] = max(self._cell[0], position)
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)


class History:
    """Where a primary was when; times are of time.monotonic()."""

    def __init__(self) -> None:
        # Where it got to, and since when: an hour of somebody who writes all the time.
        self._steps: deque[tuple[int, float]] = deque(maxlen=3600)

    def note(self, position: int, now: float) -> None:
        if self._steps and position < self._steps[-1][0]:
            self._steps.clear()  # it is another primary
        if not self._steps or position > self._steps[-1][0]:
            self._steps.append((position, now))

    @property
    def is_empty(self) -> bool:
        return not self._steps

    def before(self, moment: float) -> int:
        """Where it was at a moment; if nobody had asked yet, where it was first."""
        reached = self._steps[0][0]
        for position, since in self._steps:
            if since > moment:
                break
            reached = position
        return reached

    def seconds_behind(self, position: int, now: float) -> float:
        """For how long the primary has had more than what is below the position."""
        steps = list(self._steps)
        beyond = bisect_right(steps, (position, float("inf")))
        return now - steps[beyond][1] if beyond < len(steps) else 0.0

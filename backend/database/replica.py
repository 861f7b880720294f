"""A standby that answers the public in the primary's place, with nothing older than was shown.

What "older" means is in docs/adr/0028: positions in the write-ahead log. Processes without a
replica, and those that serve nobody, read the primary, and nothing here costs them a statement.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections

from backend.database.libpq import Row, fetch
from backend.database.positions import HERE, SENT, Floor, History
from backend.database.reading import PRIMARY, REPLICA, chosen, looked_up, reading_from

FAILURES = (DatabaseError, InterfaceError)
LOOK_SECONDS = 1.0
# Whoever needs more than the replica has will not be alone, and it takes a moment to catch up.
BEHIND_SECONDS = 0.1
# What lacks less lacks no commit: a primary at the end of a page is behind the next one's header.
COMMIT_BYTES = 40

# Told by the statement before, whose snapshot is older: what it sees is at least that far.
BEFORE = f"SELECT set_config('coalition.before', ({HERE})::text, true)"
STARTED = "(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint"

Answer = TypeVar("Answer")


class Behind(DatabaseError):
    """The replica does not have yet what somebody has seen."""


class Replica:
    """Whether there is one that can be asked, and how far it must be."""

    def __init__(self) -> None:
        self.is_used = False
        self._floor: Floor
        self._history = History()
        self._primary_told_at = float("-inf")
        # How long ago the primary had what the replica has; None if nobody can tell.
        self.seconds_behind: float | None = None
        self._asked_again_at = float("inf")

    def watch(self) -> None:
        """From now on read from the replica, if the settings name one."""
        if self.is_used or REPLICA not in connections:
            return
        self._floor = Floor(Path(settings.REPLICA_FOLDER) / "shown")
        self.is_used = True
        threading.Thread(target=self._run, name="replica", daemon=True).start()

    def answered(self, held: int, answer: Callable[[], Answer]) -> Answer:
        """What `answer` returns, reading from the replica if it may, or else from the primary.

        Whoever asks has what was shown at the position `held`. Raises what the primary raised,
        or the replica in its place, if neither answers.
        """
        least = max(held, self._floor.position)
        if time.monotonic() >= self._asked_again_at:
            with suppress(*FAILURES):
                return self._from_replica(max(least, self._expected()), answer)
        try:
            with reading_from(PRIMARY):
                return answer()
        except FAILURES:
            # As long as nobody has seen more, it is the best there is.
            return self._from_replica(least, answer)

    def _expected(self) -> int:
        """What the replica must have at the least, though nobody has seen it."""
        now = time.monotonic()
        if now - self._primary_told_at > 2 * LOOK_SECONDS:
            return 0  # there is nobody else to ask
        return self._history.before(now - settings.REPLICA_MAX_LAG_SECONDS)

    def _from_replica(self, at_least: int, answer: Callable[[], Answer]) -> Answer:
        try:
            with reading_from(REPLICA, at_least):
                return answer()
        except Behind:
            self._asked_again_at = max(self._asked_again_at, time.monotonic() + BEHIND_SECONDS)
            raise
        except FAILURES:
            self._asked_again_at = float("inf")  # until somebody who can wait has been answered
            raise

    def fetch_current(self, statement: str) -> list[Row]:
        """The rows of a SELECT of names and numbers, from a server that is far enough.

        Where a server is chosen, they have its position before and after, too.
        """
        reading = chosen()
        if reading is None:
            return fetch(statement)
        rows = fetch(
            f"{BEFORE}; {statement} UNION ALL SELECT 'after', {HERE} "
            f"UNION ALL SELECT 'started', {STARTED} "
            "UNION ALL SELECT 'before', current_setting('coalition.before')::bigint"
        )
        positions: dict[bytes, bytes] = dict(rows)
        lacking = reading.at_least - int(positions[b"before"])
        if reading.alias == REPLICA and lacking >= COMMIT_BYTES:
            raise Behind
        self._floor.raise_to(int(positions[b"after"]))
        looked_up(int(positions[b"after"]), int(positions[b"started"]))
        return rows

    def note_shown(self) -> int:
        """Have nobody shown less, from now on, than what has been read by now.

        Returns how far that was if the replica may be behind it; otherwise 0.
        """
        reading = chosen()
        if reading is None or not reading.started:
            return 0  # nothing was read
        [(found, started)] = fetch(f"SELECT {HERE}, {STARTED}")
        position = int(found)
        is_same = int(started) == reading.started and position >= reading.at_least
        if reading.alias == REPLICA and not is_same:
            raise Behind  # it started again in between, with less than what was looked up
        self._floor.raise_to(position)
        return position if reading.alias == PRIMARY else 0

    def note_kept(self, position: int) -> None:
        """The same, of an answer that was read before, at the position."""
        if self.is_used:
            self._floor.raise_to(position)

    def _run(self) -> None:
        # What was shown before this start is shown again.
        self._floor.raise_to(self._look_at_primary())
        while True:
            self._look_at_replica()
            time.sleep(LOOK_SECONDS)
            self._look_at_primary()

    def _look_at_primary(self) -> int:
        with suppress(*FAILURES):
            position = _position(PRIMARY)
            self._primary_told_at = time.monotonic()
            self._history.note(position, self._primary_told_at)
            return position
        return 0

    def _look_at_replica(self) -> None:
        now = time.monotonic()
        try:
            self.seconds_behind = self._history.seconds_behind(_position(REPLICA), now)
        except FAILURES:
            self.seconds_behind, self._asked_again_at = None, float("inf")
        else:
            if self._asked_again_at == float("inf"):
                self._asked_again_at = 0.0


def _position(alias: str) -> int:
    connections[alias].close_if_unusable_or_obsolete()
    with reading_from(alias):
        [(position,)] = fetch(f"SELECT {SENT}")
    return int(position)


replica = Replica()

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
from django.db import DatabaseError, InterfaceError, OperationalError, connections

from backend.database.libpq import Row, fetch
from backend.database.positions import HERE, SENT, Floor, History
from backend.database.reading import PRIMARY, REPLICA, chosen, looked_up, reader, reading_from

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


class Behind(OperationalError):
    """A server does not have yet what somebody has seen."""


class Replica:
    """Whether there is one that can be asked, and how far it must be."""

    def __init__(self) -> None:
        self.is_used = False
        self._floor: Floor
        self._history = History()
        # What the replica must have at the least, though nobody has seen it.
        self._expected = 0
        # How long ago the primary had what the replica has; None if nobody can tell.
        self.seconds_behind: float | None = None
        # Until a thread that can wait has been answered.
        self._is_away = True
        self._behind_until = float("-inf")

    def watch(self) -> None:
        """From now on read from the replica, if the settings name one."""
        if self.is_used or REPLICA not in connections:
            return
        self._floor = Floor(Path(settings.REPLICA_FOLDER) / "shown")
        self.is_used = True
        threading.Thread(target=self._run, name="replica", daemon=True).start()

    def answered(self, held: int, answer: Callable[[], Answer]) -> Answer:
        """What `answer` returns, reading from the replica if it may, or else from the primary.

        Whoever asks has what was shown at the position `held`, or says so: that is no matter to
        others. Raises what the primary raised, or the replica in its place, if neither answers.
        """
        shown = self._floor.position
        if not self._is_away and time.monotonic() >= self._behind_until:
            with suppress(*FAILURES):
                return self._from_replica(held, max(shown, self._expected), answer)
        try:
            with reading_from(PRIMARY, shown):
                return answer()
        except FAILURES:
            if self._is_away:
                raise
            # As long as nobody has seen more, it is the best there is.
            return self._from_replica(held, shown, answer)

    def _from_replica(self, held: int, least: int, answer: Callable[[], Answer]) -> Answer:
        try:
            with reading_from(REPLICA, max(held, least)):
                return answer()
        except Behind:
            if held <= least:
                self._behind_until = time.monotonic() + BEHIND_SECONDS
            raise
        except FAILURES:
            self._is_away = True
            raise

    def fetch_current(self, statement: str) -> list[Row]:
        """The rows of a SELECT of names and numbers, from a server that is far enough.

        Where a server is chosen, they have its position before and after, too. A primary is as far
        as can be; but its address may lead to a standby that is not promoted yet.
        """
        reading = chosen()
        if reading is None:
            return fetch(statement)
        rows = fetch(
            f"{BEFORE}; {statement} UNION ALL SELECT 'after', {HERE} "
            f"UNION ALL SELECT 'started', {STARTED} "
            "UNION ALL SELECT 'is_standby', pg_is_in_recovery()::integer "
            "UNION ALL SELECT 'before', current_setting('coalition.before')::bigint"
        )
        told = {name: int(number) for name, number in rows}
        lacking = reading.at_least - told[b"before"]
        if told[b"is_standby"] and lacking >= COMMIT_BYTES:
            raise Behind
        self._floor.raise_to(told[b"after"])
        looked_up(told[b"after"], told[b"started"])
        return rows

    def note_shown(self) -> int:
        """Have nobody shown less, from now on, than what has been read by now.

        Returns how far that was if the replica may be behind it; otherwise 0.
        """
        reading = chosen()
        if not self.is_used or (reading is not None and not reading.started):
            return 0  # nobody else shows less, or nothing was read
        [(found, started)] = fetch(f"SELECT {HERE}, {STARTED}")
        position = int(found)
        if reading is not None and (int(started) != reading.started or position < reading.at_least):
            raise Behind  # it started again in between, with less than what was looked up
        self._floor.raise_to(position)
        return position if reader() == PRIMARY else 0

    def note_kept(self, position: int) -> None:
        """The same, of an answer that was read before, at the position."""
        if self.is_used:
            self._floor.raise_to(position)

    def _run(self) -> None:
        while True:
            self._look_at_primary()
            self._look_at_replica()
            time.sleep(LOOK_SECONDS)

    def _look_at_primary(self) -> None:
        now = time.monotonic()
        try:
            position = _position(PRIMARY)
        except FAILURES:
            self._expected = 0  # there is nobody else to ask
            return
        if self._history.is_empty:
            self._floor.raise_to(position)  # what was shown before this start is shown again
        self._history.note(position, now)
        self._expected = self._history.before(now - settings.REPLICA_MAX_LAG_SECONDS)

    def _look_at_replica(self) -> None:
        now = time.monotonic()
        try:
            self.seconds_behind = self._history.seconds_behind(_position(REPLICA), now)
        except FAILURES:
            self.seconds_behind, self._is_away = None, True
        else:
            self._is_away = False


def _position(alias: str) -> int:
    connections[alias].close_if_unusable_or_obsolete()
    with reading_from(alias):
        [(position,)] = fetch(f"SELECT {SENT}")
    return int(position)


replica = Replica()

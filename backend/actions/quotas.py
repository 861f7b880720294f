"""Limits, exact however many ask at once."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from backend.models.keyed_digests import keyed_digest

# The row's lock makes those who spend at once wait for each other. A window that ends later than
# a new one would is of a clock that was wrong, or of a longer window: it is over, too.
SPEND = """
INSERT INTO coalition_quota AS quota (key, spent, expires_at)
VALUES (%(key)s, 1, clock_timestamp() + %(window)s * interval '1 second')
ON CONFLICT (key) DO UPDATE SET
    spent = CASE WHEN quota.expires_at BETWEEN clock_timestamp() AND excluded.expires_at
        THEN quota.spent + 1 ELSE 1 END,
    expires_at = CASE WHEN quota.expires_at BETWEEN clock_timestamp() AND excluded.expires_at
        THEN quota.expires_at ELSE excluded.expires_at END
WHERE quota.spent < %(quota)s
    OR quota.expires_at NOT BETWEEN clock_timestamp() AND excluded.expires_at
RETURNING spent
"""
# A count that is lost with the machine has done no harm, and nobody waits for the disk.
SPEND_UNSAVED = f"{SPEND}, set_config('synchronous_commit', 'off', true)"

RESET = """
SELECT ceil(extract(epoch FROM expires_at - clock_timestamp()))::integer
FROM coalition_quota WHERE key = %(key)s
"""


@dataclass(frozen=True)
class Limit:
    """At most `quota` in a window that begins with the first; `name` is what clients are told."""

    name: str
    quota: int
    window_seconds: int

    @classmethod
    def named(cls, name: str) -> "Limit":
        """The one that the setting LIMITS has under this name."""
        return cls(name, *settings.LIMITS[name])

    def spend(self, subject: str) -> bool:
        """Whether `subject` may once more: in the current transaction, which then counts it."""
        return self._spend(SPEND, subject)

    def spend_unsaved(self, subject: str) -> bool:
        """The same in a transaction of its own, which a crash of the server may forget."""
        return self._spend(SPEND_UNSAVED, subject)

    def _spend(self, statement: str, subject: str) -> bool:
        values: dict[str, bytes | int] = {
            "key": self._key(subject),
            "quota": self.quota,
            "window": self.window_seconds,
        }
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone() is not None

    def reset_seconds(self, subject: str) -> int:
        """Until the window of `subject` is over, rounded up; at least 1."""
        with connection.cursor() as cursor:
            cursor.execute(RESET, {"key": self._key(subject)})
            row = cursor.fetchone()
        return max(1, row[0]) if row else 1

    def _key(self, subject: str) -> bytes:
        return keyed_digest("quota", self.name, subject)

"""Limits, exact however many ask at once."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from backend.models.keyed_digests import keyed_digest
from backend.observing.metrics import LIMITS_HIT


def spend_sql(prefix: str, where: str = "true") -> str:
    """A statement that counts once more, if `where` holds, and returns a row if that was allowed.

    Its values are named `key`, `quota` and `window_seconds` after the prefix.
    """
    # The row's lock makes those who spend at once wait for each other. A window that ends later
    # than a new one would is of a clock that was wrong, or of a longer window: it is over, too.
    # Not later than excluded.expires_at, which is from before the wait for the first to begin.
    now, window = "clock_timestamp()", f"%({prefix}window_seconds)s * interval '1 second'"
    is_running = f"quota.expires_at BETWEEN {now} AND {now} + {window}"
    return f"""
        INSERT INTO coalition_quota AS quota (key, spent, expires_at)
        SELECT %({prefix}key)s, 1, {now} + {window} WHERE {where}
        ON CONFLICT (key) DO UPDATE SET
            spent = CASE WHEN {is_running} THEN quota.spent + 1 ELSE 1 END,
            expires_at = CASE WHEN {is_running} THEN quota.expires_at ELSE {now} + {window} END
        WHERE quota.spent < %({prefix}quota)s OR NOT ({is_running})
        RETURNING spent
    """


SPEND = spend_sql("")
# A count that is lost with the machine has done no harm, and nobody waits for the disk.
SPEND_UNSAVED = f"{SPEND}, set_config('synchronous_commit', 'off', true)"

GIVE_BACK = """
UPDATE coalition_quota SET spent = spent - 1
WHERE key = %(key)s AND spent > 0 AND expires_at > clock_timestamp()
"""
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

    def give_back(self, subject: str) -> None:
        """Count one less for `subject`, in the current transaction: what was spent is no matter."""
        with connection.cursor() as cursor:
            cursor.execute(GIVE_BACK, self.values(subject))

    def values(self, subject: str, prefix: str = "") -> dict[str, Any]:
        """What `spend_sql` needs."""
        return {
            f"{prefix}key": self._key(subject),
            f"{prefix}quota": self.quota,
            f"{prefix}window_seconds": self.window_seconds,
        }

    def _spend(self, statement: str, subject: str) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(statement, self.values(subject))
            is_within = cursor.fetchone() is not None
        if not is_within:
            LIMITS_HIT.labels(self.name).inc()
        return is_within

    def reset_seconds(self, subject: str) -> int:
        """Until the window of `subject` is over, rounded up; at least 1."""
        with connection.cursor() as cursor:
            cursor.execute(RESET, {"key": self._key(subject)})
            row = cursor.fetchone()
        return max(1, row[0]) if row else 1

    def _key(self, subject: str) -> bytes:
        return keyed_digest("quota", self.name, subject)

"""What is counted, and the processes of one server count together.

That is prometheus-client's way with several processes: each writes to files of its own in a folder
(settings/metrics.py), and whoever is asked adds them up. To write costs what a tenth of a 304 does,
so what belongs to each request is noted, and written by a thread beside it.
"""

import os
from collections import deque
from collections.abc import Callable
from typing import Any

from prometheus_client import Counter, Histogram

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

# One for how many and how long: to count takes longer than most of what a 304 needs.
REQUEST_SECONDS = Histogram(
    "coalition_request_seconds",
    "Requests, until the last byte was handed over; by the first digit of the status.",
    ["operation", "method", "status"],
    buckets=SECONDS,
)
PUBLIC_ANSWERS = Counter(
    "coalition_public_answers",
    "Where answers to the public came from: the client has it (304), the cache, or it was made.",
    ["source"],
)
CACHE_FAILURES = Counter(
    "coalition_cache_failures",
    "How often the shared cache did not answer, after which it is left alone for five seconds.",
)
CONNECT_SECONDS = Histogram(
    "coalition_database_connect_seconds",
    "To connect to the pool and log in.",
    ["connection"],
    buckets=SECONDS,
)
SLOW_STATEMENTS = Counter(
    "coalition_slow_statements",
    "Statements that took longer than SLOW_QUERY_MS.",
    ["operation"],
)
MAILS = Counter("coalition_mails", "Tries to send a mail, by what became of it.", ["outcome"])
LIMITS_HIT = Counter("coalition_limits_hit", "What was beyond a limit.", ["limit"])

# Without a folder nobody is going to ask.
is_counting = "PROMETHEUS_MULTIPROC_DIR" in os.environ
# More than a second's; the oldest go if nobody writes them.
_noted: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque(maxlen=50_000)


def note(write: Callable[..., object], *values: Any) -> None:
    """Have `write` be called with the values soon."""
    if is_counting:
        _noted.append((write, values))


def write_noted() -> None:
    while _noted:
        write, values = _noted.popleft()
        write(*values)

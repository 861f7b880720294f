"""What is counted, and the processes of one server count together.

That is prometheus-client's way with several processes: each writes to files of its own in a folder
(settings/metrics.py), and whoever is asked adds them up.
"""

from functools import lru_cache

from prometheus_client import Counter, Histogram

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)

REQUESTS = Counter(
    "coalition_requests",
    "Requests answered, by the first digit of the status.",
    ["operation", "method", "status"],
)
REQUEST_SECONDS = Histogram(
    "coalition_request_seconds",
    "Until the last byte of an answer was handed over.",
    ["operation"],
    buckets=SECONDS,
)
PUBLIC_ANSWERS = Counter(
    "coalition_public_answers",
    "Where answers to the public came from: the client has it (304), the cache, or it was made.",
    ["source"],
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


def count_request(operation: str, method: str, status: int, seconds: float) -> None:
    requests, request_seconds = _of_requests(operation, method, status // 100)
    requests.inc()
    request_seconds.observe(seconds)


# To look up labels takes as long as to count.
@lru_cache(maxsize=4096)
def _of_requests(operation: str, method: str, digit: int) -> tuple[Counter, Histogram]:
    return (
        REQUESTS.labels(operation, method, f"{digit}xx"),
        REQUEST_SECONDS.labels(operation),
    )

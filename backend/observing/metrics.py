"""What is counted, and the processes of one server count together.

That is prometheus-client's way with several processes: each writes to files of its own in a folder
(settings/metrics.py), and whoever is asked adds them up.
"""

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

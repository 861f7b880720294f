"""Logs for programs: a JSON object in each line."""

import json
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from backend.observing.activity import current

# What a call may give as `extra`; nothing else of it is written.
EXTRA = ("status", "duration_ms", "statement")


# `dumps` would make an encoder for each line.
to_json = json.JSONEncoder(ensure_ascii=False).encode


class JsonLines(logging.Formatter):
    """One object for each record, with what its thread was doing.

    Of an exception it has the types and the places: what messages quote may be anybody's data.
    """

    def format(self, record: logging.LogRecord) -> str:
        activity = current.get()
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **(activity.log_fields if activity else {}),
        }
        given = vars(record)
        for name in EXTRA:
            if name in given:
                line[name] = given[name]
        if record.exc_info and record.exc_info[1]:
            line["exception"] = list(described(record.exc_info[1]))
        return to_json(line)


def described(error: BaseException) -> Iterator[str]:
    """The types of an exception and of what caused it, each above where it was raised."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    yield f"{type(error).__module__}.{type(error).__qualname__}{_of_database(error)}"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
    if cause is not None:
        yield from described(cause)


def _of_database(error: BaseException) -> str:
    """What PostgreSQL says of an error without quoting a row."""
    code, diagnosis = getattr(error, "sqlstate", None), getattr(error, "diag", None)
    constraint = getattr(diagnosis, "constraint_name", None)
    return "".join(f" {each}" for each in (code, constraint) if each)

"""Statements by the operation that they serve: in the database, and in the log if they are slow."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from psycopg import ClientCursor
from psycopg.sql import Composable

from backend.observing.activity import current
from backend.observing.metrics import SLOW_STATEMENTS
from backend.observing.tracing import add_statement

logger = logging.getLogger(__name__)

MAX_LOGGED_CHARACTERS = 2_000


def comment() -> str:
    """What stands before a statement, as sqlcommenter writes it; empty where nobody asked for it.

    Before it and not behind, for pg_stat_activity cuts long ones. It has no %, which would be a
    placeholder. Nobody prepares statements, to which each would be another.
    """
    activity = current.get()
    return activity.sql_comment if activity else ""


def tell(statement: str, started_at: float) -> None:
    """Tell of a statement that has ended, if it took long: as written, without its values."""
    seconds = time.perf_counter() - started_at
    if seconds * 1000 > settings.SLOW_QUERY_MS:
        _warn(statement, seconds * 1000)
    activity = current.get()
    if activity is not None and activity.span is not None:
        add_statement(activity.span, statement, seconds)


def _warn(statement: str, milliseconds: float) -> None:
    activity = current.get()
    SLOW_STATEMENTS.labels(activity.operation if activity else "").inc()
    extra = {
        "duration_ms": round(milliseconds, 1),
        "statement": " ".join(statement[:MAX_LOGGED_CHARACTERS].split()),
    }
    logger.warning("A statement took %s ms.", round(milliseconds), extra=extra)


def observed(
    execute: Callable[..., Any],
    sql: str | Composable,
    params: Any,
    many: bool,
    context: Mapping[str, Any],
) -> Any:
    """An execute wrapper of Django's."""
    text = sql if isinstance(sql, str) else sql.as_string()
    started_at = time.perf_counter()
    try:
        if params and not many:
            # Before the comment, for psycopg remembers what it has parsed, and no two are alike.
            database = context["connection"]
            with database.wrap_database_errors:
                whole = ClientCursor(database.connection).mogrify(text, params)
            return execute(comment() + whole, None, many, context)
        return execute(comment() + text, params, many, context)
    finally:
        tell(text, started_at)

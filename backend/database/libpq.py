"""Reading for the public, by the shortest way there is."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import psycopg
from django.db import connections
from psycopg import ClientCursor
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

from backend.database.reading import reader
from backend.database.silence import silence
from backend.observing.statements import comment, tell

# How long each statement may take, if less than the role's; None is as long as the role's.
_limit_ms: ContextVar[int | None] = ContextVar("limit_ms", default=None)

# Text, in the encoding of the connection; None is null.
Row = tuple[Any, ...]


@contextmanager
def time_limit(milliseconds: int) -> Iterator[None]:
    """Have the server end what is fetched after so long: an OperationalError."""
    token = _limit_ms.set(milliseconds)
    try:
        yield
    finally:
        _limit_ms.reset(token)


def fetch(statement: str, values: Sequence[Any] = ()) -> list[Row]:
    """The rows of a statement, their columns as the server writes them.

    Past the cursors of Django and psycopg, which take longer than the server does for what a
    public read asks. It begins no transaction: the first statement of one must not be it.
    """
    database = connections[reader()]
    database.close_if_health_check_failed()
    database.ensure_connection()
    started_at = time.perf_counter()
    try:
        return _fetch(database, statement, values)
    finally:
        tell(statement, started_at)


def _fetch(database: Any, statement: str, values: Sequence[Any]) -> list[Row]:
    if values:
        statement = ClientCursor(database.connection).mogrify(statement, values)
    if database.queries_logged:
        database.queries_log.append({"sql": statement, "time": "0.000"})
    with database.wrap_database_errors:
        limit_ms = _limit_ms.get()
        if limit_ms is not None:
            # Both are one transaction, at whose end the limit ends.
            statement = f"SET LOCAL statement_timeout = {limit_ms}; {statement}"
        connection = database.connection
        text = (comment() + statement).encode()
        result = silence.answered(
            database.alias, connection, lambda: connection.pgconn.exec_(text), is_statement=True
        )
        if database.connection.closed:
            raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
        if result.status != ExecStatus.TUPLES_OK:
            raise error_from_result(result)
    columns = range(result.nfields)
    return [
        tuple(result.get_value(row, column) for column in columns) for row in range(result.ntuples)
    ]

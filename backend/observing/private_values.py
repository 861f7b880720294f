"""Keeping what people sent out of the log, when the database refuses it."""

import logging
from collections.abc import Iterator

import psycopg
from django.db import Error


class WithoutPrivateValues(logging.Filter):
    """A filter of log records that leaves of the database's errors their first line.

    It says what is wrong. The lines below show where, by the values of a row or of a statement.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: what is logged is logged."""
        for error in _chain(record.exc_info[1] if record.exc_info else None):
            if isinstance(error, Error | psycopg.Error):
                error.args = tuple(_first_line(each) for each in error.args)
        if isinstance(record.args, tuple):
            record.args = tuple(
                _first_line(str(each)) if isinstance(each, Error) else each for each in record.args
            )
        return True


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """All that a traceback shows."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _first_line(text: object) -> object:
    return text.partition("\n")[0] if isinstance(text, str) else text

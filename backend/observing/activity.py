"""What a thread is doing, for whatever it leaves in logs, statements and metrics."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


class Activity:
    """A request, or one mail of the outbox."""

    def __init__(self, operation: str = "") -> None:
        self._operation = operation
        # If there are traces: backend/observing/tracing.py.
        self.span: Any = None

    @property
    def operation(self) -> str:
        """What is done, by a name of the code's: never what a client has sent."""
        return self._operation

    @property
    def log_fields(self) -> dict[str, Any]:
        """What stands in each line of its log."""
        return {"operation": self.operation}

    @property
    def sql_comment(self) -> str:
        """What stands before its statements, as sqlcommenter writes it."""
        return f"/*operation='{self.operation}'*/ "


current: ContextVar[Activity | None] = ContextVar("activity", default=None)


@contextmanager
def busy_with(activity: Activity) -> Iterator[None]:
    before = current.set(activity)
    try:
        yield
    finally:
        current.reset(before)

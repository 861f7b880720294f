"""Which connection what is public is read over: the role's own, unless a replica is chosen."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

PRIMARY, REPLICA = "public", "replica"


class Reading(NamedTuple):
    """From where an answer is read, and how far that server must be."""

    alias: str
    at_least: int


# None: nobody chooses, and the primary is read.
_chosen: ContextVar[Reading | None] = ContextVar("reading", default=None)


def chosen() -> Reading | None:
    return _chosen.get()


def reader() -> str:
    """The alias of the connection."""
    reading = _chosen.get()
    return PRIMARY if reading is None else reading.alias


@contextmanager
def reading_from(alias: str, at_least: int = 0) -> Iterator[None]:
    token = _chosen.set(Reading(alias, at_least))
    try:
        yield
    finally:
        _chosen.reset(token)

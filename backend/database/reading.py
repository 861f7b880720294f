"""Which connection what is public is read over: the role's own, unless a replica is chosen."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

PRIMARY, REPLICA = "public", "replica"


class Reading(NamedTuple):
    """From where an answer is read, how far that server must be, and since when it has run."""

    alias: str
    at_least: int
    started: int = 0


# None: nobody chooses, and the primary is read.
_chosen: ContextVar[Reading | None] = ContextVar("reading", default=None)


def chosen() -> Reading | None:
    return _chosen.get()


def reader() -> str:
    """The alias of the connection."""
    reading = _chosen.get()
    return PRIMARY if reading is None else reading.alias


def looked_up(position: int, started: int) -> None:
    """Have what is read from now on be of a server that was as far when it was looked up."""
    reading = _chosen.get()
    if reading is not None:
        _chosen.set(Reading(reading.alias, position, started))


@contextmanager
def reading_from(alias: str, at_least: int = 0) -> Iterator[None]:
    token = _chosen.set(Reading(alias, at_least))
    try:
        yield
    finally:
        _chosen.reset(token)

"""What is written beside reads: endless statements, each about rows that no other writer has."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any, LiteralString, NamedTuple, Self

import psycopg

from benchmarks.seed import CAMPAIGNS

Connection = psycopg.Connection[tuple[Any, ...]]

# The writer of approvals uses up half of them.
PENDING_ENDORSEMENTS = 4_000

ENDORSERS = """
SELECT id FROM stakeholders_stakeholder AS stakeholder
WHERE is_public AND deleted_at IS NULL AND NOT EXISTS (
    SELECT FROM endorsements_endorsement WHERE stakeholder_id = stakeholder.id
)
ORDER BY id
"""
UNLISTED = """
SELECT id FROM stakeholders_stakeholder WHERE NOT is_public AND deleted_at IS NULL ORDER BY id
"""
# Before the last seven days, whose count is kept by the triggers of the tallies.
ENDORSE_ALL = """
INSERT INTO endorsements_endorsement (stakeholder_id, campaign_id, public_display, created_at)
SELECT id, 1 + id %% %s, true, '2025-01-01Z' FROM unnest(%s::bigint[]) AS endorser (id)
RETURNING id
"""

ENDORSE = (
    "INSERT INTO endorsements_endorsement (stakeholder_id, campaign_id, public_display) "
    "VALUES (%s, %s, true)"
)
SET_STATUS = "UPDATE endorsements_endorsement SET status = %s WHERE id = %s"
SET_STATEMENT = "UPDATE endorsements_endorsement SET statement = %s WHERE id = %s"
SET_EMAIL = "UPDATE stakeholders_stakeholder SET email = %s WHERE id = %s"
# No view reads the table, and no trigger watches it.
ADD_SESSION = """
INSERT INTO django_session (session_key, session_data, expire_date) VALUES (%s, '', now())
"""


class Write(NamedTuple):
    """A statement that is a transaction of its own."""

    sql: LiteralString
    parameters: tuple[object, ...]


Writes = Iterator[Write]


@dataclass(frozen=True)
class Rows:
    """The keys of what is written to."""

    endorsers: Sequence[int]  # who have endorsed nothing
    unlisted: Sequence[int]
    pending: Sequence[int]  # endorsements, public as soon as they are approved

    @classmethod
    def prepared(cls, owner: Connection, *, pending: int = PENDING_ENDORSEMENTS) -> Self:
        endorsers = keys(owner, ENDORSERS)
        endorsements = keys(owner, ENDORSE_ALL, CAMPAIGNS, endorsers[:pending])
        return cls(endorsers[pending:], keys(owner, UNLISTED), endorsements)

    def share(self, number: int, *, of: int) -> "Rows":
        """One of several, which have nothing in common."""
        chosen = slice(number, None, of)
        return Rows(self.endorsers[chosen], self.unlisted[chosen], self.pending[chosen])

    def shares(self, number: int) -> list["Rows"]:
        return [self.share(each, of=number) for each in range(number)]


def keys(owner: Connection, query: LiteralString, *parameters: object) -> list[int]:
    return [key for (key,) in owner.execute(query, parameters)]


def pending_endorsements(rows: Rows) -> Writes:
    """New ones."""
    for turn in range(CAMPAIGNS):
        for endorser in rows.endorsers:
            yield Write(ENDORSE, (endorser, 1 + (endorser + turn) % CAMPAIGNS))


def approvals(rows: Rows) -> Writes:
    for endorsement in rows.pending:
        yield Write(SET_STATUS, ("approved", endorsement))


def sessions() -> Writes:
    for number in count():
        yield Write(ADD_SESSION, (f"benchmark-{number}",))


def private(rows: Rows) -> Writes:
    """New pending endorsements and the e-mail addresses of unlisted stakeholders, by turns."""
    writes = zip(pending_endorsements(rows), cycle(rows.unlisted), strict=False)
    for number, (endorsement, stakeholder) in enumerate(writes):
        yield endorsement
        yield Write(SET_EMAIL, (f"{stakeholder}-{number}@benchmark.example", stakeholder))


def public(rows: Rows) -> Writes:
    """An endorsement is approved, its statement changed, the approval taken back: all shows."""
    for number, endorsement in enumerate(cycle(rows.pending)):
        yield Write(SET_STATUS, ("approved", endorsement))
        yield Write(SET_STATEMENT, (f"Clean water, said {number} times.", endorsement))
        yield Write(SET_STATUS, ("pending", endorsement))

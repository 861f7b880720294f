from collections.abc import Callable
from itertools import islice

import pytest
from psycopg import sql

from benchmarks.beside_writes import switch_revisions
from benchmarks.seed import seed
from benchmarks.writes import (
    Connection,
    Rows,
    Writes,
    approvals,
    pending_endorsements,
    private,
    public,
    sessions,
)

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def prepared(owner: Connection) -> Rows:
    seed(stakeholders=300, endorsements=100)
    return Rows.prepared(owner, pending=20)


def revisions(owner: Connection) -> list[tuple[object, ...]]:
    query = "SELECT name, bit_xor(number) FROM coalition_revision GROUP BY name ORDER BY name"
    return owner.execute(query).fetchall()


def revised(owner: Connection, writes: Writes) -> list[bool]:
    """Of each write, whether it changes a revision."""
    changes = []
    for write in writes:
        before = revisions(owner)
        owner.execute(*write)
        changes.append(revisions(owner) != before)
    return changes


class TestWrites:
    @pytest.mark.parametrize("writes", [private, pending_endorsements, lambda _: sessions()])
    def test_of_private_rows_revise_nothing(
        self, owner: Connection, writes: Callable[[Rows], Writes]
    ) -> None:
        rows = prepared(owner)

        changes = revised(owner, islice(writes(rows), 300))

        assert changes == [False] * 300

    def test_of_public_rows_revise_each_time(self, owner: Connection) -> None:
        rows = prepared(owner)

        # Three for each of 20 rows, which then come again.
        changes = revised(owner, islice(public(rows), 90))

        assert changes == [True] * 90

    def test_that_approve_revise_each_time(self, owner: Connection) -> None:
        rows = prepared(owner)

        changes = revised(owner, approvals(rows))

        assert changes == [True] * 20


class TestRows:
    def test_shares_have_nothing_in_common(self, owner: Connection) -> None:
        rows = prepared(owner)

        shares = rows.shares(3)

        for name in ("endorsers", "unlisted", "pending"):
            dealt = [key for share in shares for key in getattr(share, name)]
            assert sorted(dealt) == sorted(getattr(rows, name))


class TestSwitchRevisions:
    def test_disables_them_until_they_are_enabled(self, owner: Connection) -> None:
        writes = public(prepared(owner))

        switch_revisions(owner, sql.SQL("DISABLE"))
        try:
            disabled = revised(owner, islice(writes, 3))
        finally:
            switch_revisions(owner, sql.SQL("ENABLE"))

        assert disabled == [False] * 3
        assert revised(owner, islice(writes, 3)) == [True] * 3

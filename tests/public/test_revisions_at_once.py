"""However transactions interleave, one revision never stands for two states of a view."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from typing import Any

import psycopg
import pytest
from psycopg import IsolationLevel, errors

from tests.conftest import connect_as_owner, days_later
from tests.factories import (
    created_days_ago,
    make_block,
    make_campaign,
    make_endorsement,
    make_homepage,
    make_stakeholder,
)

pytestmark = pytest.mark.django_db(transaction=True)

Connection = psycopg.Connection[tuple[Any, ...]]

VIEWS = [
    "public_homepage",
    "public_contentblock",
    "public_campaign",
    "public_stakeholder",
    "public_endorsement",
    "public_totals",
]


class Witness:
    """Looks at revisions and views in one snapshot, and remembers what stood for what."""

    def __init__(self, connected: Connection) -> None:
        self.connected = connected
        connected.autocommit = False
        connected.isolation_level = IsolationLevel.REPEATABLE_READ
        self.seen: dict[tuple[str, int], str] = {}
        self.contradictions: list[str] = []

    def look(self) -> None:
        numbers: dict[str, int] = dict(
            self.connected.execute(
                "SELECT name::text, bit_xor(number) FROM coalition_revision GROUP BY name"
            ).fetchall()
        )
        for view in VIEWS:
            query = f"SELECT coalesce(jsonb_agg(to_jsonb(v) ORDER BY id)::text, '') FROM {view} v"
            [(content,)] = self.connected.execute(query).fetchall()
            before = self.seen.setdefault((view, numbers.get(view, 0)), content)
            if before != content:
                self.contradictions.append(f"{view}: {before} became {content}")
        self.connected.rollback()


@pytest.fixture
def witness() -> Iterator[Witness]:
    with connect_as_owner() as connected:
        yield Witness(connected)


@pytest.fixture
def pair() -> Iterator[tuple[Connection, Connection]]:
    with ExitStack() as opened:
        pair = [opened.enter_context(connect_as_owner()) for _ in range(2)]
        for connected in pair:
            connected.autocommit = False
        yield pair[0], pair[1]


APPROVE = "UPDATE endorsements_endorsement SET status = 'approved'"
INSERT = (
    "INSERT INTO endorsements_endorsement (stakeholder_id, campaign_id, public_display, status) "
    "SELECT s.id, c.id, true, 'approved' "
    "FROM stakeholders_stakeholder s, campaigns_policycampaign c"
)
MOVE = (
    "UPDATE endorsements_endorsement SET stakeholder_id = "
    "(SELECT max(id) FROM stakeholders_stakeholder)"
)
BACKDATE = "UPDATE endorsements_endorsement SET created_at = created_at - interval '9 days'"
RENAME = "UPDATE stakeholders_stakeholder SET name = 'New name'"
HIDE = "UPDATE stakeholders_stakeholder SET deleted_at = now()"
RESTORE = "UPDATE stakeholders_stakeholder SET deleted_at = NULL"
ACTIVATE = "UPDATE campaigns_policycampaign SET active = true"
DEACTIVATE = "UPDATE campaigns_policycampaign SET active = false"
EDIT_BLOCK = "UPDATE core_contentblock SET title = 'New title'"
INSERT_BLOCK = (
    "INSERT INTO core_contentblock (homepage_id, content) SELECT id, 'New' FROM core_homepage"
)
ACTIVATE_PAGE = "UPDATE core_homepage SET is_active = true"

CROSSINGS = [
    (APPROVE, RENAME),
    (APPROVE, HIDE),
    (APPROVE, RESTORE),
    (APPROVE, ACTIVATE),
    (APPROVE, DEACTIVATE),
    (INSERT, RENAME),
    (INSERT, RESTORE),
    (INSERT, ACTIVATE),
    (BACKDATE, HIDE),
    (BACKDATE, RESTORE),
    (BACKDATE, ACTIVATE),
    (BACKDATE, DEACTIVATE),
    (RENAME, ACTIVATE),
    (HIDE, ACTIVATE),
    (RESTORE, ACTIVATE),
    (MOVE, RESTORE),
    (EDIT_BLOCK, ACTIVATE_PAGE),
    (INSERT_BLOCK, ACTIVATE_PAGE),
]


def arrange(*statements: str) -> None:
    """Rows that the first of the statements, or the second, brings to light."""
    hidden = RESTORE in statements
    campaign = make_campaign(active=ACTIVATE not in statements)
    stakeholder = make_stakeholder(name="Old name", is_public=False)
    if INSERT not in statements:
        status = "approved" if APPROVE not in statements else "pending"
        make_endorsement(stakeholder=stakeholder, campaign=campaign, status=status)
    if MOVE in statements:
        stakeholder = make_stakeholder(is_public=False)
    with connect_as_owner() as owner:
        # By SQL, so that their endorsements stay.
        if hidden:
            owner.execute(HIDE + " WHERE id = %s", [stakeholder.pk])
    make_block(homepage=make_homepage(is_active=ACTIVATE_PAGE not in statements))


class TestTwoTransactions:
    @pytest.mark.parametrize(
        "statements", [*CROSSINGS, *((second, first) for first, second in CROSSINGS)]
    )
    @pytest.mark.parametrize("first_commits_first", [True, False])
    def test_leave_a_revision_for_whatever_comes_to_light(
        self,
        statements: tuple[str, str],
        first_commits_first: bool,
        pair: tuple[Connection, Connection],
        witness: Witness,
    ) -> None:
        arrange(*statements)
        witness.look()
        first, second = pair

        first.execute(statements[0])
        with ThreadPoolExecutor(1) as thread:
            writing = thread.submit(second.execute, statements[1])
            is_waiting = bool(wait([writing], timeout=0.1).not_done)
            for each in (first, second) if is_waiting or first_commits_first else (second, first):
                if each is second:
                    writing.result()
                each.commit()
                witness.look()

        assert witness.contradictions == []
        assert HIDE in statements or len(witness.seen) > len(VIEWS)  # something came to light


class TestMidnight:
    @pytest.mark.parametrize(("days_ago", "then"), [(6, 0), (0, 6), (-1, 0), (-1, -2)])
    def test_before_a_commit_leaves_no_two_counts_under_one_revision(
        self, days_ago: int, then: int, pair: tuple[Connection, Connection], witness: Witness
    ) -> None:
        created_days_ago(days_ago, make_endorsement())
        writer, _ = pair

        writer.execute(
            "UPDATE endorsements_endorsement SET created_at = now() - %s * interval '1 day'", [then]
        )
        with days_later(1):
            witness.look()
            writer.commit()
            witness.look()

        assert witness.contradictions == []
        assert len(witness.seen) > len(VIEWS)


WRITERS = 16
SECONDS = 3.0


class TestManyWriters:
    def test_never_leave_two_states_under_one_revision(self, witness: Witness) -> None:
        campaigns = [make_campaign() for _ in range(3)]
        for _ in range(40):
            stakeholder = make_stakeholder()
            for campaign in campaigns:
                make_endorsement(stakeholder=stakeholder, campaign=campaign, status="pending")
        deadline = time.monotonic() + SECONDS

        with ThreadPoolExecutor(WRITERS) as threads:
            writing = [threads.submit(write_until, deadline, seed) for seed in range(WRITERS)]
            while time.monotonic() < deadline:
                witness.look()

        assert sum(each.result() for each in writing) > 10 * WRITERS
        assert witness.contradictions == []
        assert len(witness.seen) > 50
        with connect_as_owner() as owner:
            [(left,)] = owner.execute("SELECT count(*) FROM coalition_revision").fetchall()
        assert left <= WRITERS * len(VIEWS)


WRITES = [
    "UPDATE endorsements_endorsement SET status = 'approved' WHERE id = {e}",
    "UPDATE endorsements_endorsement SET status = 'pending' WHERE id = {e}",
    "UPDATE endorsements_endorsement SET statement = '{n}' WHERE id = {e}",
    "UPDATE endorsements_endorsement SET created_at = now() - interval '{n} weeks' WHERE id = {e}",
    "UPDATE stakeholders_stakeholder SET name = '{n}' WHERE id = {s}",
    "UPDATE stakeholders_stakeholder SET is_public = NOT is_public WHERE id = {s}",
    "UPDATE stakeholders_stakeholder SET deleted_at = now() WHERE id = {s}",
    "UPDATE stakeholders_stakeholder SET deleted_at = NULL WHERE id = {s}",
    "UPDATE campaigns_policycampaign SET active = NOT active WHERE id = {c}",
]


def write_until(deadline: float, seed: int) -> int:
    """Write at random, one or two statements a transaction; how many were committed."""
    generator = random.Random(seed)
    committed = 0
    with connect_as_owner() as owner:
        endorsements, stakeholders, campaigns = (
            [key for (key,) in owner.execute(f"SELECT id FROM {table}").fetchall()]
            for table in (
                "endorsements_endorsement",
                "stakeholders_stakeholder",
                "campaigns_policycampaign",
            )
        )
        while time.monotonic() < deadline:
            # Two that lock each other out are none of what is looked at here.
            with suppress(errors.DeadlockDetected), owner.transaction():
                for statement in generator.choices(WRITES, k=generator.choice((1, 1, 1, 1, 2))):
                    keys = {
                        "e": generator.choice(endorsements),
                        "s": generator.choice(stakeholders),
                        "c": generator.choice(campaigns),
                        "n": generator.random(),
                    }
                    owner.execute(statement.format(**keys).encode())
                committed += 1
    return committed

"""A table's revision changes with each transaction that changes the table, and in it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction
from django.db.models import Model

from backend.models import PolicyCampaign, Revision, Stakeholder
from tests.factories import (
    make_block,
    make_campaign,
    make_endorsement,
    make_homepage,
    make_stakeholder,
)

pytestmark = pytest.mark.django_db(transaction=True)

Owner = psycopg.Connection[tuple[Any, ...]]
TABLES = {
    "core_homepage": make_homepage,
    "core_contentblock": make_block,
    "campaigns_policycampaign": make_campaign,
    "stakeholders_stakeholder": make_stakeholder,
    "endorsements_endorsement": make_endorsement,
}


def revision_of(table: str) -> int:
    return int(Revision.objects.of(table))


class TestOf:
    def test_names_the_revisions_in_the_order_of_the_tables(self, owner: Owner) -> None:
        owner.execute("DELETE FROM coalition_revision")
        make_campaign()
        make_campaign()
        make_stakeholder()

        assert Revision.objects.of("campaigns_policycampaign", "stakeholders_stakeholder") == "2-1"
        assert Revision.objects.of("stakeholders_stakeholder", "core_homepage") == "1-0"

    def test_costs_one_query(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            Revision.objects.of(*TABLES)


class TestRevision:
    @pytest.mark.parametrize("table", TABLES)
    def test_grows_by_one_with_each_insertion_update_and_deletion(
        self, table: str, owner: Owner
    ) -> None:
        before = revision_of(table)

        row = TABLES[table]()
        inserted = revision_of(table)
        row.save()
        updated = revision_of(table)
        owner.execute(psycopg.sql.SQL("DELETE FROM {}").format(psycopg.sql.Identifier(table)))
        deleted = revision_of(table)

        assert [inserted, updated, deleted] == [before + 1, before + 2, before + 3]

    @pytest.mark.parametrize("table", TABLES)
    def test_grows_with_truncation(self, table: str, owner: Owner) -> None:
        before = revision_of(table)

        owner.execute(psycopg.sql.SQL("TRUNCATE {} CASCADE").format(psycopg.sql.Identifier(table)))

        assert revision_of(table) == before + 1

    def test_grows_once_in_a_transaction_however_much_it_changes(self) -> None:
        before = revision_of("stakeholders_stakeholder")

        with transaction.atomic():
            for _ in range(3):
                make_stakeholder()
            Stakeholder.objects.update(county="Dorchester")

        assert revision_of("stakeholders_stakeholder") == before + 1

    def test_is_that_of_its_table_alone(self) -> None:
        others = [table for table in TABLES if table != "core_homepage"]
        before = Revision.objects.of(*others)

        make_homepage()

        assert Revision.objects.of(*others) == before

    def test_stays_where_nothing_was_changed(self) -> None:
        before = Revision.objects.of(*TABLES)

        Stakeholder.objects.update(county="Dorchester")
        with suppress(ZeroDivisionError), transaction.atomic():
            make_stakeholder()
            1 / 0  # noqa: B018

        assert Revision.objects.of(*TABLES) == before

    def test_grows_if_a_savepoint_was_rolled_back_before_a_change(self) -> None:
        before = revision_of("stakeholders_stakeholder")

        with transaction.atomic():
            with suppress(ZeroDivisionError), transaction.atomic():
                make_stakeholder()
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
                1 / 0  # noqa: B018
            make_stakeholder()

        assert revision_of("stakeholders_stakeholder") == before + 1

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO coalition_revision VALUES ('core_homepage', 9)",
            "UPDATE coalition_revision SET number = 9",
            "DELETE FROM coalition_revision",
        ],
    )
    def test_cannot_be_written_by_requests(self, statement: str) -> None:
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


class TestAtOnce:
    def test_who_reads_the_revision_first_never_has_older_rows(self, owner: Owner) -> None:
        make_campaign(title="Before")
        before = revision_of("campaigns_policycampaign")
        seen = []

        def read() -> None:
            revision = revision_of("campaigns_policycampaign")
            seen.append((revision - before, PolicyCampaign.objects.get().title))

        with owner.transaction():
            owner.execute("UPDATE campaigns_policycampaign SET title = 'After'")
            read()
            # The number is there, and nobody sees it until the row can be seen too.
            owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
            read()
        read()

        assert seen == [(0, "Before"), (0, "Before"), (1, "After")]

    def test_a_long_transaction_makes_no_other_wait(self, owner: Owner) -> None:
        make_stakeholder()
        before = revision_of("stakeholders_stakeholder")

        with owner.transaction():
            owner.execute("UPDATE stakeholders_stakeholder SET county = 'Dorchester'")
            make_stakeholder()
            assert revision_of("stakeholders_stakeholder") == before + 1

        assert revision_of("stakeholders_stakeholder") == before + 2

    def test_two_that_change_the_same_tables_in_another_order_both_commit(self) -> None:
        one, other = make_block(), make_block()
        before = [revision_of("core_homepage"), revision_of("core_contentblock")]

        with ThreadPoolExecutor(2) as threads:
            changes = [
                threads.submit(change_in_turn, one.homepage, one),
                threads.submit(change_in_turn, other, other.homepage),
            ]

        assert [change.exception() for change in changes] == [None, None]
        after = [revision_of("core_homepage"), revision_of("core_contentblock")]
        assert after == [number + 200 for number in before]


def change_in_turn(*rows: Model) -> None:
    """A hundred transactions, each of which changes every row."""
    try:
        for _ in range(100):
            with transaction.atomic():
                for row in rows:
                    row.save()
    finally:
        connection.close()

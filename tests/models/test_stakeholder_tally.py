"""The number of public stakeholders is exact in every snapshot, and nobody waits for it."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count, product
from time import monotonic
from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from backend.models import Stakeholder, StakeholderTally
from backend.public import PublicStakeholder
from backend.public.totals import STAKEHOLDERS_SQL
from tests.conftest import connect_as_owner
from tests.factories import make_stakeholder

pytestmark = pytest.mark.django_db

Owner = psycopg.Connection[tuple[Any, ...]]

HIDE_ONE = "UPDATE stakeholders_stakeholder SET is_public = false WHERE id = %s"
HIDE_ALL = "UPDATE stakeholders_stakeholder SET is_public = false"


def total() -> int:
    """The number that is kept, which must be what counting finds."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {STAKEHOLDERS_SQL}, (SELECT count(*) FROM public_stakeholder)")
        kept, recount = cursor.fetchone()
    assert kept == recount
    return int(kept)


def seen_by(connected: Owner) -> int:
    """The number that is kept, in the snapshot of a connection."""
    [(seen,)] = connected.execute(f"SELECT {STAKEHOLDERS_SQL}").fetchall()
    return int(seen)


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def unsaved(number: int, **values: Any) -> list[Stakeholder]:
    return [
        Stakeholder(name="Ann", email=f"{n}@example.org", state="MD", type="farmer", **values)
        for n in range(number)
    ]


class TestTotal:
    def test_is_zero_without_stakeholders(self) -> None:
        assert total() == 0

    @pytest.mark.parametrize(("agreed", "is_deleted"), list(product((True, False), repeat=2)))
    def test_has_an_inserted_stakeholder_if_the_public_sees_it(
        self, agreed: bool, is_deleted: bool
    ) -> None:
        make_stakeholder(is_public=agreed, deleted_at=timezone.now() if is_deleted else None)

        assert total() == PublicStakeholder.objects.count() == (agreed and not is_deleted)

    def test_follows_who_agrees_and_who_withdraws(self) -> None:
        stakeholder = make_stakeholder(is_public=False)
        totals = []

        for agreed in (True, False, True):
            stakeholder.is_public = agreed
            stakeholder.save()
            totals.append(total())

        assert totals == [1, 0, 1]

    def test_follows_soft_deletion_and_restoration(self) -> None:
        stakeholder, _hidden = make_stakeholder(), make_stakeholder(is_public=False)

        Stakeholder.objects.all().delete()
        assert total() == 0

        stakeholder.restore()
        assert total() == 1

    def test_follows_hard_deletion(self) -> None:
        seen, _other, hidden = (
            make_stakeholder(is_public=public) for public in (True, True, False)
        )

        seen.delete(hard=True)
        hidden.delete(hard=True)

        assert total() == 1

    def test_follows_the_update_of_many(self) -> None:
        Stakeholder.objects.bulk_create(unsaved(5))

        Stakeholder.objects.filter(email__lt="3").update(is_public=True)

        assert total() == 3

    def test_follows_the_insertion_of_many(self) -> None:
        Stakeholder.objects.bulk_create(unsaved(5, is_public=True))

        assert total() == 5

    def test_follows_an_insertion_of_which_some_update(self) -> None:
        agreed, withdrawn = make_stakeholder(is_public=False), make_stakeholder()
        agreed.is_public, withdrawn.is_public = True, False
        rows = [agreed, withdrawn, *unsaved(3, pk=None, is_public=True)]
        for number, row in enumerate(rows, start=1_000_000):
            row.pk = row.pk or number

        Stakeholder.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["pk"], update_fields=["is_public"]
        )

        assert total() == 4

    def test_follows_a_statement_that_hides_as_many_as_it_shows(self) -> None:
        for public in (True, False):
            make_stakeholder(is_public=public)

        run("UPDATE stakeholders_stakeholder SET is_public = NOT is_public")

        assert total() == 1

    def test_goes_back_with_a_savepoint(self) -> None:
        make_stakeholder()
        make_stakeholder()

        with suppress(ZeroDivisionError), transaction.atomic():
            Stakeholder.objects.all().delete()
            1 / 0  # noqa: B018

        assert total() == 2

    @pytest.mark.django_db(transaction=True)
    def test_follows_the_owners_sql(self, owner: Owner) -> None:
        ann, *_others = (make_stakeholder() for _ in range(3))

        owner.execute(HIDE_ONE, [ann.pk])

        assert total() == 2

    @pytest.mark.django_db(transaction=True)
    def test_is_zero_after_truncation(self, owner: Owner) -> None:
        make_stakeholder()

        owner.execute("TRUNCATE stakeholders_stakeholder CASCADE")

        assert total() == 0


class TestTally:
    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO stakeholders_tally (difference) VALUES (9)",
            "UPDATE stakeholders_tally SET difference = 9",
            "DELETE FROM stakeholders_tally",
            "SELECT FROM stakeholders_tally FOR UPDATE",
            "SELECT nextval('stakeholders_tally_id_seq')",
        ],
    )
    def test_cannot_be_written_or_held_by_requests(self, statement: str) -> None:
        make_stakeholder()

        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            run(statement)

    def test_has_a_single_row_while_nobody_else_writes(self) -> None:
        for _ in range(3):
            make_stakeholder()

        Stakeholder.objects.update(is_public=False)

        assert [row.difference for row in StakeholderTally.objects.all()] == [0]

    def test_is_not_written_by_what_makes_no_difference(self) -> None:
        make_stakeholder()
        before = StakeholderTally.objects.get()

        Stakeholder.objects.update(name="Ben")

        assert StakeholderTally.objects.get() == before


@pytest.fixture
def impatient() -> Iterator[tuple[Owner, Owner]]:
    """Two connections that fail where they would have to wait."""
    with connect_as_owner() as one, connect_as_owner() as other:
        for each in (one, other):
            each.execute("SET lock_timeout = '100ms'")
        yield one, other


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    @pytest.mark.parametrize(
        ("end", "shown_after"), [("COMMIT", [3, 3, 2]), ("ROLLBACK", [4, 4, 3])]
    )
    def test_each_sees_its_own_differences_and_those_committed(
        self, impatient: tuple[Owner, Owner], end: str, shown_after: list[int]
    ) -> None:
        one, other = impatient
        ann, ben, *_others = (make_stakeholder() for _ in range(4))

        for each, hidden in ((one, ann), (other, ben)):
            each.execute("BEGIN")
            each.execute(HIDE_ONE, [hidden.pk])
        assert (total(), seen_by(one), seen_by(other)) == (4, 3, 3)

        one.execute(end)
        assert [total(), seen_by(one), seen_by(other)] == shown_after

        other.execute("COMMIT")
        assert total() == seen_by(one) == seen_by(other) == shown_after[-1]

    def test_neither_waits_to_write_again(self, impatient: tuple[Owner, Owner]) -> None:
        stakeholders = [make_stakeholder() for _ in range(6)]

        for each in impatient:
            each.execute("BEGIN")
        for each in impatient * 3:
            each.execute(HIDE_ONE, [stakeholders.pop().pk])
        assert total() == 6

        for each, left in zip(impatient, (3, 0), strict=True):
            each.execute("COMMIT")
            assert total() == left

    def test_who_comes_next_takes_up_what_both_have_left(
        self, impatient: tuple[Owner, Owner]
    ) -> None:
        stakeholders = [make_stakeholder() for _ in range(3)]
        for each in impatient:
            each.execute("BEGIN")
            each.execute(HIDE_ONE, [stakeholders.pop().pk])
        for each in impatient:
            each.execute("COMMIT")
        assert StakeholderTally.objects.count() == 2

        make_stakeholder()

        assert StakeholderTally.objects.get().difference == total() == 2

    def test_truncation_waits_for_who_writes_and_leaves_nothing(self, owner: Owner) -> None:
        make_stakeholder()

        with ThreadPoolExecutor(1) as thread, connect_as_owner() as writer:
            with writer.transaction():
                writer.execute(HIDE_ALL)
                truncation = thread.submit(
                    owner.execute, "TRUNCATE stakeholders_stakeholder CASCADE"
                )
                with pytest.raises(TimeoutError):
                    truncation.result(timeout=0.2)
            truncation.result()

        assert total() == 0
        assert not StakeholderTally.objects.exists()


THREADS, SECONDS = 8, 4


class RandomWriter:
    """Makes one random change after the other, to stakeholders that no other writer changes.

    So it waits for nobody's rows, whatever it changes in a transaction.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.emails = (f"{n}@{seed}.example" for n in count())
        self.domain = f"@{seed}.example"
        self.changes: list[Callable[[], object]] = [
            lambda: self.insert(1),
            lambda: self.insert(3),
            lambda: self.some().update(is_public=True),
            lambda: self.some().update(is_public=False),
            lambda: self.some().delete(),
            lambda: self.some().restore(),
            lambda: self.some().delete(hard=True),
            self.many_in_a_transaction,
            self.many_for_nothing,
        ]

    def write_until(self, end: float) -> int:
        """How many changes it made."""
        changes = 0
        try:
            while monotonic() < end:
                self.random.choice(self.changes)()
                changes += 1
        finally:
            connection.close()
        return changes

    def some(self) -> Any:
        own = Stakeholder.all_objects.filter(email__endswith=self.domain)
        keys = list(own.values_list("pk", flat=True))
        return Stakeholder.all_objects.filter(pk__in=self.random.sample(keys, k=min(3, len(keys))))

    def insert(self, number: int) -> None:
        Stakeholder.objects.bulk_create(
            Stakeholder(
                name="Ann", email=next(self.emails), state="MD", type="farmer", is_public=True
            )
            for _ in range(number)
        )

    @transaction.atomic
    def many_in_a_transaction(self) -> None:
        for change in self.random.choices(self.changes[:-2], k=3):
            change()

    @transaction.atomic
    def many_for_nothing(self) -> None:
        self.insert(1)
        with suppress(ZeroDivisionError), transaction.atomic():
            self.many_in_a_transaction()
            1 / 0  # noqa: B018


def read_until(end: float) -> int:
    """How many times it read a number that was right."""
    times = 0
    try:
        while monotonic() < end:
            total()
            times += 1
    finally:
        connection.close()
    return times


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_eight_write_at_random_and_whoever_reads_finds_the_number_right(self) -> None:
        end = monotonic() + SECONDS

        with ThreadPoolExecutor(THREADS + 1) as threads:
            reader = threads.submit(read_until, end)
            done = [threads.submit(RandomWriter(n).write_until, end) for n in range(THREADS)]

        assert [each.exception() for each in (reader, *done)] == [None] * (THREADS + 1)
        assert reader.result() > 20
        assert sum(each.result() for each in done) > 20 * THREADS
        assert total() == PublicStakeholder.objects.count()
        assert StakeholderTally.objects.count() <= 2 * THREADS

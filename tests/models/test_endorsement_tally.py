"""A campaign's counts are those of its public endorsements, whoever changes what and how."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from itertools import product
from time import monotonic, sleep
from typing import Any

import pgtrigger
import psycopg
import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from backend.actions.tallies import miscounts
from backend.models import (
    Endorsement,
    EndorsementDailyTally,
    EndorsementTally,
    PolicyCampaign,
    Stakeholder,
)
from tests.factories import make_campaign, make_endorsement, make_stakeholder

pytestmark = pytest.mark.django_db

Owner = psycopg.Connection[tuple[Any, ...]]


def count_of(campaign: PolicyCampaign) -> int:
    """The count that is kept; it, and those of its days, must be what counting finds."""
    assert list(miscounts()) == []
    row = PolicyCampaign.all_objects.with_endorsement_count().get(pk=campaign.pk)
    count: int = row.endorsement_count
    return count


def days_of(campaign: PolicyCampaign) -> dict[str, int]:
    """The counts that are kept of a campaign's days, but those of none."""
    assert list(miscounts()) == []
    tallies = EndorsementDailyTally.objects.filter(campaign=campaign, endorsement_count__gt=0)
    return {str(tally.day): tally.endorsement_count for tally in tallies.order_by("day")}


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


class TestCount:
    def test_is_zero_without_endorsements(self) -> None:
        assert count_of(make_campaign()) == 0

    @pytest.mark.parametrize(
        ("consents", "status", "is_deleted", "is_hidden"),
        list(product((True, False), Endorsement.Status.values, (True, False), (True, False))),
    )
    def test_has_an_endorsement_if_the_public_sees_it(
        self, consents: bool, status: str, is_deleted: bool, is_hidden: bool
    ) -> None:
        now = timezone.now()

        endorsement = make_endorsement(
            stakeholder=make_stakeholder(deleted_at=now if is_hidden else None),
            public_display=consents,
            status=status,
            deleted_at=now if is_deleted else None,
        )

        public = Endorsement.all_objects.counted().count()
        assert count_of(endorsement.campaign) == public
        assert public == (consents and status == "approved" and not is_deleted and not is_hidden)

    @pytest.mark.parametrize(
        "change",
        [
            "status = 'rejected'",
            "public_display = false",
            "deleted_at = now()",
        ],
    )
    def test_follows_each_condition_there_and_back(self, change: str) -> None:
        campaign = make_campaign()
        for _ in range(3):
            make_endorsement(campaign=campaign)

        run(f"UPDATE endorsements_endorsement SET {change}")
        assert count_of(campaign) == 0

        run(
            "UPDATE endorsements_endorsement "
            "SET status = 'approved', public_display = true, deleted_at = NULL"
        )
        assert count_of(campaign) == 3

    def test_follows_an_endorsement_to_another_campaign(self) -> None:
        endorsement, other = make_endorsement(), make_campaign()

        Endorsement.objects.update(campaign=other)

        assert (count_of(endorsement.campaign), count_of(other)) == (0, 1)

    def test_follows_an_endorsement_to_a_hidden_stakeholder_and_back(self) -> None:
        endorsement = make_endorsement()
        hidden = make_stakeholder(deleted_at=timezone.now())

        Endorsement.objects.update(stakeholder=hidden)
        assert count_of(endorsement.campaign) == 0

        Endorsement.objects.update(stakeholder=endorsement.stakeholder)
        assert count_of(endorsement.campaign) == 1

    def test_follows_the_hard_deletion_of_endorsements(self) -> None:
        campaign = make_campaign()
        endorsements = [make_endorsement(campaign=campaign) for _ in range(3)]

        endorsements[0].delete(hard=True)

        assert count_of(campaign) == 2

    def test_follows_stakeholders_hidden_and_restored_by_sql(self) -> None:
        campaign = make_campaign()
        for _ in range(3):
            make_endorsement(campaign=campaign)
        make_endorsement(campaign=campaign, status="pending")

        run("UPDATE stakeholders_stakeholder SET deleted_at = now()")
        assert count_of(campaign) == 0

        run("UPDATE stakeholders_stakeholder SET deleted_at = now(), name = 'hidden still'")
        assert count_of(campaign) == 0

        run("UPDATE stakeholders_stakeholder SET deleted_at = NULL")
        assert count_of(campaign) == 3

    def test_follows_soft_deletion_and_restoration(self) -> None:
        endorsement = make_endorsement()
        campaign, stakeholder = endorsement.campaign, endorsement.stakeholder
        counts = []

        for row in (stakeholder, campaign, endorsement):
            row.delete()
            counts.append(count_of(campaign))
            row.restore()
            counts.append(count_of(campaign))

        assert counts == [0, 1] * 3

    def test_follows_many_changes_in_one_transaction(self) -> None:
        endorsement = make_endorsement(status="pending")

        with transaction.atomic():
            run("UPDATE stakeholders_stakeholder SET deleted_at = now()")
            run("UPDATE endorsements_endorsement SET status = 'approved'")
            run("UPDATE stakeholders_stakeholder SET deleted_at = NULL")

        assert count_of(endorsement.campaign) == 1

    def test_goes_back_with_a_savepoint(self) -> None:
        endorsement = make_endorsement()

        with suppress(ZeroDivisionError), transaction.atomic():
            Endorsement.objects.update(status="rejected")
            1 / 0  # noqa: B018

        assert count_of(endorsement.campaign) == 1

    def test_is_of_no_concern_to_who_saves_an_older_copy_of_the_campaign(self) -> None:
        older = make_campaign()
        make_endorsement(campaign=older)

        older.save()

        assert count_of(older) == 1

    def test_goes_with_its_campaign(self) -> None:
        endorsement = make_endorsement()
        endorsement.delete(hard=True)

        endorsement.campaign.delete(hard=True)

        assert not EndorsementTally.objects.exists()
        assert not EndorsementDailyTally.objects.exists()


class TestDays:
    @pytest.mark.parametrize(
        ("moment", "day"),
        [
            ("2026-11-02T00:00:00Z", "2026-11-02"),
            ("2026-11-02T23:59:59.999999Z", "2026-11-02"),
            ("2026-11-02T23:00:00-05:00", "2026-11-03"),
            ("2026-11-02T01:00:00+13:00", "2026-11-01"),
        ],
    )
    def test_are_those_of_utc_in_any_session(self, moment: str, day: str) -> None:
        endorsement = make_endorsement()

        run("SET LOCAL TIME ZONE 'America/New_York'")
        run(f"UPDATE endorsements_endorsement SET created_at = '{moment}'")

        assert days_of(endorsement.campaign) == {day: 1}

    def test_have_an_endorsement_on_the_day_it_is_created(self) -> None:
        endorsement = make_endorsement()

        assert days_of(endorsement.campaign) == {str(endorsement.created_at.date()): 1}

    def test_follow_endorsements_to_other_days_without_any_change_of_the_whole(self) -> None:
        campaign = make_campaign()
        for _ in range(3):
            make_endorsement(campaign=campaign)

        run("UPDATE endorsements_endorsement SET created_at = '2026-11-01Z'")
        assert days_of(campaign) == {"2026-11-01": 3}

        run(
            "UPDATE endorsements_endorsement SET created_at = '2026-11-02Z' "
            "WHERE id = (SELECT min(id) FROM endorsements_endorsement)"
        )
        assert days_of(campaign) == {"2026-11-01": 2, "2026-11-02": 1}
        assert count_of(campaign) == 3

    def test_follow_a_statement_that_moves_as_many_there_as_back(self) -> None:
        campaign = make_campaign()
        for day in ("2026-11-01", "2026-11-02", "2026-11-02"):
            created_on(day, make_endorsement(campaign=campaign))

        run(
            "UPDATE endorsements_endorsement SET created_at = CASE created_at::date "
            "WHEN '2026-11-01' THEN '2026-11-02Z'::timestamptz ELSE '2026-11-01Z' END"
        )

        assert days_of(campaign) == {"2026-11-01": 2, "2026-11-02": 1}

    def test_follow_an_endorsement_that_changes_all_at_once(self) -> None:
        endorsement, other = make_endorsement(), make_campaign()
        created_on("2026-11-01", endorsement)
        run(
            f"INSERT INTO endorsements_endorsement (stakeholder_id, campaign_id, public_display) "
            f"VALUES ({make_stakeholder().pk}, {other.pk}, true)"
        )

        run(
            f"UPDATE endorsements_endorsement SET status = 'approved', campaign_id = {other.pk}, "
            f"created_at = '2026-11-02Z'"
        )

        assert (days_of(endorsement.campaign), days_of(other)) == ({}, {"2026-11-02": 2})

    def test_do_not_have_what_is_private_wherever_it_is_moved(self) -> None:
        endorsement = make_endorsement(status="pending")
        hidden = make_endorsement(stakeholder=make_stakeholder(deleted_at=timezone.now()))

        run("UPDATE endorsements_endorsement SET created_at = '2026-11-02Z'")

        assert days_of(endorsement.campaign) == days_of(hidden.campaign) == {}

    def test_follow_stakeholders_hidden_and_restored_by_sql(self) -> None:
        campaign = make_campaign()
        for day in ("2026-11-01", "2026-11-02", "2026-11-02"):
            created_on(day, make_endorsement(campaign=campaign))

        run("UPDATE stakeholders_stakeholder SET deleted_at = now()")
        assert days_of(campaign) == {}

        run("UPDATE stakeholders_stakeholder SET deleted_at = NULL")
        assert days_of(campaign) == {"2026-11-01": 1, "2026-11-02": 2}

    def test_follow_one_statement_about_many_days_of_many_campaigns(self) -> None:
        campaigns = [make_campaign() for _ in range(3)]
        for campaign, stakeholder in product(campaigns, [make_stakeholder() for _ in range(5)]):
            make_endorsement(campaign=campaign, stakeholder=stakeholder, status="pending")
        first = date(2026, 11, 1)
        each_day = {str(first + timedelta(days=n)): 1 for n in range(5)}

        run(
            "UPDATE endorsements_endorsement SET status = 'approved', created_at = "
            f"'{first}Z'::timestamptz + (id % 5) * interval '1 day'"
        )
        assert [days_of(campaign) for campaign in campaigns] == [each_day] * 3

        run("UPDATE endorsements_endorsement SET status = 'rejected'")
        assert [days_of(campaign) for campaign in campaigns] == [{}] * 3

        run("DELETE FROM endorsements_endorsement")
        run(
            "INSERT INTO endorsements_endorsement "
            "(stakeholder_id, campaign_id, public_display, status, created_at) "
            f"SELECT s.id, c.id, true, 'approved', '{first}Z' "
            "FROM stakeholders_stakeholder s, campaigns_policycampaign c"
        )
        assert [days_of(campaign) for campaign in campaigns] == [{str(first): 5}] * 3


def created_on(day: str, endorsement: Endorsement) -> None:
    Endorsement.objects.filter(pk=endorsement.pk).update(created_at=f"{day}T12:00:00Z")


class TestTally:
    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO endorsements_tally SELECT id, 9 FROM campaigns_policycampaign",
            "UPDATE endorsements_tally SET endorsement_count = 9",
            "DELETE FROM endorsements_tally",
            "INSERT INTO endorsements_dailytally SELECT id, now(), 9 FROM campaigns_policycampaign",
            "UPDATE endorsements_dailytally SET endorsement_count = 9",
            "DELETE FROM endorsements_dailytally",
        ],
    )
    def test_cannot_be_written_by_requests(self, statement: str) -> None:
        make_endorsement()

        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            run(statement)

    def test_cannot_be_switched_off_by_a_session(self) -> None:
        campaign = make_campaign()

        with pgtrigger.ignore():
            make_endorsement(campaign=campaign)

        assert count_of(campaign) == 1

    @pytest.mark.django_db(transaction=True)
    def test_is_empty_after_truncation(self, owner: Owner) -> None:
        make_endorsement()

        owner.execute("TRUNCATE endorsements_endorsement CASCADE")

        assert not EndorsementTally.objects.exists()
        assert not EndorsementDailyTally.objects.exists()


THREADS, SECONDS = 8, 4


@contextmanager
def suppress_deadlock() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if not isinstance(error.__cause__, DeadlockDetected):
            raise


class RandomWriter:
    """Makes one random change after the other.

    It inserts the given pairs of stakeholder and campaign, each once: to insert one while
    another restores it is to break a constraint.
    """

    def __init__(self, seed: int, pairs: list[tuple[Stakeholder, PolicyCampaign]]) -> None:
        self.random = random.Random(seed)
        self.pairs = pairs
        self.changes: list[Callable[[], object]] = [
            lambda: self.insert(1),
            lambda: self.insert(3),
            # One by one: even without triggers, rows updated in no order may deadlock.
            lambda: self.some(Endorsement, 1).update(status="approved"),
            lambda: self.some(Endorsement, 1).update(status="pending"),
            lambda: self.some(Endorsement, 1).update(public_display=True),
            lambda: self.some(Endorsement, 1).update(public_display=False),
            lambda: self.some(Endorsement).delete(),
            lambda: self.some(Endorsement).restore(),
            lambda: self.some(Endorsement, 1).delete(hard=True),
            self.move_to_another_day,
            lambda: self.some(Stakeholder).delete(),
            lambda: self.some(Stakeholder).restore(),
            lambda: self.hide_by_sql("now()"),
            lambda: self.hide_by_sql("NULL"),
            lambda: self.some(PolicyCampaign, 1).delete(),
            lambda: self.some(PolicyCampaign, 1).restore(),
            lambda: make_campaign().delete(hard=True),
        ]

    def write_until(self, end: float) -> int:
        """How many changes it made.

        A deadlock of the restoration of a campaign with new endorsements of it is known: whoever
        PostgreSQL chooses has changed nothing.
        """
        changes = 0
        try:
            while monotonic() < end:
                with suppress_deadlock():
                    self.random.choice(self.changes)()
                    changes += 1
        finally:
            connection.close()
        return changes

    def some(self, model: Any, number: int = 3) -> Any:
        keys = list(model.all_objects.values_list("pk", flat=True))
        some = self.random.sample(keys, k=min(number, len(keys)))
        return model.all_objects.filter(pk__in=some)

    def insert(self, number: int) -> None:
        pairs = [self.pairs.pop() for _ in range(min(number, len(self.pairs)))]
        Endorsement.objects.bulk_create(
            Endorsement(
                stakeholder=stakeholder, campaign=campaign, status="approved", public_display=True
            )
            for stakeholder, campaign in pairs
        )

    def move_to_another_day(self) -> None:
        moment = timezone.now() - timedelta(days=self.random.randrange(10))
        self.some(Endorsement, 1).update(created_at=moment)

    def hide_by_sql(self, since: str) -> None:
        [stakeholder] = self.some(Stakeholder, 1)
        run(f"UPDATE stakeholders_stakeholder SET deleted_at = {since} WHERE id = {stakeholder.pk}")


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_eight_write_at_random_and_every_count_is_right(self) -> None:
        stakeholders = [make_stakeholder() for _ in range(12)]
        campaigns = [make_campaign() for _ in range(40)]
        pairs = list(product(stakeholders, campaigns))
        random.Random(3).shuffle(pairs)
        writers = [RandomWriter(n, pairs[n::THREADS]) for n in range(THREADS)]
        end = monotonic() + SECONDS

        with ThreadPoolExecutor(THREADS) as threads:
            done = [threads.submit(writer.write_until, end) for writer in writers]

        assert [each.exception() for each in done] == [None] * THREADS
        assert sum(each.result() for each in done) > 20 * THREADS
        assert list(miscounts()) == []

    def test_an_approval_waits_for_the_hiding_of_its_stakeholder(self, owner: Owner) -> None:
        endorsement = make_endorsement(status="pending")

        with ThreadPoolExecutor(1) as thread:
            with owner.transaction():
                owner.execute("UPDATE stakeholders_stakeholder SET deleted_at = now()")
                approval = thread.submit(in_thread, approve)
                wait_for_a_lock(owner)
            approval.result()

        assert count_of(endorsement.campaign) == 0

    def test_a_move_to_another_day_waits_for_the_hiding_of_its_stakeholder(
        self, owner: Owner
    ) -> None:
        endorsement = make_endorsement()

        with ThreadPoolExecutor(1) as thread:
            with owner.transaction():
                owner.execute("UPDATE stakeholders_stakeholder SET deleted_at = now()")
                move = thread.submit(in_thread, lambda: created_on("2026-11-02", endorsement))
                wait_for_a_lock(owner)
            move.result()

        assert days_of(endorsement.campaign) == {}

    def test_hiding_a_stakeholder_waits_for_the_move_of_an_endorsement_to_another_day(
        self, owner: Owner
    ) -> None:
        endorsement = make_endorsement()

        with ThreadPoolExecutor(1) as thread:
            with owner.transaction():
                owner.execute("UPDATE endorsements_endorsement SET created_at = '2026-11-02Z'")
                hiding = thread.submit(in_thread, hide_stakeholders)
                wait_for_a_lock(owner)
            hiding.result()

        assert days_of(endorsement.campaign) == {}

    def test_moves_there_and_back_wait_for_each_other(self, owner: Owner) -> None:
        campaign = make_campaign()
        there, back = (make_endorsement(campaign=campaign) for _ in range(2))
        created_on("2026-11-01", there)
        created_on("2026-11-02", back)

        with ThreadPoolExecutor(1) as thread:
            with owner.transaction():
                owner.execute(
                    "UPDATE endorsements_endorsement SET created_at = '2026-11-02Z' WHERE id = %s",
                    [there.pk],
                )
                move = thread.submit(in_thread, lambda: created_on("2026-11-01", back))
                wait_for_a_lock(owner)
            move.result()

        assert days_of(campaign) == {"2026-11-01": 1, "2026-11-02": 1}

    def test_an_insertion_waits_for_the_hiding_of_its_stakeholder(self, owner: Owner) -> None:
        stakeholder, campaign = make_stakeholder(), make_campaign()

        with ThreadPoolExecutor(1) as thread:
            with owner.transaction():
                owner.execute("UPDATE stakeholders_stakeholder SET deleted_at = now()")
                insertion = thread.submit(
                    in_thread,
                    lambda: make_endorsement(stakeholder=stakeholder, campaign=campaign),
                )
                wait_for_a_lock(owner)
            insertion.result()

        assert count_of(campaign) == 0

    def test_hiding_a_stakeholder_waits_for_the_approval_of_an_endorsement(
        self, owner: Owner
    ) -> None:
        endorsement = make_endorsement(status="pending")

        with ThreadPoolExecutor(1) as thread:
            with owner.transaction():
                owner.execute("UPDATE endorsements_endorsement SET status = 'approved'")
                hiding = thread.submit(in_thread, hide_stakeholders)
                wait_for_a_lock(owner)
            hiding.result()

        assert count_of(endorsement.campaign) == 0


def approve() -> None:
    Endorsement.objects.update(status="approved")


def hide_stakeholders() -> None:
    Stakeholder.objects.update(deleted_at=timezone.now())


def in_thread(work: Callable[[], object]) -> None:
    try:
        work()
    finally:
        connection.close()


def wait_for_a_lock(owner: Owner) -> None:
    """Until somebody waits for one."""
    end = monotonic() + 10
    while not owner.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount:
        assert monotonic() < end, "Nobody waits."
        sleep(0.02)


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_rows_of_one_statement_are_grouped_and_not_compared_each_with_each(self) -> None:
        Stakeholder.objects.bulk_create(
            Stakeholder(name="Ann", email=f"{n}@example.org", state="MD", type="farmer")
            for n in range(20_000)
        )

        # Were they compared, the role's time limit would end the statement.
        assert Stakeholder.objects.update(is_public=True) == 20_000

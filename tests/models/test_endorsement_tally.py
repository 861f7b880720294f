"""A campaign's count is that of its public endorsements, whoever changes what and how."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import product
from time import monotonic, sleep
from typing import Any

import pgtrigger
import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from backend.models import Endorsement, EndorsementTally, PolicyCampaign, Stakeholder
from tests.factories import make_campaign, make_endorsement, make_stakeholder

pytestmark = pytest.mark.django_db

Owner = psycopg.Connection[tuple[Any, ...]]


def count_of(campaign: PolicyCampaign) -> int:
    row = PolicyCampaign.all_objects.with_endorsement_count().get(pk=campaign.pk)
    count: int = row.endorsement_count
    return count


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


class TestTally:
    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO endorsements_tally SELECT id, 9 FROM campaigns_policycampaign",
            "UPDATE endorsements_tally SET endorsement_count = 9",
            "DELETE FROM endorsements_tally",
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


THREADS, SECONDS = 8, 4


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
            lambda: self.some(Stakeholder).delete(),
            lambda: self.some(Stakeholder).restore(),
            lambda: self.hide_by_sql("now()"),
            lambda: self.hide_by_sql("NULL"),
            lambda: self.some(PolicyCampaign, 1).delete(),
            lambda: self.some(PolicyCampaign, 1).restore(),
            lambda: make_campaign().delete(hard=True),
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
        assert not PolicyCampaign.all_objects.miscounted().exists()

    def test_an_approval_waits_for_the_hiding_of_its_stakeholder(self, owner: Owner) -> None:
        endorsement = make_endorsement(status="pending")

        with ThreadPoolExecutor(1) as thread:
            with owner.transaction():
                owner.execute("UPDATE stakeholders_stakeholder SET deleted_at = now()")
                approval = thread.submit(in_thread, approve)
                wait_for_a_lock(owner)
            approval.result()

        assert count_of(endorsement.campaign) == 0

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

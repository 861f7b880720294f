import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from backend.models import Endorsement, PolicyCampaign, Stakeholder
from tests.factories import make_campaign, make_endorsement, make_stakeholder

pytestmark = pytest.mark.django_db


class TestDelete:
    def test_hides_the_row_and_keeps_it(self) -> None:
        stakeholder = make_stakeholder()

        stakeholder.delete()

        assert stakeholder.deleted_at is not None
        assert not Stakeholder.objects.exists()
        assert Stakeholder.all_objects.get() == stakeholder

    def test_hides_the_endorsements_of_a_stakeholder_and_counts_them_as_django_does(self) -> None:
        endorsement = make_endorsement()

        deleted = endorsement.stakeholder.delete()

        assert deleted == (2, {"coalition.Endorsement": 1, "coalition.Stakeholder": 1})
        assert not Endorsement.objects.exists()

    def test_hides_every_row_of_a_queryset(self) -> None:
        make_stakeholder()
        make_stakeholder()
        make_stakeholder()

        deleted = Stakeholder.objects.all().delete()

        assert deleted == (3, {"coalition.Stakeholder": 3})
        assert Stakeholder.all_objects.deleted().count() == 3

    def test_does_nothing_the_second_time(self) -> None:
        stakeholder = make_stakeholder()
        stakeholder.delete()
        first = stakeholder.deleted_at

        assert stakeholder.delete() == (0, {})
        assert stakeholder.deleted_at == first

    def test_frees_the_email_for_another(self) -> None:
        make_stakeholder(email="ann@example.org").delete()

        make_stakeholder(email="ann@example.org")

        assert Stakeholder.objects.count() == 1

    def test_hard_is_refused_while_even_a_hidden_endorsement_remains(self) -> None:
        endorsement = make_endorsement()
        endorsement.delete()

        with pytest.raises(ProtectedError):
            endorsement.stakeholder.delete(hard=True)

    def test_hides_the_endorsements_of_a_campaign(self) -> None:
        campaign = make_campaign()
        make_endorsement(campaign=campaign)
        make_endorsement(campaign=campaign)
        other = make_endorsement()

        deleted = campaign.delete()

        assert deleted == (3, {"coalition.Endorsement": 2, "coalition.PolicyCampaign": 1})
        assert list(Endorsement.objects.all()) == [other]

    def test_of_several_campaigns_hides_the_endorsements_of_all(self) -> None:
        make_endorsement()
        make_endorsement()

        deleted = PolicyCampaign.objects.all().delete()

        assert deleted == (4, {"coalition.Endorsement": 2, "coalition.PolicyCampaign": 2})
        assert Stakeholder.objects.count() == 2

    def test_of_an_empty_queryset_is_nothing(self) -> None:
        assert Stakeholder.objects.none().delete() == (0, {})

    def test_hard_removes_the_row(self) -> None:
        assert make_stakeholder().delete(hard=True) == (1, {"coalition.Stakeholder": 1})

        assert not Stakeholder.all_objects.exists()

    def test_hard_removes_every_row_of_a_queryset_and_counts_them_as_django_does(self) -> None:
        make_endorsement()
        make_endorsement().delete()

        deleted = Endorsement.all_objects.all().delete(hard=True)

        assert deleted == (2, {"coalition.Endorsement": 2})
        assert Stakeholder.all_objects.all().delete(hard=True) == (2, {"coalition.Stakeholder": 2})

    def test_hard_of_live_rows_leaves_the_hidden(self) -> None:
        hidden = make_stakeholder()
        hidden.delete()
        make_stakeholder()

        Stakeholder.objects.all().delete(hard=True)

        assert list(Stakeholder.all_objects.all()) == [hidden]


class TestRestore:
    def test_brings_back_what_was_hidden_along(self) -> None:
        endorsement = make_endorsement()
        earlier = make_endorsement(stakeholder=endorsement.stakeholder)
        earlier.delete()
        endorsement.stakeholder.delete()

        assert endorsement.stakeholder.restore() == 1

        assert endorsement.stakeholder.deleted_at is None
        assert list(Endorsement.objects.all()) == [endorsement]

    def test_leaves_an_endorsement_hidden_until_its_other_parent_is_back(self) -> None:
        endorsement = make_endorsement()
        endorsement.campaign.delete()
        endorsement.stakeholder.delete()

        endorsement.campaign.restore()
        assert not Endorsement.objects.exists()

        endorsement.stakeholder.restore()
        assert list(Endorsement.objects.all()) == [endorsement]

    def test_of_an_endorsement_waits_for_a_hidden_parent(self) -> None:
        endorsement = make_endorsement()
        endorsement.delete()
        endorsement.stakeholder.delete()

        assert endorsement.restore() == 0
        assert endorsement.deleted_at is not None

        endorsement.stakeholder.restore()
        assert list(Endorsement.objects.all()) == [endorsement]

    def test_is_refused_when_the_email_is_taken(self) -> None:
        ann = make_stakeholder(email="ann@example.org")
        ann.delete()
        make_stakeholder(email="ann@example.org")

        with pytest.raises(IntegrityError, match="unique_email"), transaction.atomic():
            ann.restore()

    def test_of_a_live_row_does_nothing(self) -> None:
        assert make_campaign().restore() == 0
        assert PolicyCampaign.objects.count() == 1


def at_once(*works: Callable[[], object]) -> list[BaseException | None]:
    """Do each in a thread with its own connection; the exceptions they ended with."""

    def in_turn(work: Callable[[], object]) -> None:
        try:
            for _ in range(20):
                work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as threads:
        futures = [threads.submit(in_turn, work) for work in works]
        return [future.exception() for future in futures]


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_delete_and_restore_the_same_stakeholder(self) -> None:
        stakeholder = make_stakeholder()
        for _ in range(3):
            make_endorsement(stakeholder=stakeholder)
        row = Stakeholder.all_objects.filter(pk=stakeholder.pk)

        errors = at_once(
            lambda: (row.get().delete(), row.get().restore()),
            lambda: (row.get().restore(), row.get().delete()),
        )

        assert errors == [None, None]
        hidden_since = set(Endorsement.all_objects.values_list("deleted_at", flat=True))
        assert hidden_since == {row.get().deleted_at}

    def test_all_stakeholders_and_all_campaigns_are_deleted_and_restored(self) -> None:
        campaigns = [make_campaign() for _ in range(12)]
        stakeholders = [make_stakeholder() for _ in range(12)]
        pairs = list(product(stakeholders, campaigns))
        random.Random(3).shuffle(pairs)
        for stakeholder, campaign in pairs:
            make_endorsement(stakeholder=stakeholder, campaign=campaign)

        errors = at_once(
            lambda: Stakeholder.objects.all().delete(),
            lambda: PolicyCampaign.objects.all().delete(),
            lambda: Stakeholder.all_objects.all().restore(),
            lambda: PolicyCampaign.all_objects.all().restore(),
        )

        assert errors == [None] * 4

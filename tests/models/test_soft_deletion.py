import pytest
from django.db import IntegrityError, transaction
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

    def test_hard_removes_the_row(self) -> None:
        make_stakeholder().delete(hard=True)

        assert not Stakeholder.all_objects.exists()


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

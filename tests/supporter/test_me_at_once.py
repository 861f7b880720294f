"""Supporters and reviewers, who do what contradicts itself at the same moment."""

from collections.abc import Callable
from functools import partial
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from backend.actions.confirmation import Confirmation, confirm
from backend.actions.erasing import erase
from backend.actions.errors import NotAllowed, UnknownToken
from backend.actions.own_data import change_details, change_endorsement
from backend.actions.reviews import approve
from backend.actions.tallies import miscounts
from backend.models import Endorsement, PolicyCampaign, Stakeholder, Submission, Transition
from tests.factories import make_endorsement, make_stakeholder, make_submission

pytestmark = pytest.mark.django_db(transaction=True)

EMAILS = [f"ann-{number}@example.org" for number in range(25)]


def race(*acts: Callable[[], Any]) -> list[Any]:
    """Do all of it at once; what each returned, or raised."""
    barrier, results = Barrier(len(acts)), list[Any]([None] * len(acts))

    def run(place: int, act: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[place] = act()
        except Exception as error:  # noqa: BLE001  # the test looks at it
            results[place] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def reviewer() -> User:
    return User.objects.create_user("reviewer")


class TestErasing:
    def test_and_a_decision_on_its_way_leave_nothing_half_done(self, reviewer: User) -> None:
        for email in EMAILS:
            stakeholder = make_stakeholder(email=email)
            key = make_endorsement(stakeholder=stakeholder, status="pending").pk

            decided, erased = race(
                partial(approve, endorsement_id=key, by=reviewer), partial(erase, email=email)
            )

            assert isinstance(decided, Endorsement | NotAllowed), decided
            assert isinstance(erased, dict), erased
        assert not Stakeholder.all_objects.exists()
        assert not Transition.objects.exists()
        assert list(miscounts()) == []

    def test_and_confirming_leave_nothing_half_done(self, campaign: PolicyCampaign) -> None:
        for email in EMAILS:
            make_stakeholder(email=email)
            token = make_submission(campaign=campaign, email=email).token()

            confirmed, erased = race(partial(confirm, token=token), partial(erase, email=email))

            assert isinstance(confirmed, Confirmation | UnknownToken), confirmed
            assert isinstance(erased, dict), erased
        assert not Submission.objects.exists()
        assert not Stakeholder.all_objects.exists()


class TestWithdrawing:
    def test_holds_whether_an_approval_comes_before_or_after(self, reviewer: User) -> None:
        for _ in EMAILS:
            endorsement = make_endorsement(status="pending")
            withdraw = partial(
                change_endorsement,
                stakeholder_id=endorsement.stakeholder_id,
                endorsement_id=endorsement.pk,
                values={"status": "withdrawn"},
                network=b"",
            )

            decided, withdrawn = race(
                partial(approve, endorsement_id=endorsement.pk, by=reviewer), withdraw
            )

            assert isinstance(decided, Endorsement | NotAllowed), decided
            assert withdrawn is None
            endorsement.refresh_from_db()
            assert endorsement.status == "withdrawn"
        assert list(miscounts()) == []


class TestDelisting:
    def test_holds_whether_an_approval_comes_before_or_after(
        self, campaign: PolicyCampaign, reviewer: User
    ) -> None:
        for email in EMAILS:
            confirm(token=make_submission(campaign=campaign, email=email).token())
            endorsement = Endorsement.objects.get(stakeholder__email=email)
            delist = partial(
                change_details,
                stakeholder_id=endorsement.stakeholder_id,
                values={"is_public": False},
                network=b"",
            )

            results = race(partial(approve, endorsement_id=endorsement.pk, by=reviewer), delist)

            assert not any(isinstance(result, Exception) for result in results), results
        assert not Stakeholder.objects.filter(is_public=True).exists()
        assert Endorsement.objects.filter(status="approved").count() == len(EMAILS)

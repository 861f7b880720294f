"""What becomes of an endorsement, and of what waits beside it, by what a reviewer decides."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from backend.actions.confirmation import confirm
from backend.actions.own_data import change_endorsement
from backend.actions.previews import preview
from backend.actions.reviews import approve, reject, reopen
from backend.models import Endorsement, Submission
from tests.factories import make_submission

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer(db: None) -> User:
    return User.objects.create_user("reviewer")


@pytest.fixture
def approved(reviewer: User) -> Endorsement:
    """Ann's, whose old words are approved."""
    sent = make_submission(email="ann@example.org", name="Ann", statement="Old words.")
    endorsement = confirm(token=sent.token()).endorsement
    return approve(endorsement_id=endorsement.pk, by=reviewer)


def endorse_again(endorsement: Endorsement, **values: Any) -> Submission:
    again = make_submission(campaign=endorsement.campaign, email="ann@example.org", **values)
    confirm(token=again.token())
    return again


def shown() -> tuple[str, str, str]:
    endorsement = Endorsement.objects.get()
    return endorsement.status, endorsement.statement, endorsement.stakeholder.name


def differing() -> set[str]:
    sent = Endorsement.objects.get().newest_submission()
    return {each.field for each in sent.differences()} if sent else set()


class TestReopen:
    def test_keeps_the_words_that_wait_beside(self, approved: Endorsement, reviewer: User) -> None:
        endorse_again(approved, name="Ann", statement="New words.")

        reopen(endorsement_id=approved.pk, by=reviewer)
        reopened = shown()
        approve(endorsement_id=approved.pk, by=reviewer)

        assert reopened == ("pending", "New words.", "Ann")
        assert shown() == ("approved", "New words.", "Ann")

    def test_takes_back_that_new_words_were_rejected(
        self, approved: Endorsement, reviewer: User
    ) -> None:
        endorse_again(approved, name="Ann Lee", statement="New words.")
        reject(endorsement_id=approved.pk, by=reviewer, reason="A slip.")
        rejected = shown()

        reopen(endorsement_id=approved.pk, by=reviewer)

        assert rejected == ("approved", "Old words.", "Ann")
        assert shown() == ("pending", "New words.", "Ann")
        assert differing() == {"name"}

    def test_leaves_the_words_that_staff_corrected_after_approval(
        self, approved: Endorsement, reviewer: User
    ) -> None:
        Endorsement.objects.update(statement="Without the slur.")

        reopen(endorsement_id=approved.pk, by=reviewer)

        assert shown() == ("pending", "Without the slur.", "Ann")
        assert differing() == set()

    def test_shows_what_approval_would_change_then(
        self, approved: Endorsement, reviewer: User
    ) -> None:
        reopen(endorsement_id=approved.pk, by=reviewer)
        endorse_again(approved, name="Ann Lee", statement="New words.")
        reject(endorsement_id=approved.pk, by=reviewer)

        reopen(endorsement_id=approved.pk, by=reviewer)
        foreseen = differing()
        approve(endorsement_id=approved.pk, by=reviewer)

        assert foreseen == {"name"}
        assert shown() == ("approved", "New words.", "Ann Lee")


class TestApprove:
    def test_of_new_words_is_foreseen_with_the_consent_that_was_given_last(
        self, approved: Endorsement, reviewer: User
    ) -> None:
        endorse_again(approved, statement="New words.")
        change_endorsement(
            stakeholder_id=approved.stakeholder_id,
            endorsement_id=approved.pk,
            values={"public_display": False},
            network=b"",
        )
        loaded = Endorsement.objects.with_review().get()

        told = preview("approve", [loaded])
        approve(endorsement_id=approved.pk, by=reviewer)

        assert told.changes == {approved.campaign_id: 0}
        assert not Endorsement.objects.get().is_public

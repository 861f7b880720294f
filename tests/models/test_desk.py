"""What waits for the coalition's own people."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backend.actions.confirmation import confirm
from backend.actions.reviews import approve, reopen
from backend.models import Desk, Endorsement, OutgoingMail, Submission
from tests.factories import make_endorsement, make_submission, make_user

pytestmark = pytest.mark.django_db


class TestDesk:
    def test_is_empty_where_nothing_waits(self) -> None:
        make_endorsement()

        assert Desk.now() == Desk(0, None, 0, 0, 0)

    def test_counts_what_is_pending_and_since_when(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        first = make_endorsement(status="pending")
        make_endorsement(status="pending")
        make_endorsement(status="pending").delete()
        make_endorsement(status="rejected")

        with django_assert_num_queries(4):
            desk = Desk.now()

        assert (desk.waiting, desk.oldest_at) == (2, first.created_at)

    def test_counts_new_words_of_an_approved_endorsement_once(self) -> None:
        first = make_submission(email="ann@example.org")
        endorsement = confirm(token=first.token()).endorsement
        approve(endorsement_id=endorsement.pk, by=make_user())
        again = make_submission(campaign=first.campaign, email="ann@example.org", flags=[])
        confirm(token=again.token())

        assert Endorsement.objects.get().status == "approved"
        assert Desk.now().waiting == 1

    def test_counts_what_is_flagged_and_not_decided(self) -> None:
        submission = make_submission(statement="See www.example.org.")
        confirm(token=submission.token())
        make_submission(statement="See www.example.org, too.")

        before = Desk.now()
        approve(endorsement_id=Endorsement.objects.get().pk, by=make_user())

        assert (before.flagged, Desk.now().flagged) == (1, 0)

    def test_counts_the_flags_of_what_the_list_of_flagged_shows(self) -> None:
        reopened, renewed = (
            confirm(
                token=make_submission(name=name, email=email, statement=www).token()
            ).endorsement
            for name, email, www in (
                ("Ann", "ann@example.org", "See www.example.org."),
                ("Bob", "bob@example.org", "See www.example.org, too."),
            )
        )
        approve(endorsement_id=reopened.pk, by=make_user())
        reopen(endorsement_id=reopened.pk, by=make_user())
        again = make_submission(campaign=renewed.campaign, name="Bob", email="bob@example.org")
        confirm(token=again.token())

        assert [*Endorsement.objects.waiting().flagged()] == [reopened]
        assert Desk.now().flagged == 1

    def test_counts_submissions_that_can_still_be_confirmed(self) -> None:
        make_submission()
        make_submission(expires_at=timezone.now() - timedelta(seconds=1))
        confirm(token=make_submission().token())

        assert Desk.now().unconfirmed == 1

    def test_counts_mails_that_went_wrong(self) -> None:
        submission, now = make_submission(), timezone.now()
        for values in (
            {"state": "failed"},
            {"attempts": 2},
            {"due_at": now - timedelta(minutes=11)},
            {"state": "sent"},
            {"due_at": now + timedelta(days=2)},
            {},
        ):
            OutgoingMail.objects.create(kind="confirmation", submission=submission, **values)

        assert Desk.now().mails_not_sent == 3
        assert Submission.objects.count() == 1

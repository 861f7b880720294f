from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from backend.actions.alarms import alarm_of_crowds
from backend.actions.confirmation import confirm
from backend.actions.personal_links import ask_for_link
from backend.actions.purging import purge
from backend.actions.reviews import approve
from backend.models import (
    Endorsement,
    IdempotentRequest,
    OutgoingMail,
    PersonalLink,
    Quota,
    RedeemedToken,
    Submission,
)
from tests.factories import make_campaign, make_submission

pytestmark = pytest.mark.django_db


def days_ago(days: int) -> Any:
    return timezone.now() - timedelta(days=days)


class TestPurge:
    def test_removes_what_nobody_confirmed_for_thirty_days(self) -> None:
        make_submission(created_at=days_ago(31))
        kept = make_submission(created_at=days_ago(29))

        purge()

        assert list(Submission.objects.all()) == [kept]

    def test_removes_what_was_decided_thirty_days_ago_and_keeps_the_endorsement(self) -> None:
        submission = make_submission(created_at=days_ago(6))
        confirm(token=submission.token())
        approve(
            endorsement_id=Endorsement.objects.get().pk, by=User.objects.create_user("reviewer")
        )
        purge()
        assert Submission.objects.count() == 1

        Submission.objects.update(decided_at=days_ago(31))
        purge()

        assert not Submission.objects.exists()
        assert Endorsement.objects.get().status == "approved"
        assert RedeemedToken.objects.exists()

    def test_keeps_what_waits_for_a_reviewer_however_long(self) -> None:
        submission = make_submission(created_at=days_ago(6))
        confirm(token=submission.token())
        Submission.objects.update(created_at=days_ago(90))

        purge()

        assert Submission.objects.exists()

    def test_removes_mails_limits_and_keys_that_are_over(self) -> None:
        submission = make_submission()
        for state in ("queued", "sent", "failed"):
            OutgoingMail.objects.create(
                kind="confirmation", submission=submission, state=state, due_at=days_ago(31)
            )
        for key, moment in ((b"over", days_ago(1)), (b"running", days_ago(-1))):
            Quota.objects.create(key=key, spent=1, expires_at=moment)
            IdempotentRequest.objects.create(key=key, body=b"", response={}, expires_at=moment)

        purge()

        assert [mail.state for mail in OutgoingMail.objects.all()] == ["queued"]
        assert [bytes(quota.key) for quota in Quota.objects.all()] == [b"running"]
        assert [bytes(each.key) for each in IdempotentRequest.objects.all()] == [b"running"]

    def test_removes_links_that_hold_no_more_and_their_mails(self) -> None:
        for email in ("ann@example.org", "bob@example.org"):
            ask_for_link(email=email)
        PersonalLink.objects.filter(email="ann@example.org").update(expires_at=days_ago(1))

        purge()

        assert PersonalLink.objects.get().email == "bob@example.org"
        assert OutgoingMail.objects.get().link == PersonalLink.objects.get()

    def test_says_what_it_removed(self) -> None:
        make_submission(created_at=days_ago(31))
        out = StringIO()

        call_command("purge", stdout=out)

        assert out.getvalue().startswith("Removed 1 submissions, 0 mails")


class TestAlarm:
    def test_tells_of_a_campaign_with_more_than_usual_once_a_window(
        self, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.LIMITS = settings.LIMITS | {"campaign": (2, 60)}
        crowded, usual = make_campaign(slug="crowded"), make_campaign(slug="usual")
        for campaign in (crowded, crowded, crowded, usual, usual):
            make_submission(campaign=campaign)
        make_submission(campaign=usual, created_at=days_ago(1))

        assert alarm_of_crowds() == ["crowded"]
        assert alarm_of_crowds() == []
        assert "crowded got 3 submissions in 60 seconds, more than 2" in caplog.text

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from backend.actions.reviews import approve, reject
from backend.models import (
    Endorsement,
    OutgoingMail,
    PolicyCampaign,
    Stakeholder,
    Submission,
    Suppression,
)
from tests.factories import make_endorsement, make_stakeholder, make_submission, submission_body
from tests.supporter.conftest import Supporter

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer() -> User:
    return User.objects.create_user("reviewer")


class TestConfirm:
    def test_makes_a_pending_endorsement_of_somebody_new_who_is_not_listed(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        submission = make_submission(campaign=campaign, statement="For my children.")

        response = supporter.confirm(submission.token())

        assert response.status_code == 200
        assert response.json() == {
            "status": "confirmed",
            "campaign": {"slug": "reef", "title": "Ten thousand acres of reef"},
            "endorsement": {
                "statement": "For my children.",
                "public_display": True,
                "status": "pending",
            },
        }
        endorsement = Endorsement.objects.get()
        assert endorsement.stakeholder.email == submission.email
        assert endorsement.stakeholder.is_public is False
        assert endorsement.consents["public_display"]["given"] is True
        assert [each.to_status for each in endorsement.transitions.all()] == ["pending"]

    def test_answers_the_same_ever_after(
        self, supporter: Supporter, campaign: PolicyCampaign, reviewer: User
    ) -> None:
        submission = make_submission(campaign=campaign)
        token = submission.token()
        first = supporter.confirm(token).json()

        second = supporter.confirm(token).json()

        assert second == first | {"status": "already_confirmed"}
        approve(endorsement_id=Endorsement.objects.get().pk, by=reviewer)
        Submission.objects.all().delete()  # as they are purged
        later = supporter.confirm(token).json()
        assert later["status"] == "already_confirmed"
        assert later["endorsement"]["status"] == "approved"
        assert Endorsement.objects.count() == 1

    def test_takes_a_token_that_a_mail_client_broke_into_lines(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()

        response = supporter.confirm(f" {token[:20]}\r\n {token[20:]}\n")

        assert response.status_code == 200

    @pytest.mark.parametrize(
        "cut", [lambda t: t[:-1], lambda t: t[1:], lambda t: t[:9] + t[10:] + "A"]
    )
    def test_does_not_know_a_token_that_is_cut_or_changed(
        self, supporter: Supporter, campaign: PolicyCampaign, cut: Any
    ) -> None:
        response = supporter.confirm(cut(make_submission(campaign=campaign).token()))

        assert response.status_code == 404
        assert response.json()["type"] == "/problems#unknown-token"
        assert not Endorsement.objects.exists()

    @pytest.mark.parametrize("token", ["", "é" * 32, "-" * 32, "=" * 32, "A" * 32, "x" * 200])
    def test_does_not_know_what_was_never_a_token(
        self, supporter: Supporter, campaign: PolicyCampaign, token: str
    ) -> None:
        assert supporter.confirm(token).status_code in {400, 404}

    def test_knows_no_token_of_another_submission_or_key(
        self, supporter: Supporter, campaign: PolicyCampaign, settings: Any
    ) -> None:
        token = make_submission(campaign=campaign).token()
        settings.SECRET_KEY = "another"

        assert supporter.confirm(token).status_code == 404
        settings.SECRET_KEY_FALLBACKS = ["unrelated"]
        assert supporter.confirm(token).status_code == 404

    def test_still_knows_tokens_of_the_key_before(
        self, supporter: Supporter, campaign: PolicyCampaign, settings: Any
    ) -> None:
        token = make_submission(campaign=campaign).token()
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another"

        assert supporter.confirm(token).status_code == 200

    def test_is_too_late_after_seven_days(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        submission = make_submission(
            campaign=campaign, expires_at=timezone.now() - timedelta(seconds=1)
        )

        response = supporter.confirm(submission.token())

        assert response.status_code == 410
        assert response.json()["type"] == "/problems#token-expired"
        assert not Endorsement.objects.exists()

    @pytest.mark.parametrize("change", [{"allow_endorsements": False}, {"active": False}])
    def test_waits_where_the_campaign_closed_meanwhile(
        self, supporter: Supporter, campaign: PolicyCampaign, change: dict[str, bool]
    ) -> None:
        token = make_submission(campaign=campaign).token()
        PolicyCampaign.objects.update(**change)

        response = supporter.confirm(token)

        assert response.status_code == 409
        assert response.json()["type"] == "/problems#endorsements-closed"
        PolicyCampaign.objects.update(allow_endorsements=True, active=True)
        assert supporter.confirm(token).status_code == 200

    def test_waits_where_the_campaign_was_deleted(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()
        campaign.delete()

        assert supporter.confirm(token).status_code == 409

    def test_changes_nothing_of_a_known_stakeholder(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        known = make_stakeholder(email="ann@example.org", name="Ann", is_public=False)
        submission = make_submission(campaign=campaign, email="ann@example.org", name="Eve")

        supporter.confirm(submission.token())

        stakeholder = Stakeholder.objects.get()
        assert (stakeholder.pk, stakeholder.name, stakeholder.is_public) == (known.pk, "Ann", False)

    def test_replaces_what_waits(self, supporter: Supporter, campaign: PolicyCampaign) -> None:
        for words in ("First.", "Second."):
            submission = make_submission(
                campaign=campaign, email="ann@example.org", statement=words
            )
            supporter.confirm(submission.token())

        endorsement = Endorsement.objects.get()
        assert endorsement.statement == "Second."
        assert Submission.objects.undecided().count() == 1

    def test_leaves_what_is_approved_as_it_is_until_the_new_words_are(
        self, supporter: Supporter, campaign: PolicyCampaign, reviewer: User
    ) -> None:
        stakeholder = make_stakeholder(email="ann@example.org")
        endorsement = make_endorsement(stakeholder=stakeholder, campaign=campaign, statement="Old.")
        submission = make_submission(campaign=campaign, email="ann@example.org", statement="New.")

        answer = supporter.confirm(submission.token()).json()

        assert answer["endorsement"]["statement"] == "New."
        assert answer["endorsement"]["status"] == "pending"
        endorsement.refresh_from_db()
        assert (endorsement.status, endorsement.statement) == ("approved", "Old.")
        approve(endorsement_id=endorsement.pk, by=reviewer)
        endorsement.refresh_from_db()
        assert (endorsement.status, endorsement.statement) == ("approved", "New.")

    @pytest.mark.parametrize("status", ["rejected", "withdrawn"])
    def test_lets_what_was_decided_wait_again(
        self, supporter: Supporter, campaign: PolicyCampaign, status: str
    ) -> None:
        stakeholder = make_stakeholder(email="ann@example.org")
        endorsement = make_endorsement(
            stakeholder=stakeholder, campaign=campaign, status=status, public_display=False
        )
        submission = make_submission(campaign=campaign, email="ann@example.org", statement="New.")

        supporter.confirm(submission.token())

        endorsement.refresh_from_db()
        assert (endorsement.status, endorsement.statement) == ("pending", "New.")
        assert endorsement.public_display is True
        assert [each.from_status for each in endorsement.transitions.all()] == [status]


class TestDecline:
    def test_removes_the_submission_and_writes_no_more_about_the_campaign(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        submission = make_submission(campaign=campaign)

        response = supporter.decline(submission.token())

        assert (response.status_code, response.content) == (204, b"")
        assert not Submission.objects.exists()
        assert Suppression.objects.of(submission.email, campaign_id=campaign.pk).exists()
        assert not Suppression.objects.of(submission.email, campaign_id=campaign.pk + 1).exists()

    def test_is_the_same_when_it_is_done_twice(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()

        answers = [supporter.decline(token), supporter.decline(token)]

        assert [answer.status_code for answer in answers] == [204, 204]

    def test_leaves_nothing_to_confirm(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()
        supporter.decline(token)

        response = supporter.confirm(token)

        assert response.status_code == 404
        assert response.json()["type"] == "/problems#unknown-token"

    def test_takes_back_nothing_that_is_confirmed(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()
        supporter.confirm(token)

        response = supporter.decline(token)

        assert response.status_code == 409
        assert response.json()["type"] == "/problems#already-confirmed"
        assert Endorsement.objects.exists()


class TestResend:
    def test_answers_alike_for_every_address_and_campaign(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        submission = make_submission(campaign=campaign)

        answers = [
            supporter.resend(email=submission.email, campaign="reef"),
            supporter.resend(email="nobody@example.org", campaign="reef"),
            supporter.resend(email=submission.email, campaign="nowhere"),
        ]

        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1

    def test_is_bounded_by_the_limits_of_submissions(
        self, supporter: Supporter, campaign: PolicyCampaign, settings: Any
    ) -> None:
        settings.LIMITS = settings.LIMITS | {"address": (2, 60), "mails": (1, 60)}

        answers = [supporter.resend(email="ann@example.org", campaign="reef") for _ in range(3)]

        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert OutgoingMail.objects.queued().count() == 1


class TestApprove:
    def test_lists_the_stakeholder_as_they_agreed(
        self, supporter: Supporter, campaign: PolicyCampaign, reviewer: User
    ) -> None:
        for email, is_public in (("a@example.org", True), ("b@example.org", False)):
            submission = make_submission(campaign=campaign, email=email, is_public=is_public)
            supporter.confirm(submission.token())

        for endorsement in Endorsement.objects.all():
            approve(endorsement_id=endorsement.pk, by=reviewer)

        assert Stakeholder.objects.get(email="a@example.org").is_public is True
        assert Stakeholder.objects.get(email="b@example.org").is_public is False

    def test_applies_what_a_known_stakeholder_said_of_themselves(
        self, supporter: Supporter, campaign: PolicyCampaign, reviewer: User
    ) -> None:
        known = make_stakeholder(email="ann@example.org", organization="Old Farm", county="Kent")
        submission = make_submission(
            campaign=campaign, email="ann@example.org", name="Ann", county="", organization="Farm"
        )
        supporter.confirm(submission.token())

        approve(endorsement_id=Endorsement.objects.get().pk, by=reviewer)

        known.refresh_from_db()
        # What was left out is not taken back.
        assert (known.name, known.organization, known.county) == ("Ann", "Farm", "Kent")

    def test_never_overrides_a_later_choice(
        self, supporter: Supporter, campaign: PolicyCampaign, reviewer: User
    ) -> None:
        moment = datetime(2026, 11, 1, tzinfo=UTC)
        earlier = make_submission(
            campaign=campaign, email="ann@example.org", name="Anne", created_at=moment
        )
        later = make_submission(
            email="ann@example.org",
            name="Ann",
            is_public=False,
            created_at=moment + timedelta(days=1),
        )
        for each in (earlier, later):
            supporter.confirm(each.token())

        for each in (later, earlier):
            endorsement = Endorsement.objects.get(campaign=each.campaign)
            approve(endorsement_id=endorsement.pk, by=reviewer)

        stakeholder = Stakeholder.objects.get()
        assert (stakeholder.name, stakeholder.is_public) == ("Ann", False)

    def test_writes_to_whoever_sent_it_and_to_nobody_else(
        self, supporter: Supporter, campaign: PolicyCampaign, reviewer: User
    ) -> None:
        supporter.submit(submission_body())
        supporter.confirm(Submission.objects.get().token())
        sent = Endorsement.objects.get()
        entered = make_endorsement(status="pending")

        for endorsement in (sent, entered):
            approve(endorsement_id=endorsement.pk, by=reviewer)

        approved = OutgoingMail.objects.filter(kind="approved")
        assert [mail.endorsement for mail in approved] == [sent]

    def test_keeps_the_old_words_when_the_new_are_rejected(
        self, supporter: Supporter, campaign: PolicyCampaign, reviewer: User
    ) -> None:
        stakeholder = make_stakeholder(email="ann@example.org")
        endorsement = make_endorsement(stakeholder=stakeholder, campaign=campaign, statement="Old.")
        submission = make_submission(campaign=campaign, email="ann@example.org", statement="New.")
        supporter.confirm(submission.token())

        reject(endorsement_id=endorsement.pk, by=reviewer, reason="Not about the reef.")

        endorsement.refresh_from_db()
        assert (endorsement.status, endorsement.statement) == ("approved", "Old.")
        assert not Submission.objects.undecided().exists()

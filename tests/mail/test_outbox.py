from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from backend.actions.confirmation import confirm
from backend.actions.erasing import erase
from backend.actions.own_data import change_details
from backend.actions.personal_links import ask_for_link
from backend.actions.reviews import approve, reject, reopen
from backend.actions.submissions import resend
from backend.mail.outbox import MAX_ATTEMPTS, send_due
from backend.mail.outcomes import outcome_of
from backend.mail.transports import Transport
from backend.models import Endorsement, OutgoingMail, PersonalLink, Submission, Suppression
from tests.factories import make_campaign, make_endorsement, make_stakeholder, make_submission
from tests.smtp import Inbox, mail_server

pytestmark = pytest.mark.django_db


def queue(kind: str = "confirmation", **about: Any) -> OutgoingMail:
    if not about:
        about = {"submission": make_submission()}
    return OutgoingMail.objects.create(kind=kind, **about)


def send() -> None:
    call_command("send_mail", "--once", verbosity=0)


def let_pass(**time: float) -> None:
    """As if that much time had passed for all that waits."""
    for mail in OutgoingMail.objects.queued():
        mail.due_at -= timedelta(**time)
        mail.save(update_fields=["due_at"])


class TestSend:
    def test_hands_what_is_due_to_the_server_once(self, inbox: Inbox) -> None:
        submission = make_submission()
        mail = queue(submission=submission)

        send()
        send()

        [message] = inbox.messages()
        assert message["To"] == submission.email
        mail.refresh_from_db()
        assert (mail.state, mail.attempts) == ("sent", 1)

    def test_sends_a_link_that_confirms(self, inbox: Inbox) -> None:
        submission = make_submission()
        queue(submission=submission)

        send()

        text = inbox.messages()[0].get_body(("plain",))
        assert text
        assert f"/endorsements/confirm#token={submission.token()}" in text.get_content()

    def test_leaves_no_token_in_the_database(self, inbox: Inbox) -> None:
        submission = make_submission()
        queue(submission=submission)

        send()

        rows = [*OutgoingMail.objects.values(), *Submission.objects.values()]
        assert submission.token() not in repr(rows)

    def test_reminds_once_after_two_days(self, inbox: Inbox) -> None:
        queue()
        send()

        send()
        assert len(inbox.taken) == 1
        let_pass(days=2, seconds=1)
        send()
        let_pass(days=9)
        send()

        assert [str(each["Subject"])[:14] for each in inbox.messages()] == [
            "Please confirm",
            "Your endorseme",
        ]

    def test_reminds_nobody_who_has_confirmed(self, inbox: Inbox) -> None:
        submission = make_submission()
        queue(submission=submission)
        send()
        confirm(token=submission.token())

        let_pass(days=3)
        send()

        assert len(inbox.taken) == 1
        assert OutgoingMail.objects.get(kind="reminder").state == "dropped"

    def test_sends_again_what_waits_and_nothing_else(self, inbox: Inbox) -> None:
        campaign = make_campaign(slug="reef")
        make_submission(campaign=campaign, email="ann@example.org", statement="Older")
        newer = make_submission(campaign=campaign, email="ann@example.org")

        for email, slug in (
            ("ann@example.org", "reef"),
            ("nobody@example.org", "reef"),
            ("ann@example.org", "nowhere"),
        ):
            resend(email=email, campaign_slug=slug)
        send()

        [message] = inbox.messages()
        body = message.get_body(("plain",))
        assert body
        assert newer.token() in body.get_content()

    @pytest.mark.parametrize(
        "change",
        [
            {"expires_at": timezone.now() - timedelta(days=1)},
            {"campaign__active": False},
            {"campaign__allow_endorsements": False},
        ],
    )
    def test_drops_what_can_no_longer_be_confirmed(
        self, inbox: Inbox, change: dict[str, Any]
    ) -> None:
        submission = make_submission()
        for name, value in change.items():
            row = submission.campaign if name.startswith("campaign__") else submission
            setattr(row, name.removeprefix("campaign__"), value)
            row.save()
        mail = queue(submission=submission)

        send()

        assert inbox.taken == []
        mail.refresh_from_db()
        assert mail.state == "dropped"

    def test_writes_to_no_suppressed_address(self, inbox: Inbox) -> None:
        bounced, declined, other = make_submission(), make_submission(), make_submission()
        Suppression.objects.add(bounced.email.upper(), Suppression.Reason.BOUNCED)
        Suppression.objects.add(
            declined.email, Suppression.Reason.DECLINED, campaign_id=declined.campaign_id
        )
        for submission in (bounced, declined, other):
            queue(submission=submission)

        send()

        assert [each["To"] for each in inbox.messages()] == [other.email]

    def test_suppresses_what_the_command_names(self, inbox: Inbox) -> None:
        submission = make_submission()
        queue(submission=submission)

        call_command("suppress", submission.email.title(), verbosity=0)
        send()

        assert inbox.taken == []


class ErasesAnn(Transport):
    """While others of the batch wait for their turn."""

    def send(self, message: EmailMessage) -> None:
        super().send(message)
        erase(email="ann@example.org")


def test_who_is_erased_after_their_mails_were_taken_is_sent_none(inbox: Inbox) -> None:
    queue(submission=make_submission(email="bob@example.org"))
    sent = make_submission(email="ann@example.org")
    endorsement = make_endorsement(stakeholder=make_stakeholder(email="ann@example.org"))
    queue(submission=sent)
    queue("resend", email="ann@example.org", campaign=sent.campaign)
    queue("approved", endorsement=endorsement)
    ask_for_link(email="ann@example.org")

    with closing(ErasesAnn()) as transport:
        taken = send_due(transport)

    assert taken == 5
    assert [message["To"] for message in inbox.messages()] == ["bob@example.org"]


class Slow(Transport):
    """Until the lease has run out, and another worker has taken the mail."""

    def send(self, message: EmailMessage) -> None:
        super().send(message)
        OutgoingMail.objects.update(attempts=F("attempts") + 1)


@pytest.mark.usefixtures("inbox")
def test_what_another_worker_has_taken_meanwhile_is_not_closed() -> None:
    queue()

    with closing(Slow()) as transport:
        send_due(transport)

    assert [mail.state for mail in OutgoingMail.objects.all()] == ["queued"]


class TestLinks:
    def test_are_sent_to_whoever_is_known(self, inbox: Inbox) -> None:
        make_stakeholder(email="ann@example.org")
        for email in ("Ann@example.org", "nobody@example.org"):
            ask_for_link(email=email)

        send()

        [message] = inbox.messages()
        assert message["To"] == "ann@example.org"
        text = message.get_body(("plain",))
        assert text
        token = PersonalLink.objects.get(email="ann@example.org").token()
        assert f"/me#token={token}" in text.get_content()
        rows = [*OutgoingMail.objects.values(), *PersonalLink.objects.values()]
        assert token not in repr(rows)
        states = dict(OutgoingMail.objects.values_list("link__email", "state"))
        assert states == {"ann@example.org": "sent", "nobody@example.org": "dropped"}

    @pytest.mark.parametrize("why", ["suppressed", "deleted", "erased", "too late"])
    def test_are_dropped_when_nobody_may_or_can_use_them(self, inbox: Inbox, why: str) -> None:
        stakeholder = make_stakeholder(email="ann@example.org")
        ask_for_link(email="ann@example.org")
        if why == "suppressed":
            Suppression.objects.add("ann@example.org", Suppression.Reason.COMPLAINED)
        elif why == "deleted":
            stakeholder.delete()
        elif why == "erased":
            erase(email="ann@example.org")
        else:
            PersonalLink.objects.update(expires_at=timezone.now())

        send()

        assert inbox.taken == []

    def test_of_who_declined_a_campaign_are_sent(self, inbox: Inbox) -> None:
        make_stakeholder(email="ann@example.org")
        Suppression.objects.add(
            "ann@example.org", Suppression.Reason.DECLINED, campaign_id=make_campaign().pk
        )
        ask_for_link(email="ann@example.org")

        send()

        assert len(inbox.taken) == 1


class TestDecisions:
    @pytest.fixture
    def reviewer(self) -> User:
        return User.objects.create_user("reviewer")

    @pytest.fixture
    def confirmed(self) -> Endorsement:
        submission = make_submission()
        return confirm(token=submission.token()).endorsement

    def test_are_told(self, inbox: Inbox, confirmed: Endorsement, reviewer: User) -> None:
        approve(endorsement_id=confirmed.pk, by=reviewer)

        let_pass(seconds=31)
        send()

        [message] = inbox.messages()
        assert message["Subject"].startswith("Your endorsement was accepted")
        assert message["To"] == confirmed.stakeholder.email

    def test_are_told_with_the_reason(
        self, inbox: Inbox, confirmed: Endorsement, reviewer: User
    ) -> None:
        reject(endorsement_id=confirmed.pk, by=reviewer, reason="Not <about> the reef.")

        let_pass(seconds=31)
        send()

        [message] = inbox.messages()
        text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
        assert text
        assert html
        assert "Not <about> the reef." in text.get_content()
        assert "Not &lt;about&gt; the reef." in html.get_content()

    def test_are_not_told_once_they_are_undone(
        self, inbox: Inbox, confirmed: Endorsement, reviewer: User
    ) -> None:
        approve(endorsement_id=confirmed.pk, by=reviewer)
        reopen(endorsement_id=confirmed.pk, by=reviewer)

        let_pass(seconds=31)
        send()

        assert inbox.taken == []

    def test_about_new_words_say_that_the_old_ones_stay(self, inbox: Inbox, reviewer: User) -> None:
        stakeholder = make_stakeholder(email="ann@example.org")
        endorsement = make_endorsement(stakeholder=stakeholder)
        submission = make_submission(campaign=endorsement.campaign, email="ann@example.org")
        confirm(token=submission.token())
        reject(endorsement_id=endorsement.pk, by=reviewer)

        let_pass(seconds=31)
        send()

        [message] = inbox.messages()
        assert message["Subject"].startswith("Your new statement was not accepted")

    @pytest.mark.parametrize(
        ("decide", "told"), [(approve, "were accepted"), (reject, "were not accepted")]
    )
    def test_about_a_corrected_name_speak_of_no_endorsement_that_was_accepted_or_not(
        self,
        inbox: Inbox,
        reviewer: User,
        decide: Callable[..., Endorsement],
        told: str,
    ) -> None:
        endorsement = make_endorsement()
        change_details(
            stakeholder_id=endorsement.stakeholder_id, values={"name": "Ann Lee"}, network=b"n"
        )
        decide(endorsement_id=endorsement.pk, by=reviewer)

        let_pass(seconds=31)
        send()

        [message] = inbox.messages()
        assert message["Subject"] == f"Your changes at Coalition Builder {told}"

    def test_about_what_was_corrected_before_any_decision_are_about_the_endorsement(
        self, inbox: Inbox, confirmed: Endorsement, reviewer: User
    ) -> None:
        change_details(
            stakeholder_id=confirmed.stakeholder_id, values={"name": "Ann Lee"}, network=b"n"
        )
        approve(endorsement_id=confirmed.pk, by=reviewer)

        let_pass(seconds=31)
        send()

        [message] = inbox.messages()
        assert message["Subject"].startswith("Your endorsement was accepted")


class TestFailures:
    def test_of_one_recipient_hold_up_no_other(self, inbox: Inbox) -> None:
        refused, other = make_submission(), make_submission()
        inbox.answers[refused.email] = "550 No such user"
        mails = [queue(submission=each) for each in (refused, other)]

        send()

        assert [each["To"] for each in inbox.messages()] == [other.email]
        for mail in mails:
            mail.refresh_from_db()
        assert [mail.state for mail in mails] == ["failed", "sent"]
        assert "No such user" in mails[0].error
        assert Suppression.objects.of(refused.email, campaign_id=0).exists()

    def test_that_are_about_us_suppress_nobody(self, inbox: Inbox) -> None:
        submission = make_submission()
        mail = queue(submission=submission)
        inbox.answers[submission.email] = "550 5.7.1 Relaying denied"

        send()

        mail.refresh_from_db()
        assert mail.state == "queued"
        assert not Suppression.objects.exists()

    def test_that_are_logged_name_nobody(self) -> None:
        answer = 421, b"4.7.0 <ann@example.org>: too many"

        outcome = outcome_of(SMTPRecipientsRefused({"ann@example.org": answer}))

        assert str(outcome) == "421 4.7.0 … too many"

    @pytest.mark.parametrize("mishap", ["451 Come back later", "552 Full"])
    def test_of_one_mail_have_it_tried_again_later(self, inbox: Inbox, mishap: str) -> None:
        mails = [queue(), queue()]
        inbox.mishaps = [mishap]

        send()

        assert len(inbox.taken) == 1
        mails[0].refresh_from_db()
        assert mails[0].state == "queued"
        assert mails[0].error.startswith(mishap[:3])
        let_pass(minutes=1)
        send()
        assert len(inbox.taken) == 2

    def test_to_write_a_mail_hold_up_no_other(self, inbox: Inbox) -> None:
        # No form lets such an address through; SQL does.
        broken, other = queue(submission=make_submission(email="a\nb@example.org")), queue()

        send()

        assert len(inbox.taken) == 1
        broken.refresh_from_db()
        assert broken.state == "queued"
        assert broken.error
        other.refresh_from_db()
        assert other.state == "sent"

    @pytest.mark.parametrize("mishap", ["drop", "hang"])
    def test_of_the_server_lose_nothing(self, inbox: Inbox, mishap: str) -> None:
        for _ in range(3):
            queue()
        inbox.mishaps = [mishap]

        with pytest.raises(CommandError, match="mail server"):
            send()

        assert OutgoingMail.objects.queued().count() == 3
        send()  # the other two are due at once
        assert len(inbox.taken) == 2
        let_pass(minutes=1)
        send()
        assert len(inbox.taken) == 3

    def test_of_a_server_that_is_not_there_lose_nothing(self, settings: Any) -> None:
        with mail_server() as gone:
            port = gone.port
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        queue()

        with pytest.raises(CommandError):
            send()

        with mail_server(port) as inbox:
            let_pass(minutes=1)
            send()
            assert len(inbox.taken) == 1

    def test_are_given_up_after_a_day_and_seen_by_staff(self, inbox: Inbox) -> None:
        submission = make_submission()
        mail = queue(submission=submission)
        inbox.answers[submission.email] = "451 Come back later"
        waited = timedelta()

        while OutgoingMail.objects.queued().exists():
            mail.refresh_from_db()
            waited += max(timedelta(), mail.due_at - timezone.now())
            let_pass(days=1)
            send()

        mail.refresh_from_db()
        assert (mail.state, mail.attempts) == ("failed", MAX_ATTEMPTS)
        assert timedelta(hours=23) < waited < timedelta(hours=30)
        assert OutgoingMail.objects.failed().get().error == "451 Come back later"

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from backend.actions.personal_links import ask_for_link
from backend.mail.outbox import send_due
from backend.mail.transports import Transport
from backend.models import OutgoingMail, Submission
from tests.factories import make_submission, make_user

pytestmark = pytest.mark.django_db

MAILS = "/admin/coalition/outgoingmail/"


class TestList:
    def test_shows_what_could_not_be_sent_and_why(self, admin_client: Client) -> None:
        for state in ("sent", "failed"):
            OutgoingMail.objects.create(
                kind="confirmation",
                submission=make_submission(name="Ann"),
                state=state,
                error="451 Come back later",
            )

        response = admin_client.get(MAILS, {"show": "failed"})

        assert [mail.state for mail in response.context["cl"].result_list] == ["failed"]
        assert "451 Come back later" in response.content.decode()

    def test_begins_with_what_went_wrong(self, admin_client: Client) -> None:
        for state, attempts in (("sent", 1), ("failed", 5), ("queued", 0), ("queued", 3)):
            OutgoingMail.objects.create(
                kind="confirmation", submission=make_submission(), state=state, attempts=attempts
            )

        response = admin_client.get(MAILS, {"show": "not_sent"})

        found = [(mail.state, mail.attempts) for mail in response.context["cl"].result_list]
        assert found == [("queued", 3), ("failed", 5)]
        assert 'Not sent <span class="count">2</span>' in response.content.decode()

    def test_shows_whom_a_link_was_for(self, admin_client: Client) -> None:
        ask_for_link(email="ann@example.org")

        assert "ann@example.org" in admin_client.get(MAILS).content.decode()

    def test_can_only_be_read(self, admin_client: Client) -> None:
        mail = OutgoingMail.objects.create(kind="confirmation", submission=make_submission())

        answers = [
            admin_client.post(f"{MAILS}add/", {}),
            admin_client.post(f"{MAILS}{mail.pk}/change/", {"state": "sent"}),
            admin_client.post(f"{MAILS}{mail.pk}/delete/", {"post": "yes"}),
        ]

        assert {answer.status_code for answer in answers} == {403}
        assert OutgoingMail.objects.get().state == "queued"


def make_failed(submission: Submission, **values: Any) -> OutgoingMail:
    return OutgoingMail.objects.create(
        kind="confirmation", submission=submission, state="failed", attempts=12, **values
    )


class TestSendingAgain:
    def test_sends_what_is_still_wanted_and_drops_the_others(
        self, act: Callable[..., str], mailoutbox: list[Any]
    ) -> None:
        wanted = make_failed(make_submission(email="ann@example.org"), error="451 Full")
        late = make_failed(make_submission(expires_at=timezone.now() - timedelta(days=1)))

        said = act("send_again", wanted, late)
        send_due(Transport())

        assert said.startswith("2 outgoing mails will be sent again.")
        assert [each.to for each in mailoutbox] == [["ann@example.org"]]
        for each, state in ((wanted, "sent"), (late, "dropped")):
            each.refresh_from_db()
            assert (each.state, each.attempts, each.error) == (state, 1, "")

    @pytest.mark.parametrize("state", ["queued", "sent", "dropped"])
    def test_is_of_nothing_that_did_not_fail(self, act: Callable[..., str], state: str) -> None:
        mail = OutgoingMail.objects.create(
            kind="confirmation", submission=make_submission(), state=state, attempts=3
        )

        said = act("send_again", mail)

        mail.refresh_from_db()
        assert (mail.state, mail.attempts) == (state, 3)
        assert said.startswith("Select mails that failed")

    def test_is_in_the_history_with_who_chose_it(
        self, act: Callable[..., str], client: Client
    ) -> None:
        moderator = make_user("moderator", username="mo")
        client.force_login(moderator)
        mail = make_failed(make_submission())

        act("send_again", mail, client=client)

        history = client.get(f"{MAILS}{mail.pk}/history/").content.decode()
        assert "Sent again." in history

    def test_is_for_those_who_decide(
        self, act: Callable[..., str], staff_client: Callable[..., Client]
    ) -> None:
        mail = make_failed(make_submission())

        act("send_again", mail, client=staff_client("view_outgoingmail"))

        mail.refresh_from_db()
        assert mail.state == "failed"

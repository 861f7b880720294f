import pytest
from django.test import Client

from backend.actions.personal_links import ask_for_link
from backend.models import OutgoingMail
from tests.factories import make_submission

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

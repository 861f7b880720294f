"""What nobody has confirmed yet."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from backend.models import Desk, OutgoingMail, Submission
from tests.factories import make_endorsement, make_submission, make_user

pytestmark = pytest.mark.django_db

SUBMISSIONS = "/admin/coalition/submission/"


def found(client: Client, **query: str) -> list[Submission]:
    return list(client.get(SUBMISSIONS, query).context["cl"].result_list)


def make_late() -> Submission:
    return make_submission(expires_at=timezone.now() - timedelta(minutes=1))


def mail(submission: Submission, state: str, **values: Any) -> OutgoingMail:
    return OutgoingMail.objects.create(
        kind="confirmation", submission=submission, state=state, **values
    )


class TestList:
    def test_has_what_the_desk_counts(self, admin_client: Client) -> None:
        make_late()
        endorsement = make_endorsement(status="pending")
        make_submission(endorsement=endorsement, confirmed_at=timezone.now())
        waiting = make_submission()

        assert found(admin_client, show="waiting") == [waiting]
        assert Desk.now().unconfirmed == 1
        html = admin_client.get("/admin/").content.decode()
        assert f'<a href="{SUBMISSIONS}?show=waiting"><span class="number">1</span>' in html

    def test_has_those_that_came_too_late_and_none_that_are_confirmed(
        self, admin_client: Client
    ) -> None:
        late, waiting = make_late(), make_submission()
        make_submission(endorsement=make_endorsement(), confirmed_at=timezone.now())

        assert found(admin_client, show="late") == [late]
        assert found(admin_client) == [waiting, late]
        assert 'All <span class="count">2</span>' in admin_client.get(SUBMISSIONS).content.decode()

    def test_finds_those_whose_mail_was_not_sent(self, admin_client: Client) -> None:
        unreached, reached = make_submission(), make_submission()
        mail(unreached, "failed")
        mail(reached, "sent")

        assert found(admin_client, show="unreached") == [unreached]

    def test_says_what_became_of_the_last_mail(self, admin_client: Client) -> None:
        submission = make_submission()
        mail(submission, "sent")
        last = OutgoingMail.objects.create(kind="reminder", submission=submission, state="failed")

        html = admin_client.get(SUBMISSIONS).content.decode()

        assert (
            f'href="/admin/coalition/outgoingmail/{last.pk}/change/">Reminder: Failed</a>' in html
        )
        assert "Confirmation: Sent" not in html

    def test_names_senders_to_those_alone_who_may_see_addresses(
        self, staff_client: Callable[..., Client]
    ) -> None:
        submission = make_submission(name="Ann Reed", email="ann@reed.example")
        moderator, other = Client(), staff_client("view_submission")
        moderator.force_login(make_user("moderator"))
        pages = ["", "?q=ann", f"{submission.pk}/change/"]

        seen = [moderator.get(SUBMISSIONS + page).content.decode() for page in pages]
        hidden = [other.get(SUBMISSIONS + page).content.decode() for page in pages]

        assert all("ann@reed.example" in html for html in seen)
        assert not [html for html in hidden if "ann@" in html or "Ann Reed</" in html]

    @pytest.mark.parametrize("query", ["email__startswith", "name", "network"])
    def test_answers_nothing_else_about_senders(self, admin_client: Client, query: str) -> None:
        assert admin_client.get(SUBMISSIONS, {query: "ann"}).status_code == 400

    @pytest.mark.parametrize("action", ["change", "delete"])
    def test_can_only_be_read(self, admin_client: Client, action: str) -> None:
        submission = make_submission()

        response = admin_client.post(f"{SUBMISSIONS}{submission.pk}/{action}/", {"post": "yes"})

        assert response.status_code == 403

    def test_is_for_no_editor(self, client: Client) -> None:
        client.force_login(make_user("editor"))

        assert client.get(SUBMISSIONS).status_code == 403

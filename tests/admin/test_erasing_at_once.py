"""People who have themselves erased while staff change something about them."""

import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection, transaction
from django.test import Client
from knox.models import AuthToken
from rest_framework.test import APIClient

from backend.actions.erasing import erase
from backend.models import Endorsement, Stakeholder
from tests.factories import make_endorsement, make_stakeholder, make_user

pytestmark = pytest.mark.django_db(transaction=True)

ADMIN = "/admin/coalition"


def erased_during(act: Callable[[], Any], email: str) -> Any:
    """What the act returns that begins before the end of an erasure, and ends after it."""
    has_erased = Event()

    def run() -> None:
        try:
            with transaction.atomic():
                erase(email=email)
                has_erased.set()
                time.sleep(0.5)  # the act comes to where it waits
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    has_erased.wait(timeout=10)
    try:
        return act()
    finally:
        thread.join()


@pytest.fixture
def endorsement() -> Endorsement:
    return make_endorsement(stakeholder=make_stakeholder(email="ann@example.org", name="Ann"))


@pytest.fixture
def administrator() -> Client:
    client = Client()
    client.force_login(make_user("administrator"))
    client.get(f"{ADMIN}/stakeholder/")  # the first request takes longer than an erasure
    return client


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (
            "stakeholder/{stakeholder}/change/",
            {"name": "Ann", "email": "ann@example.org", "type": "farmer", "state": "MD"},
        ),
        (
            "endorsement/{endorsement}/change/",
            {"stakeholder": "{stakeholder}", "campaign": "{campaign}", "public_display": "True"},
        ),
        ("stakeholder/{stakeholder}/delete/", {"post": "yes"}),
        (
            "stakeholder/",
            {"action": "delete_selected", "_selected_action": "{stakeholder}", "post": "yes"},
        ),
        (
            "stakeholder/",
            {"action": "stop_showing", "_selected_action": "{stakeholder}", "confirmed": "yes"},
        ),
        ("endorsement/decide/reject/", {"id": "{endorsement}", "confirmed": "yes"}),
    ],
    ids=["change", "change-endorsement", "delete", "delete-selected", "stop-showing", "reject"],
)
def test_do_not_come_back(
    administrator: Client, endorsement: Endorsement, path: str, form: dict[str, str]
) -> None:
    keys = {
        "endorsement": endorsement.pk,
        "stakeholder": endorsement.stakeholder_id,
        "campaign": endorsement.campaign_id,
    }
    filled = {name: value.format(**keys) for name, value in form.items()}

    answer = erased_during(
        lambda: administrator.post(f"{ADMIN}/{path.format(**keys)}", filled), "ann@example.org"
    )

    assert answer.status_code in {302, 404}
    assert not Stakeholder.all_objects.exists()
    assert not LogEntry.objects.exists()


def test_are_not_restored(api: APIClient, endorsement: Endorsement) -> None:
    endorsement.stakeholder.delete()
    token = AuthToken.objects.create(make_user("administrator"))[1]
    path = f"/api/v1/manage/stakeholders/{endorsement.stakeholder_id}/restore"
    api.credentials(HTTP_AUTHORIZATION=f"Token {token}")

    answer = erased_during(lambda: api.post(path), "ann@example.org")

    assert answer.status_code == 404
    assert not LogEntry.objects.exists()


def test_find_the_line_in_the_log_of_a_decision_that_was_made_before(
    administrator: Client, endorsement: Endorsement, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_arguments: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("backend.admin.decisions.log_changes", dies)

    with pytest.raises(RuntimeError):
        administrator.post(
            f"{ADMIN}/endorsement/decide/reopen/", {"id": endorsement.pk, "confirmed": "yes"}
        )

    endorsement.refresh_from_db()
    assert endorsement.status == "approved"

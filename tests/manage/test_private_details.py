"""E-mail addresses and exact places, which no right but the one to see them shows."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.gis.geos import Point
from django.test import Client

from backend.actions.confirmation import confirm
from backend.models import Endorsement, Stakeholder
from tests.factories import make_submission
from tests.manage.conftest import Staff

pytestmark = pytest.mark.django_db

MANAGE = "/api/v1/manage"
ADDRESS, PLACE = "canary@home.example", Point(-76.494123, 38.978456, srid=4326)
ALL_BUT_PRIVATE = [
    f"{verb}_{model}"
    for verb in ("view", "add", "change", "delete")
    for model in ("endorsement", "stakeholder", "submission")
]


@pytest.fixture
def reviewers(db: None) -> str:
    """A group of the coalition's own, with all rights about people but the one to reach them."""
    group = Group.objects.create(name="reviewers")
    group.permissions.set(Permission.objects.filter(codename__in=ALL_BUT_PRIVATE))
    return group.name


@pytest.fixture
def endorsement() -> Endorsement:
    """Of a private person, who moved since they were last heard of."""
    sent = {"name": "Ann", "type": "individual", "email": ADDRESS}
    first = confirm(token=make_submission(**sent, location=PLACE).token()).endorsement
    moved = Point(-76.1, 38.987654, srid=4326)
    again = make_submission(**sent, campaign=first.campaign, location=moved)
    return confirm(token=again.token()).endorsement


def text_of(answer: Any) -> str:
    content = b"".join(answer) if answer.streaming else answer.content
    return str(content.decode())


@pytest.mark.parametrize(
    "path",
    [
        "endorsements",
        "endorsements/{}",
        "stakeholders",
        "exports/endorsements.csv",
        "exports/stakeholders.json",
    ],
)
def test_are_in_no_answer_to_others(
    staff: Staff, reviewers: str, endorsement: Endorsement, path: str
) -> None:
    url = f"{MANAGE}/{path.format(endorsement.pk)}"

    hidden, shown = (text_of(staff(group).get(url)) for group in (reviewers, "administrator"))

    assert "Ann" in hidden
    for secret in (ADDRESS, "38.978456"):
        assert secret in shown
        assert secret not in hidden
    assert "38.987654" not in hidden


def test_are_not_in_the_answer_to_a_decision(
    staff: Staff, reviewers: str, endorsement: Endorsement
) -> None:
    answer = staff(reviewers).post(f"{MANAGE}/endorsements/{endorsement.pk}/approve")

    assert answer.status_code == 200
    assert answer.json()["submission"]["email"] is None
    assert ADDRESS not in text_of(answer)


@pytest.mark.parametrize(
    "path", ["endorsements", "stakeholders", "exports/endorsements.csv", "exports/stakeholders.csv"]
)
def test_are_found_by_nobody_else_who_searches(
    staff: Staff, reviewers: str, endorsement: Endorsement, path: str
) -> None:
    found = [
        endorsement.stakeholder.name in text_of(staff(group).get(f"{MANAGE}/{path}", query))
        for group in (reviewers, "moderator")
        for query in ({"search": "canary@h"}, {"search": "ann"})
    ]

    assert found == [False, True, True, True]


def test_are_needed_to_add_somebody(staff: Staff, reviewers: str) -> None:
    body = {"name": "Ann", "type": "farmer", "state": "MD"}

    answer = staff(reviewers).post(f"{MANAGE}/stakeholders", body, format="json")

    assert answer.status_code == 403
    assert not Stakeholder.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "stakeholder/?email__startswith=canary",
        "stakeholder/?location__isnull=False",
        "endorsement/?stakeholder__email__startswith=canary",
        "stakeholder/add/",
    ],
)
def test_are_nothing_that_the_admin_can_be_asked_by(
    staff: Staff, reviewers: str, endorsement: Endorsement, query: str
) -> None:
    client = Client()
    client.force_login(staff(reviewers).user)  # type: ignore[attr-defined]  # from the fixture

    answer = client.get(f"/admin/coalition/{query}")

    # Django's word for "ask something else" is a way back to the list.
    assert answer.status_code in {400, 403} or answer["Location"].endswith("?e=1")

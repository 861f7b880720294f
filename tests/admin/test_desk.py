"""The first page of the admin."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backend.models import OutgoingMail
from tests.factories import make_endorsement, make_homepage, make_submission, make_user

pytestmark = pytest.mark.django_db

REVIEWS = {"waiting for a decision", "with a warning", "not confirmed yet", "mails not sent"}
HOMEPAGE = {"None is active"}
ENDORSEMENTS = "/admin/coalition/endorsement/"


def desk(client: Client) -> str:
    html = " ".join(client.get("/admin/").content.decode().split())
    return html[html.index("<main") :]


def as_member_of(group: str) -> Client:
    client = Client()
    client.force_login(make_user(group))
    return client


class TestDesk:
    def test_leads_to_what_waits(self, admin_client: Client) -> None:
        for _ in range(2):
            make_endorsement(status="pending")
        make_submission()
        OutgoingMail.objects.create(
            kind="confirmation", submission=make_submission(), state="failed"
        )

        html = desk(admin_client)

        numbers = re.findall(r'<span class="number">(\d+)</span> ([\w ]+)', html)
        assert numbers == [
            ("2", "waiting for a decision"),
            ("0", "with a warning"),
            ("2", "not confirmed yet"),
            ("1", "mail not sent"),
        ]
        assert f'href="{ENDORSEMENTS}?show=waiting"' in html
        assert f'href="{ENDORSEMENTS}?show=flagged"' in html
        assert 'href="/admin/coalition/outgoingmail/?show=not_sent"' in html

    def test_names_the_active_homepage_or_says_that_there_is_none(
        self, admin_client: Client
    ) -> None:
        assert "None is active" in desk(admin_client)

        page = make_homepage(is_active=True)

        assert f"</span> {page}</a>" in desk(admin_client)

    def test_has_accounts_last(self, admin_client: Client) -> None:
        html = desk(admin_client)

        apps = re.findall(r'class="section" title="[^"]*">([^<]*)<', html)
        assert apps == ["Coalition", "Accounts"]
        assert html.index(">Endorsements<") < html.index(">Stakeholders<") < html.index(">Users<")

    @pytest.mark.parametrize(
        ("group", "shown"),
        [
            ("moderator", REVIEWS),
            ("editor", HOMEPAGE),
            ("administrator", REVIEWS | HOMEPAGE),
        ],
    )
    def test_shows_a_group_what_it_may_see(self, group: str, shown: set[str]) -> None:
        html = desk(as_member_of(group))

        assert {card for card in REVIEWS | HOMEPAGE if card in html} == shown

    def test_counts_nothing_that_it_does_not_show(self) -> None:
        client = as_member_of("editor")

        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/")

        assert not [each for each in queries if "endorsements_" in each["sql"]]

    def test_costs_as_many_queries_however_much_waits(self, admin_client: Client) -> None:
        make_endorsement(status="pending")
        with CaptureQueriesContext(connection) as before:
            desk(admin_client)
        for _ in range(4):
            make_endorsement(status="pending")

        with CaptureQueriesContext(connection) as after:
            desk(admin_client)

        assert len(after) == len(before)

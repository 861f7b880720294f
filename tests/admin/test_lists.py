from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from tests.factories import (
    make_block,
    make_campaign,
    make_endorsement,
    make_homepage,
    make_stakeholder,
    make_submission,
)

pytestmark = pytest.mark.django_db

# The session, the user, the number of rows, and the page.
LIST = 4
# What was sent for the endorsements of the page.
SENT = 1
# What was mailed about the submissions of the page.
MAILS = 1
# What many say.
BATCHES = 1
# The rows of another model that the list can be filtered by.
FILTER = 1

# The number of rows without the filters, of tables that stay small.
ALL = 1

# Above a list stands how many rows there are of each kind: a number to add.
MODELS = ["homepage", "contentblock", "policycampaign", "stakeholder", "endorsement", "submission"]
LISTS = [
    ("homepage", make_homepage, LIST + ALL),
    ("contentblock", make_block, LIST + ALL + FILTER),
    ("policycampaign", make_campaign, LIST),
    ("stakeholder", make_stakeholder, LIST + 3),
    ("endorsement", make_endorsement, LIST + FILTER + SENT + BATCHES + 6),
    ("submission", make_submission, LIST + FILTER + MAILS + 4),
]


class TestList:
    @pytest.mark.parametrize(("model", "make", "queries"), LISTS)
    def test_costs_as_many_queries_however_many_rows(
        self,
        admin_client: Client,
        django_assert_num_queries: DjangoAssertNumQueries,
        model: str,
        make: Callable[[], Any],
        queries: int,
    ) -> None:
        for _ in range(5):
            make()

        with django_assert_num_queries(queries):
            response = admin_client.get(f"/admin/coalition/{model}/")

        assert len(response.context["cl"].result_list) == 5

    @pytest.mark.parametrize(("model", "make"), [(model, make) for model, make, _ in LISTS])
    def test_can_be_searched(
        self, admin_client: Client, model: str, make: Callable[[], Any]
    ) -> None:
        make()

        response = admin_client.get(f"/admin/coalition/{model}/", {"q": "nobody wrote this"})

        assert list(response.context["cl"].result_list) == []

    @pytest.mark.parametrize("model", MODELS)
    def test_is_forbidden_to_staff_without_permission(
        self,
        staff_client: Callable[..., Client],
        model: str,
    ) -> None:
        response = staff_client().get(f"/admin/coalition/{model}/")

        assert response.status_code == 403

    @pytest.mark.parametrize("model", MODELS)
    def test_sends_others_to_the_login(self, client: Client, model: str) -> None:
        client.force_login(User.objects.create_user("visitor"))

        response = client.get(f"/admin/coalition/{model}/")

        assert response.status_code == 302
        assert response["Location"].startswith("/admin/login/")


class TestTabs:
    def test_count_no_further_than_a_page_may_take(
        self, admin_client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backend.admin.tabs.MOST_COUNTED", 2)
        for _ in range(3):
            make_stakeholder()

        html = admin_client.get("/admin/coalition/stakeholder/").content.decode()

        assert 'Shown to the public <span class="count">2+</span>' in html
        assert 'Not shown <span class="count">0</span>' in html

    def test_show_all_rows_for_a_choice_that_is_none(self, admin_client: Client) -> None:
        make_stakeholder()

        response = admin_client.get("/admin/coalition/stakeholder/", {"show": "nobody"})

        assert len(response.context["cl"].result_list) == 1


ROWS = 'FROM "endorsements_endorsement"'


class TestListOfEndorsements:
    def test_shows_the_newest_first(self, admin_client: Client) -> None:
        older, newer = make_endorsement(), make_endorsement()

        response = admin_client.get("/admin/coalition/endorsement/")

        assert list(response.context["cl"].result_list) == [newer, older]

    def test_reads_its_page_from_the_index(self, admin_client: Client) -> None:
        make_endorsement()
        with CaptureQueriesContext(connection) as queries:
            admin_client.get("/admin/coalition/endorsement/")
        page = next(
            query["sql"] for query in queries if ROWS in query["sql"] and "ORDER BY" in query["sql"]
        )

        with connection.cursor() as cursor:
            # In a table of one row anything is as good as an index.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute(f"EXPLAIN {page}")
            plan = str(cursor.fetchall())

        assert "idx_endorsement_created" in plan

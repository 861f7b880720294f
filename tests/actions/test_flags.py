"""What a reviewer is told to look at twice. None of it refuses anything."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.actions.confirmation import confirm
from backend.models import Submission
from tests.factories import make_campaign, make_stakeholder, make_submission

pytestmark = pytest.mark.django_db

WORDS = "The reefs were a wall once, and my grandfather rowed along it for a whole morning."


def flags(**values: Any) -> set[str]:
    """Those of a submission once it is confirmed."""
    submission = make_submission(**values)
    confirm(token=submission.token())
    submission.refresh_from_db()
    return {flag["flag"] for flag in submission.flags}


class TestFlags:
    def test_are_none_for_what_is_usual(self) -> None:
        assert flags(statement=WORDS) == set()

    def test_wait_until_the_submission_is_confirmed(self) -> None:
        submission = make_submission(email="ann@mailinator.com")

        assert submission.flags == []

    def test_say_why(self) -> None:
        flags(email="ann@mailinator.com")

        [flag] = Submission.objects.get().flags
        assert "mailinator.com" in flag["reason"]

    @pytest.mark.parametrize("domain", ["mailinator.com", "eu.mailinator.com"])
    def test_name_a_disposable_domain(self, domain: str) -> None:
        assert flags(email=f"ann@{domain}") == {"disposable_email"}

    @pytest.mark.parametrize("link", ["https://x.example/a", "www.x.example", "buy at spam.com"])
    def test_name_a_link_in_the_statement(self, link: str) -> None:
        assert flags(statement=f"See {link}!") == {"links"}

    @pytest.mark.parametrize("statement", ["I farm. It matters.", "Mr. Smith", "10.5 acres"])
    def test_take_no_sentence_for_a_link(self, statement: str) -> None:
        assert flags(statement=statement) == set()

    def test_name_a_statement_that_is_nearly_anothers(self) -> None:
        flags(statement=WORDS)

        assert flags(statement=WORDS.replace("whole", "long")) == {"similar_statement"}
        assert flags(statement="Clean water is what our guests come for, every summer.") == set()

    def test_let_a_person_repeat_themselves(self) -> None:
        flags(email="ann@example.org", statement=WORDS)

        again = flags(email="ann@example.org", name="Supporter", statement=WORDS)

        assert "similar_statement" not in again

    def test_let_everybody_say_what_the_campaign_suggests(self) -> None:
        campaign = make_campaign(endorsement_statement=WORDS)
        flags(campaign=campaign, statement=WORDS)

        assert flags(campaign=campaign, statement=WORDS) == set()

    def test_name_many_of_one_network(self) -> None:
        for _ in range(10):
            make_submission(network=b"the same")

        assert flags(network=b"the same") == {"same_network"}
        assert flags(network=b"another") == set()

    def test_name_another_domain_than_that_of_the_organization(self) -> None:
        make_stakeholder(organization="Reef Farm", email="joe@reef-farm.example")

        assert flags(organization="reef farm", email="eve@gmail.com") == {"organization_domain"}
        assert flags(organization="Reef Farm", email="ann@reef-farm.example") == set()

    def test_know_no_domain_of_an_organization_from_a_provider_that_everybody_uses(self) -> None:
        make_stakeholder(organization="Reef Farm", email="joe@gmail.com")

        assert flags(organization="Reef Farm", email="ann@reef-farm.example") == set()

    def test_name_another_name_than_the_one_that_is_known(self) -> None:
        make_stakeholder(name="Ann", email="ann@example.org")

        assert flags(name="Eve", email="ann@example.org") == {"other_name"}
        assert flags(name="ANN", email="ann@example.org") == set()


class TestPlan:
    def test_finds_colleagues_by_an_index_however_many_stakeholders(self) -> None:
        submission = make_submission(organization="Reef Farm")
        make_stakeholder(organization="Reef Farm", email="joe@reef-farm.example")

        with connection.cursor() as cursor, CaptureQueriesContext(connection) as captured:
            # For a table of one page the planner would read it.
            cursor.execute("SET LOCAL enable_seqscan = off")
            confirm(token=submission.token())
        [asked] = [each["sql"] for each in captured if "UPPER" in each["sql"]]

        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {asked}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "idx_stakeholder_organization" in plan

"""Which index answers each list of staff's, over 50,000 rows of each kind."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.test_plans import CAMPAIGNS, ENDORSEMENTS, ROWS, STAKEHOLDERS
from tests.conftest import connect_as_owner, remove_committed_rows
from tests.manage.conftest import Staff
from tests.statements import uncommented

pytestmark = pytest.mark.django_db

MANAGE = "/api/v1/manage"

# One in a thousand is not approved, or something new was sent for it.
WAITING = """
UPDATE endorsements_endorsement SET status = CASE id % 3
    WHEN 0 THEN 'pending' WHEN 1 THEN 'rejected' ELSE 'withdrawn' END
WHERE id % 1000 = 0
"""
SUBMISSIONS = """
INSERT INTO endorsements_submission (
    campaign_id, name, email, state, type, public_display, is_public, email_updates, consents,
    network, nonce, created_at, expires_at, confirmed_at, decided_at, endorsement_id, flags,
    is_correction
)
SELECT e.campaign_id, s.name, s.email, s.state, s.type, true, true, false, '{}',
    decode(md5((e.id % 5000)::text), 'hex'), decode(md5(e.id::text), 'hex'), e.created_at,
    e.created_at + interval '7 days', e.created_at,
    CASE WHEN e.id % 1000 > 0 THEN e.created_at END, e.id,
    CASE WHEN e.id % 5000 = 0 THEN '[{"flag": "links", "reason": "www"}]'::jsonb ELSE '[]' END,
    false
FROM endorsements_endorsement e JOIN stakeholders_stakeholder s ON s.id = e.stakeholder_id
"""


@pytest.fixture(scope="module", autouse=True)
def rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        with connect_as_owner() as owner:
            for statement in (STAKEHOLDERS, CAMPAIGNS, ENDORSEMENTS, WAITING, SUBMISSIONS):
                owner.execute(statement.replace(":rows", str(ROWS)))
                owner.execute("ANALYZE")
            owner.execute("VACUUM ANALYZE")
        yield
        remove_committed_rows()


def scanned(staff: Staff, path: str, query: dict[str, str]) -> set[str]:
    """The tables that the answer reads from end to end, but to count all rows of a list."""
    client = staff("administrator")
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path, query).status_code == 200
    tables: set[str] = set()
    with connection.cursor() as cursor:
        for captured_query in captured.captured_queries:
            sql = uncommented(captured_query["sql"])
            is_count_of_all = re.search(r"COUNT\(\*\)", sql) and not query
            if not sql.startswith("SELECT") or is_count_of_all:
                continue
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            tables |= set(re.findall(r"Seq Scan on (\w+)", plan))
    return tables & {
        "endorsements_endorsement",
        "endorsements_submission",
        "stakeholders_stakeholder",
        "campaigns_policycampaign",
    }


class TestPlans:
    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"status": "waiting", "ordering": "created_at"},
            {"status": "pending"},
            {"status": "rejected"},
            {"status": "waiting", "state": "MD", "type": "farmer"},
            {"campaign": "7"},
            {"flag": "links"},
            {"search": "stakeholder c4ca"},
            {"search": "17@example.org"},
        ],
    )
    def test_of_the_queue_read_no_table_from_end_to_end(
        self, staff: Staff, query: dict[str, str]
    ) -> None:
        assert scanned(staff, f"{MANAGE}/endorsements", query) == set()

    def test_of_the_desk_read_no_table_from_end_to_end(self, staff: Staff) -> None:
        assert scanned(staff, MANAGE, {}) == set()

    def test_of_groups_read_what_waits_alone(self, staff: Staff) -> None:
        assert scanned(staff, f"{MANAGE}/endorsements/groups", {}) == set()

    @pytest.mark.parametrize("query", [{}, {"search": "stakeholder c4ca"}])
    def test_of_stakeholders_read_no_table_from_end_to_end(
        self, staff: Staff, query: dict[str, str]
    ) -> None:
        assert scanned(staff, f"{MANAGE}/stakeholders", query) == set()

"""Which index answers each query, over 50,000 rows of each kind and more."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tests.conftest import connect_as_owner, remove_committed_rows

ROWS = 50_000

STAKEHOLDERS = """
INSERT INTO stakeholders_stakeholder
    (name, organization, email, state, county, type, location, is_public, created_at)
SELECT
    'Stakeholder ' || md5(i::text), 'Organization ' || md5((i % 997)::text), i || '@example.org',
    (ARRAY['MD', 'VA', 'PA', 'DE', 'NY', 'WV', 'DC'])[1 + i % 7], 'County ' || i % 300,
    (ARRAY['farmer', 'waterman', 'business', 'nonprofit', 'individual', 'other'])[1 + i % 6],
    CASE WHEN i % 100 > 0 THEN ST_MakePoint(
        -125 + 59 * (i::bigint * 7919 % 50021) / 50021.0,
        24 + 26 * (i::bigint * 104729 % 50023) / 50023.0
    )::geography END,
    i % 20 > 0, '2026-01-01'::timestamptz + i * interval '1 minute'
FROM generate_series(1, :rows) AS i
"""
CAMPAIGNS = """
INSERT INTO campaigns_policycampaign (title, slug, summary, active, created_at)
SELECT 'Campaign ' || i, 'campaign-' || i, 'Summary.', i % 10 > 0,
    '2026-01-01'::timestamptz + i * interval '1 minute'
FROM generate_series(1, :rows) AS i
"""
ENDORSEMENTS = """
INSERT INTO endorsements_endorsement
    (stakeholder_id, campaign_id, public_display, status, created_at)
SELECT s.id, c.id, true, 'approved', s.created_at
FROM stakeholders_stakeholder s, campaigns_policycampaign c
WHERE c.slug IN ('campaign-' || 1 + s.id % 200, 'campaign-' || 201 + s.id % 100)
"""


@pytest.fixture(scope="module", autouse=True)
def rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        with connect_as_owner() as owner:
            for statement in (STAKEHOLDERS, CAMPAIGNS, ENDORSEMENTS):
                owner.execute(statement.replace(":rows", str(ROWS)))
                # What another test left of statistics would have the next join every pair.
                owner.execute("ANALYZE")
            owner.execute("VACUUM ANALYZE")
        yield
        remove_committed_rows()


def plans(api: APIClient, url: str, body: dict[str, Any] | None = None) -> list[str]:
    """The plan of each query that the answer takes."""
    with CaptureQueriesContext(connections["public"]) as captured:
        response = api.get(url) if body is None else api.post(url, body, format="json")
    assert response.status_code == 200, response.content
    with connections["public"].cursor() as cursor:
        plans = []
        for query in captured.captured_queries:
            # The look-up before any work, and Django's of the units, once in a process.
            if "coalition_revision" in query["sql"] or "spatial_ref_sys" in query["sql"]:
                continue
            cursor.execute(f"EXPLAIN {query['sql']}")
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
    return plans


def count_of(plan: str) -> str:
    """The part of a page's plan that counts the rows of all pages."""
    return plan[plan.index("InitPlan") : plan.index("\n  ->  ")]


def page_of(plan: str) -> str:
    return plan.replace(count_of(plan), "")


LIST = "/api/v1/stakeholders"
HALF_DEGREE = {
    "type": "Polygon",
    "coordinates": [[[-77, 38], [-76.5, 38], [-76.5, 38.5], [-77, 38.5], [-77, 38]]],
}
MOST_OF_ALL = {
    "type": "Polygon",
    "coordinates": [[[-125, 24], [-66, 24], [-66, 50], [-95, 48], [-125, 50], [-125, 24]]],
}


class TestStakeholders:
    @pytest.mark.parametrize(
        ("query", "index"),
        [
            ("", "idx_stakeholder_public"),
            ("ordering=created_at", "idx_stakeholder_public"),
            ("ordering=name", "idx_stakeholder_name"),
            ("ordering=-name", "idx_stakeholder_name"),
            ("type=government", "idx_stakeholder_type"),
            ("state=GU", "idx_stakeholder_state"),
            ("county=County%207", "idx_stakeholder_county"),
            ("search=abcdef", "idx_stakeholder_search"),
            ("bbox=-77,38,-76.5,38.5", "idx_stakeholder_position"),
            ("bbox=179,38,-179,39", "idx_stakeholder_position"),
            ("near=-76.49,38.97", "idx_stakeholder_location"),
            ("campaign=campaign-9", "idx_endorsement_public"),
        ],
    )
    def test_list_is_answered_by_an_index(self, api: APIClient, query: str, index: str) -> None:
        (plan,) = plans(api, f"{LIST}?{query}")

        assert index in page_of(plan)
        assert "Seq Scan on stakeholders_stakeholder" not in plan

    def test_common_values_are_found_without_reading_or_sorting_them_all(
        self, api: APIClient
    ) -> None:
        for query in ("type=waterman", "state=DC"):
            page = page_of(*plans(api, f"{LIST}?{query}"))
            assert "Index Scan" in page
            assert "Sort" not in page

    @pytest.mark.parametrize("area", [{"bbox": [-125, 24, -66, 50]}, {"within": MOST_OF_ALL}])
    def test_wide_area_is_found_without_reading_or_sorting_all_that_is_in_it(
        self, api: APIClient, area: dict[str, Any]
    ) -> None:
        page = page_of(*plans(api, f"{LIST}/search", area))

        assert "idx_stakeholder_public" in page
        assert "Sort" not in page

    def test_nearest_are_found_in_the_order_of_the_index(self, api: APIClient) -> None:
        page = page_of(*plans(api, f"{LIST}?near=-76.49,38.97"))

        assert "Order By: (public_location <->" in page

    def test_count_stops_when_it_is_no_longer_exact(self, api: APIClient) -> None:
        count = count_of(*plans(api, f"{LIST}?type=waterman"))

        assert "Limit" in count
        assert "Index Only Scan" in count

    def test_all_are_not_counted_but_looked_up(self, api: APIClient) -> None:
        count = count_of(*plans(api, LIST))

        assert "stakeholders_tally" in count
        assert "stakeholders_stakeholder" not in count

    def test_count_of_a_filter_is_answered_by_its_index(self, api: APIClient) -> None:
        for query, index in (
            ("state=GU", "idx_stakeholder_state"),
            ("near=-76.49,38.97&radius=5mi", "idx_stakeholder_location"),
            ("bbox=-77,38,-76.5,38.5", "idx_stakeholder_position"),
        ):
            assert index in count_of(*plans(api, f"{LIST}?{query}"))

    def test_search_in_an_area_is_answered_by_an_index(self, api: APIClient) -> None:
        (plan,) = plans(api, f"{LIST}/search", {"within": HALF_DEGREE})

        assert "idx_stakeholder_position" in count_of(plan)
        assert "idx_stakeholder_position" in page_of(plan)

    def test_deep_page_starts_where_it_starts_in_the_index(self, api: APIClient) -> None:
        url = f"{LIST}?limit=10000"
        for _ in range(3):
            links = {link["rel"]: link["href"] for link in api.get(url).json()["links"]}
            url = links["next"]

        page = page_of(*plans(api, url.replace("limit=10000", "limit=100")))

        assert "Index Cond: (ROW(created_at, id) < ROW(" in page
        assert "idx_stakeholder_public" in page
        assert "Sort" not in page


class TestCampaigns:
    @pytest.mark.parametrize(
        ("query", "index"),
        [
            ("", "idx_campaign_active"),
            ("ordering=created_at", "idx_campaign_active"),
            ("ordering=title", "unique_title"),
        ],
    )
    def test_list_is_answered_by_an_index(self, api: APIClient, query: str, index: str) -> None:
        page = page_of(*plans(api, f"/api/v1/campaigns?{query}"))

        assert index in page
        assert "Seq Scan" not in page

    def test_endorsements_are_not_counted_but_looked_up(self, api: APIClient) -> None:
        (newest,) = plans(api, "/api/v1/campaigns")
        (most_endorsed,) = plans(api, "/api/v1/campaigns?ordering=-endorsement_count")

        assert "endorsements_tally_pkey" in newest
        assert "endorsements_dailytally_pkey" in newest
        assert "endorsements_dailytally_pkey" in most_endorsed
        assert "endorsements_tally" in most_endorsed
        assert "endorsements_endorsement" not in newest + most_endorsed

    def test_retrieved_by_its_slug(self, api: APIClient) -> None:
        assert "unique_slug" in plans(api, "/api/v1/campaigns/campaign-9")[0]

    def test_endorsements_are_listed_by_an_index_in_its_order(self, api: APIClient) -> None:
        campaign, page = plans(api, "/api/v1/campaigns/campaign-9/endorsements")

        assert "unique_slug" in campaign
        assert "idx_endorsement_public" in page
        assert "Sort" not in page


class TestWideBox:
    def test_has_every_located_point(self, api: APIClient) -> None:
        # Half of them are found outside by great circles between the corners.
        located = ROWS - ROWS // 100
        public = located - sum(1 for i in range(1, ROWS + 1) if i % 20 == 0 and i % 100)

        url, found = f"{LIST}?bbox=-125,24,-66,50&limit=10000&fields=state", 0
        while url:
            document = api.get(url).json()
            found += document["numberReturned"]
            links = {link["rel"]: link["href"] for link in document["links"]}
            url = links.get("next", "")

        assert found == public

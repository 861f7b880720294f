from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from backend.models import Endorsement, PolicyCampaign
from tests.factories import created_days_ago, make_campaign, make_endorsement, make_stakeholder

pytestmark = pytest.mark.django_db

URL = "/api/v1/campaigns"


def slugs(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [campaign["slug"] for campaign in response.json()["results"]]


class TestListCampaigns:
    def test_costs_two_queries_however_many_campaigns(
        self, api: APIClient, django_assert_num_queries: Any
    ) -> None:
        for _ in range(3):
            make_endorsement()

        with django_assert_num_queries(2):  # the revision, and the page with the total
            response = api.get(URL)

        assert len(response.json()["results"]) == 3

    def test_has_all_fields_and_the_number_of_endorsements(self, api: APIClient) -> None:
        campaign = make_campaign(description="At length.", endorsement_statement="I agree.")
        make_endorsement(campaign=campaign)

        document = api.get(URL).json()

        assert {name: document[name] for name in ("count", "next", "previous")} == {
            "count": 1,
            "next": None,
            "previous": None,
        }
        for row in document["results"]:
            for name in ("created_at", "updated_at"):
                assert row[name].endswith("Z")
                row[name] = datetime.fromisoformat(row[name])
        assert document["results"] == [
            {
                "id": campaign.pk,
                "title": campaign.title,
                "slug": campaign.slug,
                "summary": "In short.",
                "description": "At length.",
                "endorsement_statement": "I agree.",
                "allow_endorsements": True,
                "endorsement_form_instructions": "",
                "image_url": "",
                "image_alt_text": "",
                "image_credit": "",
                "created_at": campaign.created_at,
                "updated_at": campaign.updated_at,
                "endorsement_count": 1,
                "endorsement_count_7d": 1,
            }
        ]

    def test_counts_the_public_endorsements_of_live_stakeholders(self, api: APIClient) -> None:
        campaign = make_campaign()
        make_endorsement(campaign=campaign)
        make_endorsement(campaign=campaign, stakeholder=make_stakeholder(is_public=False))
        for values in ({"status": "pending"}, {"status": "rejected"}, {"public_display": False}):
            make_endorsement(campaign=campaign, **values)
        make_endorsement(campaign=campaign).delete()
        make_endorsement(campaign=campaign).stakeholder.delete()

        assert api.get(URL).json()["results"][0]["endorsement_count"] == 2

    def test_counts_those_of_today_and_of_the_six_days_before(self, api: APIClient) -> None:
        campaign = make_campaign()
        for days_ago in (0, 1, 1, 5, 6, 7, 8, 400, -1):
            created_days_ago(days_ago, make_endorsement(campaign=campaign))
        created_days_ago(2, make_endorsement(campaign=campaign, status="pending"))
        make_endorsement(campaign=make_campaign())

        _, counted = api.get(URL).json()["results"]

        assert counted["endorsement_count"] == 9
        assert counted["endorsement_count_7d"] == 5

    @pytest.mark.parametrize(
        ("moment", "count"),
        [
            (timedelta(days=-6), 1),
            (timedelta(days=-6, microseconds=-1), 0),
            (timedelta(days=1, microseconds=-1), 1),
            (timedelta(days=1), 0),
        ],
    )
    def test_counts_days_from_midnight_to_midnight_in_utc(
        self, api: APIClient, moment: timedelta, count: int
    ) -> None:
        campaign = make_endorsement().campaign
        midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        Endorsement.objects.update(created_at=midnight + moment)

        response = api.get(f"{URL}/{campaign.slug}")

        assert response.json()["endorsement_count_7d"] == count

    def test_is_newest_first(self, api: APIClient) -> None:
        make_campaign(slug="old")
        make_campaign(slug="new")

        assert slugs(api.get(URL)) == ["new", "old"]

    def test_leaves_out_what_is_inactive_or_deleted(self, api: APIClient) -> None:
        make_campaign(active=False)
        make_campaign().delete()

        response = api.get(URL)

        assert slugs(response) == []
        assert response.json()["count"] == 0

    @pytest.mark.parametrize(
        ("ordering", "expected"),
        [
            ("created_at", ["b", "a", "c"]),
            ("-created_at", ["c", "a", "b"]),
            ("title", ["a", "b", "c"]),
            ("-title", ["c", "b", "a"]),
            ("endorsement_count", ["a", "c", "b"]),
            ("-endorsement_count", ["b", "c", "a"]),
        ],
    )
    def test_can_be_ordered(self, api: APIClient, ordering: str, expected: list[str]) -> None:
        for slug in "bac":
            make_campaign(slug=slug, title=f"Title {slug}")
        for slug in "bbc":
            make_endorsement(campaign=PolicyCampaign.objects.get(slug=slug))

        assert slugs(api.get(URL, {"ordering": ordering})) == expected

    def test_can_be_searched_in_title_and_summary(self, api: APIClient) -> None:
        make_campaign(slug="a", title="Clean Water")
        make_campaign(slug="b", summary="About WATER.")
        make_campaign(slug="c", description="Water.")

        assert slugs(api.get(URL, {"search": "water", "ordering": "title"})) == ["b", "a"]


class TestRetrieveCampaign:
    def test_costs_two_queries(self, api: APIClient, django_assert_num_queries: Any) -> None:
        make_campaign(slug="clean-water")

        with django_assert_num_queries(2):  # the revision, and the campaign
            response = api.get(f"{URL}/clean-water")

        assert response.json()["slug"] == "clean-water"
        assert response.json()["endorsement_count"] == 0
        assert response.json()["endorsement_count_7d"] == 0

    def test_takes_no_parameters_of_the_list(self, api: APIClient) -> None:
        make_campaign(slug="clean-water")

        assert api.get(f"{URL}/clean-water?limit=1").status_code == 400

    def test_is_not_found_when_inactive_deleted_or_unknown(self, api: APIClient) -> None:
        make_campaign(slug="inactive", active=False)
        make_campaign(slug="deleted").delete()

        for slug in ("inactive", "deleted", "unknown"):
            assert api.get(f"{URL}/{slug}").status_code == 404


class TestCampaignEndorsements:
    def test_has_statement_time_and_stakeholder(self, api: APIClient) -> None:
        endorsement = make_endorsement(
            campaign=make_campaign(slug="clean-water"),
            stakeholder=make_stakeholder(name="Ann", organization="Ann's Farm", role="Farmer"),
            statement="For my children.",
        )

        document = api.get(f"{URL}/clean-water/endorsements").json()

        assert document["count"] == 1
        (row,) = document["results"]
        row["created_at"] = datetime.fromisoformat(row["created_at"])
        assert document["results"] == [
            {
                "statement": "For my children.",
                "created_at": endorsement.created_at,
                "stakeholder": {
                    "name": "Ann",
                    "organization": "Ann's Farm",
                    "role": "Farmer",
                    "type": "business",
                    "state": "MD",
                    "county": "Anne Arundel",
                },
            }
        ]

    def test_costs_three_queries_however_many_there_are(
        self, api: APIClient, django_assert_num_queries: Any
    ) -> None:
        campaign = make_campaign()
        for _ in range(4):
            make_endorsement(campaign=campaign)

        # The revision, the campaign with the total, and the page with its stakeholders.
        with django_assert_num_queries(3):
            response = api.get(f"{URL}/{campaign.slug}/endorsements")

        assert len(response.json()["results"]) == 4

    def test_counts_those_of_all_pages_and_of_no_other_campaign(self, api: APIClient) -> None:
        campaign = make_campaign(slug="clean-water")
        for _ in range(3):
            make_endorsement(campaign=campaign)
        make_endorsement()

        document = api.get(f"{URL}/clean-water/endorsements?limit=1").json()

        assert document["count"] == 3
        assert len(document["results"]) == 1

    def test_has_only_public_ones_newest_first(self, api: APIClient) -> None:
        campaign = make_campaign(slug="clean-water")
        make_endorsement(campaign=campaign, statement="first")
        make_endorsement(campaign=campaign, statement="second")
        for values in ({"status": "pending"}, {"status": "rejected"}, {"public_display": False}):
            make_endorsement(campaign=campaign, **values)
        make_endorsement(campaign=campaign).delete()
        make_endorsement(campaign=campaign).stakeholder.delete()
        make_endorsement()

        document = api.get(f"{URL}/clean-water/endorsements").json()

        assert [row["statement"] for row in document["results"]] == ["second", "first"]
        assert document["count"] == 2

    def test_is_not_found_unless_the_campaign_is_public(self, api: APIClient) -> None:
        make_endorsement(campaign=make_campaign(slug="inactive", active=False))

        assert api.get(f"{URL}/inactive/endorsements").status_code == 404

"""What is deleted appears nowhere and is counted nowhere, and comes back when restored."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from backend.models import Endorsement, PolicyCampaign, Stakeholder
from tests.factories import make_campaign, make_endorsement, make_stakeholder

pytestmark = pytest.mark.django_db(transaction=True)

API = "/api/v1"

BEFORE = {
    "listed": (["Ann"], 1),
    "retrieved": 200,
    "found": (["Ann"], 1),
    "whole set": ["Ann"],
    "endorsers": (["Ann"], 1),
    "campaigns": (["clean-water"], 1),
    "campaign": 200,
    "endorsement_counts": (1, 1),
    "endorsements": (["Ann"], 1),
}
NOBODY: tuple[list[str], int] = ([], 0)
WITHOUT_ENDORSEMENT = {"endorsers": NOBODY, "endorsement_counts": (0, 0), "endorsements": NOBODY}
WITHOUT_STAKEHOLDER = {
    **WITHOUT_ENDORSEMENT,
    "listed": NOBODY,
    "retrieved": 404,
    "found": NOBODY,
    "whole set": [],
}
WITHOUT_CAMPAIGN = {
    "endorsers": NOBODY,
    "campaigns": NOBODY,
    "campaign": 404,
    "endorsement_counts": (None, None),
    "endorsements": None,
}


def names_of(document: Any) -> list[str]:
    return [feature["properties"]["name"] for feature in document["features"]]


def stakeholders(response: Any) -> tuple[list[str], int]:
    document = response.json()
    return names_of(document), document["numberMatched"]


def endorsements(response: Any) -> tuple[list[str], int] | None:
    if response.status_code == 404:
        return None
    document = response.json()
    return [each["stakeholder"]["name"] for each in document["results"]], document["count"]


def everything(api: APIClient, stakeholder: Stakeholder) -> dict[str, Any]:
    """What each endpoint shows and counts of one stakeholder's endorsement of one campaign."""
    campaigns = api.get(f"{API}/campaigns").json()
    campaign = api.get(f"{API}/campaigns/clean-water")
    whole_set = api.get(f"{API}/stakeholders.geojson").json()
    return {
        "listed": stakeholders(api.get(f"{API}/stakeholders")),
        "retrieved": api.get(f"{API}/stakeholders/{stakeholder.pk}").status_code,
        "found": stakeholders(api.post(f"{API}/stakeholders/search", {}, format="json")),
        "whole set": names_of(whole_set),
        "endorsers": stakeholders(api.get(f"{API}/stakeholders?campaign=clean-water")),
        "campaigns": ([each["slug"] for each in campaigns["results"]], campaigns["count"]),
        "campaign": campaign.status_code,
        "endorsement_counts": (
            campaign.json().get("endorsement_count"),
            campaign.json().get("endorsement_count_7d"),
        ),
        "endorsements": endorsements(api.get(f"{API}/campaigns/clean-water/endorsements")),
    }


@pytest.fixture
def endorsement() -> Endorsement:
    return make_endorsement(
        stakeholder=make_stakeholder(name="Ann"), campaign=make_campaign(slug="clean-water")
    )


def stakeholder_of(endorsement: Endorsement) -> Stakeholder:
    return endorsement.stakeholder


def campaign_of(endorsement: Endorsement) -> PolicyCampaign:
    return endorsement.campaign


def itself(endorsement: Endorsement) -> Endorsement:
    return endorsement


@pytest.mark.parametrize(
    ("row_of", "difference"),
    [
        (stakeholder_of, WITHOUT_STAKEHOLDER),
        (campaign_of, WITHOUT_CAMPAIGN),
        (itself, WITHOUT_ENDORSEMENT),
    ],
)
class TestDeletedRow:
    def test_is_gone_until_restored(
        self,
        api: APIClient,
        endorsement: Endorsement,
        row_of: Callable[[Endorsement], Any],
        difference: dict[str, Any],
    ) -> None:
        stakeholder, row = endorsement.stakeholder, row_of(endorsement)
        assert everything(api, stakeholder) == BEFORE

        row.delete()
        assert everything(api, stakeholder) == BEFORE | difference

        row.restore()
        assert everything(api, stakeholder) == BEFORE

    def test_is_gone_even_when_sql_hid_it_and_nothing_that_depends_on_it(
        self,
        api: APIClient,
        endorsement: Endorsement,
        row_of: Callable[[Endorsement], Any],
        difference: dict[str, Any],
    ) -> None:
        rows = type(row_of(endorsement)).all_objects

        rows.update(deleted_at=timezone.now())

        assert everything(api, endorsement.stakeholder) == BEFORE | difference

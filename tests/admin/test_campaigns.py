from collections.abc import Callable

import pytest
from django.test import Client

from backend.models import PolicyCampaign
from tests.factories import make_campaign, make_endorsement

pytestmark = pytest.mark.django_db

CAMPAIGNS = "/admin/coalition/policycampaign/"
FORM = {"title": "Clean Bay", "slug": "clean-bay", "summary": "In short.", "active": "on"}


class TestList:
    def test_counts_the_public_endorsements_of_each(self, admin_client: Client) -> None:
        campaign = make_endorsement().campaign
        make_endorsement(campaign=campaign, status="pending")

        response = admin_client.get(CAMPAIGNS)

        approved = f"?show=approved&amp;campaign__id__exact={campaign.pk}"
        assert f'{approved}">1</a>' in response.content.decode().replace(
            "&campaign", "&amp;campaign"
        )

    def test_can_be_put_in_order_of_endorsements(self, admin_client: Client) -> None:
        make_campaign(title="None")
        make_endorsement(campaign=make_campaign(title="One"))

        response = admin_client.get(CAMPAIGNS, {"o": "-3"})

        assert [row.title for row in response.context["cl"].result_list] == ["One", "None"]


class TestPage:
    def test_leads_to_what_the_public_gets_and_to_what_waits(self, admin_client: Client) -> None:
        campaign = make_endorsement().campaign
        make_endorsement(campaign=campaign, status="pending")

        html = admin_client.get(f"{CAMPAIGNS}{campaign.pk}/change/").content.decode()

        assert f'href="/api/v1/campaigns/{campaign.slug}"' in html
        assert "<strong>1</strong> public endorsement." in html
        assert f"campaign__id__exact={campaign.pk}&amp;show=waiting" in html

    def test_says_why_the_public_does_not_see_it(self, admin_client: Client) -> None:
        campaign = make_campaign(active=False)

        html = admin_client.get(f"{CAMPAIGNS}{campaign.pk}/change/").content.decode()

        assert "<li>it is not active</li>" in html
        assert "/api/v1/campaigns/" not in html

    def test_leads_to_no_endorsements_who_may_not_see_them(
        self, staff_client: Callable[..., Client]
    ) -> None:
        campaign = make_endorsement().campaign
        client = staff_client("view_policycampaign")

        html = client.get(f"{CAMPAIGNS}{campaign.pk}/change/").content.decode()

        assert "/admin/coalition/endorsement/" not in html


class TestForm:
    def test_creates_a_campaign(self, admin_client: Client) -> None:
        response = admin_client.post(f"{CAMPAIGNS}add/", FORM)

        assert response.status_code == 302
        assert PolicyCampaign.objects.get().slug == "clean-bay"

    def test_makes_the_slug_from_the_title(self, admin_client: Client) -> None:
        html = admin_client.get(f"{CAMPAIGNS}add/").content.decode()

        assert "#id_slug" in html
        assert "#id_title" in html

    def test_names_a_title_that_is_taken(self, admin_client: Client) -> None:
        make_campaign(title="Clean Bay")

        response = admin_client.post(f"{CAMPAIGNS}add/", FORM)

        assert list(response.context["adminform"].form.errors) == ["title"]

    def test_names_a_slug_that_a_deleted_campaign_keeps(self, admin_client: Client) -> None:
        make_campaign(slug="clean-bay").delete()

        response = admin_client.post(f"{CAMPAIGNS}add/", FORM)

        assert list(response.context["adminform"].form.errors) == ["slug"]

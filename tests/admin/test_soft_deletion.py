from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from backend.models import Endorsement, PolicyCampaign, Stakeholder
from tests.factories import make_campaign, make_endorsement, make_stakeholder

pytestmark = pytest.mark.django_db

STAKEHOLDERS = "/admin/coalition/stakeholder/"

Act = Callable[..., str]
StaffClient = Callable[..., Client]


class TestList:
    @pytest.mark.parametrize(
        ("query", "shown"),
        [("", ["Live"]), ("?deleted=yes", ["Gone"]), ("?deleted=all", ["Gone", "Live"])],
    )
    def test_shows_live_rows_unless_told_otherwise(
        self, admin_client: Client, query: str, shown: list[str]
    ) -> None:
        make_stakeholder(name="Live")
        make_stakeholder(name="Gone").delete()

        response = admin_client.get(STAKEHOLDERS + query)

        assert sorted(row.name for row in response.context["cl"].result_list) == shown

    def test_says_which_of_the_three_it_shows(self, admin_client: Client) -> None:
        response = admin_client.get(STAKEHOLDERS)

        deleted = next(
            spec for spec in response.context["cl"].filter_specs if "deleted" in spec.title
        )
        choices = [
            (choice["display"], choice["selected"])
            for choice in deleted.choices(response.context["cl"])
        ]
        assert choices == [("No", True), ("Yes", False), ("All", False)]


class TestDelete:
    def test_asks_first_and_tells_how_many_endorsements_go_along(
        self, admin_client: Client
    ) -> None:
        stakeholder = make_endorsement().stakeholder

        response = admin_client.get(f"{STAKEHOLDERS}{stakeholder.pk}/delete/")

        assert list(response.context["model_count"]) == [("stakeholders", 1), ("endorsements", 1)]
        assert response.context["deleted_objects"] == [stakeholder.name]
        assert Stakeholder.objects.exists()

    def test_hides_the_row_and_its_endorsements(self, admin_client: Client) -> None:
        stakeholder = make_endorsement().stakeholder

        response = admin_client.post(f"{STAKEHOLDERS}{stakeholder.pk}/delete/", {"post": "yes"})

        assert response.status_code == 302
        assert not Stakeholder.objects.exists()
        assert not Endorsement.objects.exists()
        assert Endorsement.all_objects.count() == 1

    def test_of_several_asks_first(self, act: Act) -> None:
        act("delete_selected", make_stakeholder())

        assert Stakeholder.objects.exists()

    def test_of_several_hides_them_and_their_endorsements(self, act: Act) -> None:
        endorsed = make_endorsement().campaign
        other = make_campaign()

        message = act("delete_selected", endorsed, other, post="yes")

        assert message == "Successfully deleted 2 policy campaigns."
        assert PolicyCampaign.all_objects.deleted().count() == 2
        assert not Endorsement.objects.exists()

    def test_of_several_passes_over_the_deleted(self, act: Act) -> None:
        live, gone = make_stakeholder(), make_stakeholder()
        gone.delete()

        message = act("delete_selected", live, gone, post="yes")

        assert message == "Successfully deleted 1 stakeholder."

    def test_needs_the_permission_to_delete_what_goes_along(
        self, staff_client: StaffClient
    ) -> None:
        client = staff_client("view_stakeholder", "delete_stakeholder")
        stakeholder = make_endorsement().stakeholder

        response = client.post(f"{STAKEHOLDERS}{stakeholder.pk}/delete/", {"post": "yes"})

        assert response.status_code == 403
        assert Stakeholder.objects.exists()

    def test_without_endorsements_needs_no_more_than_its_own_permission(
        self, staff_client: StaffClient
    ) -> None:
        client = staff_client("view_stakeholder", "delete_stakeholder")
        stakeholder = make_stakeholder()

        client.post(f"{STAKEHOLDERS}{stakeholder.pk}/delete/", {"post": "yes"})

        assert not Stakeholder.objects.exists()


class TestDeletedRow:
    def test_can_be_read(self, admin_client: Client) -> None:
        stakeholder = make_stakeholder(name="Ann")
        stakeholder.delete()

        response = admin_client.get(f"{STAKEHOLDERS}{stakeholder.pk}/change/")

        assert response.status_code == 200
        assert not response.context["has_change_permission"]

    @pytest.mark.parametrize("view", ["change", "delete"])
    def test_cannot_be_changed_or_deleted_again(self, admin_client: Client, view: str) -> None:
        stakeholder = make_stakeholder()
        stakeholder.delete()

        response = admin_client.post(f"{STAKEHOLDERS}{stakeholder.pk}/{view}/", {"post": "yes"})

        assert response.status_code == 403


class TestRestore:
    def test_brings_back_rows_and_what_was_hidden_along(self, act: Act) -> None:
        endorsement = make_endorsement()
        endorsement.stakeholder.delete()

        message = act("restore", endorsement.stakeholder)

        assert message == "Restored 1 stakeholder."
        assert list(Endorsement.objects.all()) == [endorsement]

    def test_brings_back_a_campaign(self, act: Act) -> None:
        campaign = make_campaign()
        campaign.delete()

        act("restore", campaign)

        assert list(PolicyCampaign.objects.all()) == [campaign]

    def test_stands_in_the_history_of_the_row(self, act: Act) -> None:
        stakeholder = make_stakeholder()
        stakeholder.delete()

        act("restore", stakeholder)

        assert LogEntry.objects.get().get_change_message() == "Restored."

    def test_restores_none_when_the_email_of_one_is_taken(self, act: Act) -> None:
        ann, ben = make_stakeholder(email="ann@example.org"), make_stakeholder()
        Stakeholder.objects.all().delete()
        make_stakeholder(email="ann@example.org")

        message = act("restore", ann, ben)

        assert message.startswith("Nothing was restored. A stakeholder with this e-mail exists.")
        assert "(ann@example.org)" in message
        assert Stakeholder.all_objects.deleted().count() == 2

    def test_is_refused_when_the_stakeholder_has_endorsed_again(self, act: Act) -> None:
        first = make_endorsement()
        first.delete()
        make_endorsement(stakeholder=first.stakeholder, campaign=first.campaign)

        message = act("restore", first)

        assert "This stakeholder has endorsed this campaign already." in message
        assert Endorsement.objects.count() == 1

    def test_is_not_on_offer_without_the_permission_to_change(
        self, act: Act, staff_client: StaffClient
    ) -> None:
        stakeholder = make_stakeholder()
        stakeholder.delete()

        act("restore", stakeholder, client=staff_client("view_stakeholder"))

        assert not Stakeholder.objects.exists()


class TestAutocomplete:
    def test_offers_live_rows(self, admin_client: Client) -> None:
        live = make_stakeholder(name="Ann Live")
        make_stakeholder(name="Ann Gone").delete()
        source = {
            "app_label": "coalition",
            "model_name": "endorsement",
            "field_name": "stakeholder",
        }

        response = admin_client.get("/admin/autocomplete/", source | {"term": "ann"})

        results: list[dict[str, Any]] = response.json()["results"]
        assert [row["id"] for row in results] == [str(live.pk)]

from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from backend.models import Endorsement
from tests.factories import make_campaign, make_endorsement, make_stakeholder

pytestmark = pytest.mark.django_db

ENDORSEMENTS = "/admin/coalition/endorsement/"

Act = Callable[..., str]


class TestReview:
    @pytest.mark.parametrize(
        ("action", "status"), [("approve", "approved"), ("reject", "rejected")]
    )
    def test_gives_each_selected_endorsement_the_status(
        self, act: Act, action: str, status: str
    ) -> None:
        selected = [make_endorsement(status="pending"), make_endorsement(status="pending")]
        other = make_endorsement(status="pending")

        message = act(action, *selected)

        assert message == f"{status.capitalize()} 2 endorsements."
        assert set(Endorsement.objects.filter(status=status)) == set(selected)
        other.refresh_from_db()
        assert other.status == "pending"

    def test_makes_the_endorsement_public_and_moves_its_time(self, act: Act) -> None:
        endorsement = make_endorsement(status="pending")
        before = endorsement.updated_at

        act("approve", endorsement)

        endorsement.refresh_from_db()
        assert endorsement.is_public
        assert endorsement.updated_at > before

    def test_passes_over_those_that_do_not_wait_or_are_deleted(self, act: Act) -> None:
        approved, deleted = make_endorsement(), make_endorsement(status="pending")
        deleted.delete()

        message = act("approve", approved, deleted)

        assert message == (
            "Approved 0 endorsements. 1 did not wait for this, and stayed as they are."
        )
        deleted.refresh_from_db()
        assert deleted.status == "pending"

    def test_stands_in_the_history_of_the_endorsement(self, act: Act) -> None:
        act("reject", make_endorsement())

        assert LogEntry.objects.get().get_change_message() == "Rejected."

    def test_works_on_what_a_search_found(self, admin_client: Client) -> None:
        endorsement = make_endorsement(stakeholder=make_stakeholder(name="Ann"), status="pending")

        admin_client.post(
            f"{ENDORSEMENTS}?q=ann", {"action": "approve", "_selected_action": endorsement.pk}
        )

        endorsement.refresh_from_db()
        assert endorsement.status == "approved"

    @pytest.mark.parametrize("action", ["approve", "reject"])
    def test_is_not_on_offer_without_the_permission_to_change(
        self, act: Act, staff_client: Callable[..., Client], action: str
    ) -> None:
        endorsement = make_endorsement(status="pending")

        act(action, endorsement, client=staff_client("view_endorsement"))

        endorsement.refresh_from_db()
        assert endorsement.status == "pending"


class TestFilters:
    def test_by_status_consent_and_campaign(self, admin_client: Client) -> None:
        found = make_endorsement(status="pending", public_display=False)
        make_endorsement(status="pending", public_display=False)
        make_endorsement(campaign=found.campaign)

        response = admin_client.get(
            ENDORSEMENTS,
            {
                "status__exact": "pending",
                "public_display__exact": "0",
                "campaign__id__exact": str(found.campaign.pk),
            },
        )

        assert list(response.context["cl"].result_list) == [found]


class TestForm:
    def test_creates_an_endorsement(self, admin_client: Client) -> None:
        stakeholder, campaign = make_stakeholder(), make_campaign()
        form = {"stakeholder": stakeholder.pk, "campaign": campaign.pk, "public_display": "False"}

        response = admin_client.post(f"{ENDORSEMENTS}add/", form)

        assert response.status_code == 302
        endorsement = Endorsement.objects.get()
        assert endorsement.stakeholder == stakeholder
        assert (endorsement.public_display, endorsement.status) == (False, "pending")

    def test_asks_for_the_consent_and_takes_nothing_for_an_answer(
        self, admin_client: Client
    ) -> None:
        stakeholder, campaign = make_stakeholder(), make_campaign()
        form = {"stakeholder": stakeholder.pk, "campaign": campaign.pk}

        response = admin_client.post(f"{ENDORSEMENTS}add/", form)

        assert list(response.context["adminform"].form.errors) == ["public_display"]
        assert not Endorsement.objects.exists()

    def test_says_so_when_the_stakeholder_has_endorsed_already(self, admin_client: Client) -> None:
        first = make_endorsement()
        form = {"stakeholder": first.stakeholder.pk, "campaign": first.campaign.pk}

        response = admin_client.post(f"{ENDORSEMENTS}add/", form | {"public_display": "True"})

        errors = response.context["adminform"].form.non_field_errors()
        assert errors == ["This stakeholder has endorsed this campaign already."]

    def test_refuses_a_deleted_stakeholder(self, admin_client: Client) -> None:
        stakeholder, campaign = make_stakeholder(), make_campaign()
        stakeholder.delete()
        form = {"stakeholder": stakeholder.pk, "campaign": campaign.pk, "public_display": "True"}

        response = admin_client.post(f"{ENDORSEMENTS}add/", form)

        assert list(response.context["adminform"].form.errors) == ["stakeholder"]

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from backend.actions.confirmation import confirm
from backend.actions.reviews import reject, reopen
from backend.models import Endorsement, PolicyCampaign
from tests.factories import (
    make_campaign,
    make_endorsement,
    make_stakeholder,
    make_submission,
    make_user,
)

pytestmark = pytest.mark.django_db

ENDORSEMENTS = "/admin/coalition/endorsement/"

Decide = Callable[..., str]


@pytest.fixture
def decide(admin_client: Client) -> Decide:
    """Decide about endorsements, and answer what the next page says, without its links."""

    def choose(decision: str, *rows: Endorsement, **values: Any) -> str:
        form = {"id": [row.pk for row in rows], **values}
        return messages_of(admin_client.post(f"{ENDORSEMENTS}decide/{decision}/", form))

    return choose


def messages_of(response: Any) -> str:
    messages = get_messages(response.wsgi_request)
    return " ".join(strip_tags(str(message)) for message in messages)


def page(client: Client, endorsement: Endorsement) -> str:
    return client.get(f"{ENDORSEMENTS}{endorsement.pk}/change/").content.decode()


class TestApproveOne:
    def test_needs_no_second_answer(self, decide: Decide) -> None:
        endorsement = make_endorsement(status="pending")
        before = endorsement.updated_at

        message = decide("approve", endorsement)

        assert message == f"Approved: {endorsement}. Look again"
        endorsement.refresh_from_db()
        assert endorsement.is_public
        assert endorsement.updated_at > before
        assert LogEntry.objects.get().get_change_message() == "Approved."

    def test_goes_back_to_the_list_as_it_was(self, admin_client: Client) -> None:
        form = {"id": make_endorsement(status="pending").pk, "back": "show=waiting&q=reef"}

        response = admin_client.post(f"{ENDORSEMENTS}decide/approve/", form)

        assert response["Location"] == f"{ENDORSEMENTS}?show=waiting&q=reef"

    def test_goes_on_to_the_next_that_waits_and_then_to_the_list(
        self, admin_client: Client
    ) -> None:
        first, second, third = (make_endorsement(status="pending") for _ in range(3))

        locations = [
            admin_client.post(
                f"{ENDORSEMENTS}decide/approve/", {"id": each.pk, "back": "next"}
            ).headers["Location"]
            for each in (second, third, first)
        ]

        assert locations == [
            f"{ENDORSEMENTS}{third.pk}/change/",
            f"{ENDORSEMENTS}{first.pk}/change/",
            f"{ENDORSEMENTS}?show=waiting",
        ]

    def test_tells_who_was_faster(self, decide: Decide) -> None:
        endorsement = make_endorsement(status="pending")
        faster = make_user(username="bob")
        reject(endorsement_id=endorsement.pk, by=faster)

        message = decide("approve", endorsement)

        assert "1 stayed as they are. Somebody else was faster" in message
        assert f"{endorsement}: rejected by bob" in message
        endorsement.refresh_from_db()
        assert endorsement.status == "rejected"

    @pytest.mark.parametrize("place", ["list", "page", "question"])
    def test_is_not_about_what_was_sent_since(
        self, admin_client: Client, decide: Decide, place: str
    ) -> None:
        words = {"email": "ann@example.org", "campaign": make_campaign()}
        endorsement = confirm(token=make_submission(**words).token()).endorsement
        shown = {
            "list": lambda: admin_client.get(ENDORSEMENTS),
            "page": lambda: admin_client.get(f"{ENDORSEMENTS}{endorsement.pk}/change/"),
            "question": lambda: admin_client.post(
                ENDORSEMENTS, {"action": "approve", "_selected_action": endorsement.pk}
            ),
        }[place]().content.decode()
        seen = set(re.findall(r'name="seen" value="(\d+) ?"', shown))
        confirm(token=make_submission(**words, statement="Buy this.").token())

        message = decide("approve", endorsement, seen=[*seen], confirmed="yes")

        assert seen
        assert "1 stayed as they are. Their supporters have sent something newer" in message
        endorsement.refresh_from_db()
        assert endorsement.status == "pending"

    @pytest.mark.parametrize("decision", ["approve", "reject", "reopen"])
    def test_is_refused_without_the_permission_to_change(
        self, staff_client: Callable[..., Client], decision: str
    ) -> None:
        endorsement = make_endorsement(status="pending")
        form = {"id": endorsement.pk, "confirmed": "yes"}

        response = staff_client("view_endorsement").post(f"{ENDORSEMENTS}decide/{decision}/", form)

        assert response.status_code == 403
        endorsement.refresh_from_db()
        assert endorsement.status == "pending"

    def test_is_not_done_by_a_link(self, admin_client: Client) -> None:
        endorsement = make_endorsement(status="pending")

        admin_client.get(f"{ENDORSEMENTS}decide/approve/", {"id": endorsement.pk})

        endorsement.refresh_from_db()
        assert endorsement.status == "pending"

    def test_needs_the_token_of_the_page(self, admin_user: User) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(admin_user)

        form = {"id": make_endorsement(status="pending").pk}

        assert client.post(f"{ENDORSEMENTS}decide/approve/", form).status_code == 403

    @pytest.mark.parametrize("key", ["", "x", "9" * 30, "٣"])
    def test_of_what_is_no_endorsement_changes_nothing(
        self, admin_client: Client, key: str
    ) -> None:
        response = admin_client.post(f"{ENDORSEMENTS}decide/approve/", {"id": key})

        assert response.status_code == 302
        assert not LogEntry.objects.exists()

    def test_knows_three_decisions(self, admin_client: Client) -> None:
        assert admin_client.post(f"{ENDORSEMENTS}decide/bless/", {"id": 1}).status_code == 404


class TestDecideMany:
    @pytest.mark.parametrize("decision", ["approve", "reject"])
    def test_asks_first_how_the_public_numbers_change(
        self, admin_client: Client, decision: str
    ) -> None:
        campaign = make_endorsement().campaign
        rows = [make_endorsement(campaign=campaign, status="pending") for _ in range(3)]
        private = make_endorsement(campaign=campaign, status="pending", public_display=False)
        form = {"id": [row.pk for row in (*rows, private)]}

        response = admin_client.post(f"{ENDORSEMENTS}decide/{decision}/", form)

        assert response.context["title"] == f"{decision.capitalize()} 4 endorsements?"
        assert response.context["counts"] == [
            (campaign.title, 1, 4 if decision == "approve" else 1)
        ]
        assert Endorsement.objects.filter(status="pending").count() == 4

    def test_decides_those_that_were_confirmed(self, decide: Decide) -> None:
        selected = [make_endorsement(status="pending") for _ in range(3)]
        other = make_endorsement(status="pending")

        message = decide("approve", *selected, confirmed="yes")

        assert message == "Approved 3 endorsements."
        assert set(Endorsement.objects.filter(status="approved")) == set(selected)
        other.refresh_from_db()
        assert other.status == "pending"

    def test_holds_up_no_other_for_one_that_somebody_decided(self, decide: Decide) -> None:
        decided, waiting = make_endorsement(), make_endorsement(status="pending")
        deleted = make_endorsement(status="pending")
        deleted.delete()

        message = decide("approve", decided, deleted, waiting, confirmed="yes")

        assert message.startswith(f"Approved: {waiting}.")
        assert "2 stayed as they are" in message
        assert f"{decided}: approved" in message
        assert f"{deleted}: deleted" in message
        deleted.refresh_from_db()
        assert deleted.status == "pending"

    def test_names_ten_of_many_that_somebody_decided(self, decide: Decide) -> None:
        message = decide("approve", *(make_endorsement() for _ in range(12)), confirmed="yes")

        assert "12 stayed as they are" in message
        assert "and 2 more" in message

    def test_takes_five_hundred_at_most(self, admin_client: Client) -> None:
        form = {"id": list(range(1, 502)), "confirmed": "yes"}

        response = admin_client.post(f"{ENDORSEMENTS}decide/approve/", form)

        assert messages_of(response) == "Select endorsements, 500 at most."

    def test_lists_what_does_not_wait_for_it(self, admin_client: Client) -> None:
        form = {"id": [make_endorsement().pk, make_endorsement(status="withdrawn").pk]}

        response = admin_client.post(f"{ENDORSEMENTS}decide/approve/", form)

        assert "None of those you selected waits for this" in response.content.decode()

    def test_asks_as_an_action_of_the_list_about_what_a_search_found(
        self, admin_client: Client
    ) -> None:
        endorsement = make_endorsement(stakeholder=make_stakeholder(name="Ann"), status="pending")
        form = {"action": "approve", "_selected_action": endorsement.pk}

        response = admin_client.post(f"{ENDORSEMENTS}?q=ann", form)

        assert response.context["preview"].decided == [endorsement]
        assert response.context["back"] == "q=ann"
        endorsement.refresh_from_db()
        assert endorsement.status == "pending"

    @pytest.mark.parametrize("action", ["approve", "reject", "reopen"])
    def test_is_not_on_offer_without_the_permission_to_change(
        self, staff_client: Callable[..., Client], action: str
    ) -> None:
        make_endorsement(status="pending")

        html = staff_client("view_endorsement").get(ENDORSEMENTS).content.decode()

        assert f'value="{action}"' not in html
        assert f"decide/{action}/" not in html


class TestReject:
    def test_asks_for_a_reason(self, admin_client: Client) -> None:
        endorsement = make_endorsement(status="pending")

        response = admin_client.post(f"{ENDORSEMENTS}decide/reject/", {"id": endorsement.pk})

        assert 'name="reason"' in response.content.decode()
        endorsement.refresh_from_db()
        assert endorsement.status == "pending"

    def test_puts_the_reason_on_record(self, decide: Decide, admin_user: User) -> None:
        endorsement = make_endorsement(status="pending")

        decide("reject", endorsement, confirmed="yes", reason=" Not theirs. ")

        transition = endorsement.transitions.get()
        assert (transition.reason, transition.by) == ("Not theirs.", admin_user)

    def test_can_be_taken_back(self, decide: Decide) -> None:
        endorsement = make_endorsement(status="rejected")

        decide("reopen", endorsement, confirmed="yes")

        endorsement.refresh_from_db()
        assert endorsement.status == "pending"


def confirmed(**values: Any) -> Endorsement:
    """What becomes of a submission that its sender confirmed."""
    for campaign in PolicyCampaign.objects.all():
        values.setdefault("campaign", campaign)
    return confirm(token=make_submission(**values).token()).endorsement


class TestPage:
    def test_shows_exactly_what_the_public_sees(self, admin_client: Client) -> None:
        ann = make_stakeholder(name="Ann", organization="Farm", role="Owner", county="Kent")
        endorsement = make_endorsement(stakeholder=ann, statement="For the reefs.")

        html = page(admin_client, endorsement)

        assert "This is what everybody sees" in html
        assert f"/api/v1/campaigns/{endorsement.campaign.slug}/endorsements" in html
        assert "Ann, Owner, Farm" in html

    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ({"status": "pending"}, "it waits for a decision"),
            ({"status": "withdrawn"}, "the supporter has withdrawn it"),
            ({"public_display": False}, "the supporter does not agree to be shown"),
        ],
    )
    def test_says_why_the_public_does_not_see_it(
        self, admin_client: Client, values: dict[str, Any], reason: str
    ) -> None:
        html = page(admin_client, make_endorsement(**values))

        assert f"<li>{reason}</li>" in html
        assert "This is what everybody sees" not in html

    def test_puts_what_was_sent_beside_what_is_known(self, admin_client: Client) -> None:
        known = make_stakeholder(email="ann@example.org", name="Ann", location=None)

        endorsement = confirmed(email=known.email, name="Anne", statement="New words.")

        html = page(admin_client, endorsement)
        assert "<del>Ann</del>" in html
        assert "<ins>Anne</ins>" in html
        assert "<ins>longitude -76.49000, latitude 38.97000</ins>" in html
        assert "The address is known as Ann&#x27;s." in html

    def test_hides_addresses_and_places_from_those_who_may_not_see_them(
        self, staff_client: Callable[..., Client]
    ) -> None:
        endorsement = confirmed(email="canary@example.org")

        client = staff_client("view_endorsement")

        for path in ("", "?q=canary", f"{endorsement.pk}/change/"):
            html = client.get(f"{ENDORSEMENTS}{path}").content.decode()

            assert "canary@" not in html
            assert "-76.49" not in html
        assert results(client, q="canary") == []

    def test_tells_the_history(self, admin_client: Client, admin_user: User) -> None:
        endorsement = confirmed()
        reject(endorsement_id=endorsement.pk, by=admin_user, reason="A double.")

        html = " ".join(page(admin_client, endorsement).split())

        assert "Pending → Rejected by admin: “A double.”" in html
        assert ": Pending by the supporter" in html

    def test_costs_as_many_queries_however_long_its_history(
        self, admin_client: Client, admin_user: User
    ) -> None:
        endorsement = confirmed()
        with CaptureQueriesContext(connection) as before:
            page(admin_client, endorsement)
        for _ in range(3):
            reject(endorsement_id=endorsement.pk, by=admin_user)
            reopen(endorsement_id=endorsement.pk, by=admin_user)

        with CaptureQueriesContext(connection) as after:
            page(admin_client, endorsement)

        assert len(after) == len(before)

    def test_offers_no_decision_to_those_who_may_only_look(
        self, staff_client: Callable[..., Client]
    ) -> None:
        endorsement = make_endorsement(status="pending")

        html = page(staff_client("view_endorsement"), endorsement)

        assert "decide/" not in html


def results(client: Client, **query: Any) -> list[Endorsement]:
    return list(client.get(ENDORSEMENTS, query).context["cl"].result_list)


class TestFilters:
    @pytest.mark.parametrize("show", ["waiting", "flagged"])
    def test_show_what_waits_longest_first(self, admin_client: Client, show: str) -> None:
        make_endorsement()
        campaigns = make_campaign(), make_campaign()
        oldest, newest = (
            confirmed(campaign=each, statement="See https://spam.example") for each in campaigns
        )

        assert results(admin_client, show=show) == [oldest, newest]

    def test_count_what_each_shows(self, admin_client: Client) -> None:
        make_endorsement(status="pending")
        confirmed(statement="See https://spam.example")
        make_endorsement(status="rejected")
        make_endorsement()

        html = " ".join(admin_client.get(ENDORSEMENTS).content.decode().split())

        shown = re.findall(r">([\w, ]+) <span class=\"count\">(\d+)<", html)
        assert shown == [
            ("Waiting", "2"),
            ("Waiting, with a warning", "1"),
            ("Approved", "1"),
            ("Rejected", "1"),
            ("Withdrawn", "0"),
            ("All", "4"),
        ]

    @pytest.mark.parametrize("show", ["flagged", "approved", "rejected", "withdrawn"])
    def test_by_state(self, admin_client: Client, show: str) -> None:
        found = (
            confirmed(statement="See https://spam.example")
            if show == "flagged"
            else make_endorsement(status=show)
        )
        make_endorsement(status="pending")

        assert results(admin_client, show=show) == [found]

    def test_by_consent_and_campaign(self, admin_client: Client) -> None:
        found = make_endorsement(status="pending", public_display=False)
        make_endorsement(status="pending", public_display=False)
        make_endorsement(campaign=found.campaign)
        query = {"public_display__exact": "0", "campaign__id__exact": str(found.campaign.pk)}

        assert results(admin_client, **query) == [found]

    def test_by_warning(self, admin_client: Client) -> None:
        found = confirmed(statement="See https://spam.example")
        confirmed(email="ann@mailinator.com")

        assert results(admin_client, flag="links") == [found]

    def test_finds_a_batch_of_those_who_say_nearly_the_same(self, admin_client: Client) -> None:
        campaign = make_campaign()
        words = "I support the reefs because they keep our bay clean, and so should you."
        batch = [confirmed(campaign=campaign, statement=words + "!" * n) for n in range(3)]
        confirmed(campaign=campaign, statement="In other words, which nobody else has said yet.")
        first = batch[0].submissions.get()

        html = admin_client.get(ENDORSEMENTS, {"show": "waiting"}).content.decode()

        assert f"?show=waiting&amp;alike={first.pk}" in html
        assert "3 alike: “I support the reefs" in html
        assert results(admin_client, show="waiting", alike=first.pk) == batch

    @pytest.mark.parametrize("alike", ["x", "9" * 30, "7"])
    def test_finds_nothing_of_a_batch_that_is_none(self, admin_client: Client, alike: str) -> None:
        make_endorsement()

        assert admin_client.get(ENDORSEMENTS, {"alike": alike}).status_code in (200, 302)


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

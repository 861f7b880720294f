"""The reviewers' queue, and their decisions."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backend.actions.confirmation import confirm
from backend.actions.transitions import move
from backend.models import Endorsement, OutgoingMail, PolicyCampaign, Stakeholder, Transition
from tests.factories import make_campaign, make_endorsement, make_stakeholder, make_submission
from tests.manage.conftest import Staff

pytestmark = pytest.mark.django_db

QUEUE = "/api/v1/manage/endorsements"


def submitted(**values: Any) -> Endorsement:
    """A pending endorsement that somebody sent and confirmed."""
    return confirm(token=make_submission(**values).token()).endorsement


def ids(answer: Any) -> list[int]:
    return [each["id"] for each in answer.json()["results"]]


class TestQueue:
    def test_has_the_oldest_first_if_asked(self, staff: Staff) -> None:
        first, second = submitted(), submitted()
        make_endorsement()
        client = staff("moderator")

        answer = client.get(QUEUE, {"status": "waiting", "ordering": "created_at"})

        assert ids(answer) == [first.pk, second.pk]
        assert answer.json()["count"] == 2

    @pytest.mark.parametrize(("number", "limit"), [(1, 50), (20, 50), (20, 5)])
    def test_costs_as_many_queries_however_long_it_is(
        self,
        staff: Staff,
        django_assert_num_queries: DjangoAssertNumQueries,
        number: int,
        limit: int,
    ) -> None:
        campaign = make_campaign()
        for _ in range(number):
            submitted(campaign=campaign)
        client = staff("moderator")

        # The token; the tokens that have ended; the rights; how many; the page; what was sent.
        with django_assert_num_queries(7):
            client.get(QUEUE, {"limit": limit})

    def test_is_paged_by_cursors_in_both_directions(self, staff: Staff) -> None:
        campaign = make_campaign()
        expected = [submitted(campaign=campaign).pk for _ in range(5)][::-1]
        client = staff("moderator")

        first = client.get(QUEUE, {"limit": 2})
        second = client.get(first.json()["next"])
        third = client.get(second.json()["next"])
        back = client.get(third.json()["previous"])

        assert [ids(first), ids(second), ids(third)] == [expected[:2], expected[2:4], expected[4:]]
        assert (ids(back), third.json()["next"]) == (expected[2:4], None)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"status": "pending"}, ["Ann"]),
            ({"status": "approved"}, ["Bob"]),
            ({"type": "waterman"}, ["Bob"]),
            ({"type": "farmer,waterman"}, ["Bob", "Ann"]),
            ({"state": "VA"}, ["Bob"]),
            ({"search": "BOB"}, ["Bob"]),
            ({"search": "ann@ex"}, ["Ann"]),
            ({"flag": "links"}, ["Ann"]),
            ({"flag": "same_network"}, []),
            ({"submitted_after": "2020-01-01T00:00:00Z"}, ["Bob", "Ann"]),
            ({"submitted_after": "2100-01-01T00:00:00+02:00"}, []),
        ],
    )
    def test_can_be_narrowed(self, staff: Staff, query: dict[str, str], found: list[str]) -> None:
        submitted(name="Ann", email="ann@example.org", statement="See www.reef.example.")
        make_endorsement(stakeholder=make_stakeholder(name="Bob", type="waterman", state="VA"))

        answer = staff("moderator").get(QUEUE, query)

        assert [each["stakeholder"]["name"] for each in answer.json()["results"]] == found

    def test_can_be_narrowed_to_a_campaign(self, staff: Staff) -> None:
        endorsement = make_endorsement()
        make_endorsement()

        answer = staff("moderator").get(QUEUE, {"campaign": endorsement.campaign_id})

        assert ids(answer) == [endorsement.pk]

    @pytest.mark.parametrize(
        "query",
        [
            {"status": "open"},
            {"campaign": "reef"},
            {"campaign": "0x1"},
            {"flag": "rude"},
            {"submitted_after": "yesterday"},
            {"submitted_after": "2026-06-31T00:00:00Z"},
            {"submitted_after": "2026-06-01T00:00:00"},
            {"colour": "red"},
            {"cursor": "a~b"},
        ],
    )
    def test_refuses_what_it_does_not_know(self, staff: Staff, query: dict[str, str]) -> None:
        answer = staff("moderator").get(QUEUE, query)

        assert answer.status_code == 400
        assert [error["parameter"] for error in answer.json()["errors"]] == [*query]


class TestOne:
    def test_shows_what_was_sent_and_what_it_would_change(self, staff: Staff) -> None:
        known = make_stakeholder(email="ann@example.org", name="Ann", is_public=False)
        endorsement = submitted(
            email="ann@example.org",
            name="Ann Oyster",
            statement="See www.reef.example.",
            location=Point(-76.1, 38.8, srid=4326),
        )

        shown = staff("moderator").get(f"{QUEUE}/{endorsement.pk}").json()

        assert shown["stakeholder"]["name"] == known.name
        assert shown["submission"]["name"] == "Ann Oyster"
        changed = {each["field"]: (each["known"], each["sent"]) for each in shown["differences"]}
        assert changed["name"] == ("Ann", "Ann Oyster")
        assert changed["is_public"] == (False, True)
        assert changed["location"][1] == {"type": "Point", "coordinates": [-76.1, 38.8]}
        assert {flag["flag"] for flag in shown["flags"]} == {"links", "other_name"}
        assert (shown["public"], shown["because"]) == (False, ["pending"])

    def test_has_the_words_that_would_replace_those_that_are_shown(self, staff: Staff) -> None:
        client = staff("moderator")
        endorsement = submitted(email="ann@example.org", statement="Old words.")
        client.post(f"{QUEUE}/{endorsement.pk}/approve")
        submitted(campaign=endorsement.campaign, email="ann@example.org", statement="New words.")

        shown = client.get(f"{QUEUE}/{endorsement.pk}").json()

        assert shown["statement"] == "Old words."
        assert {"field": "statement", "known": "Old words.", "sent": "New words."} in shown[
            "differences"
        ]

    def test_tells_who_did_what(self, staff: Staff) -> None:
        client, other = staff("moderator", username="ann"), staff("moderator", username="bob")
        endorsement = submitted()
        path = f"{QUEUE}/{endorsement.pk}"
        client.post(f"{path}/approve")
        other.post(f"{path}/reopen")
        client.post(f"{path}/reject", {"reason": "A joke."}, format="json")

        history = client.get(path).json()["history"]

        told = [
            (each["from_status"], each["to_status"], each["by"], each["reason"]) for each in history
        ]
        assert told == [
            (None, "pending", None, ""),
            ("pending", "approved", "ann", ""),
            ("approved", "pending", "bob", ""),
            ("pending", "rejected", "ann", "A joke."),
        ]

    def test_entered_by_staff_has_no_submission(self, staff: Staff) -> None:
        shown = staff("moderator").get(f"{QUEUE}/{make_endorsement().pk}").json()

        assert (shown["submission"], shown["flags"], shown["differences"]) == (None, [], [])
        assert (shown["public"], shown["because"]) == (True, [])

    @pytest.mark.parametrize("unknown", [7, 10**30])
    def test_that_is_not_there_is_not_found(self, staff: Staff, unknown: int) -> None:
        moderator = staff("moderator")

        assert moderator.get(f"{QUEUE}/{unknown}").status_code == 404
        assert moderator.post(f"{QUEUE}/{unknown}/approve").status_code == 404


class TestDecision:
    def test_is_answered_with_the_endorsement_as_it_is_then(self, staff: Staff) -> None:
        endorsement = submitted()

        answer = staff("moderator").post(f"{QUEUE}/{endorsement.pk}/approve")

        assert answer.status_code == 200
        assert (answer.json()["status"], answer.json()["public"]) == ("approved", True)
        assert answer.json()["differences"] == []

    @pytest.mark.parametrize(
        ("status", "action", "expected"),
        [
            ("pending", "reopen", 409),
            ("approved", "approve", 409),
            ("approved", "reject", 200),
            ("rejected", "approve", 409),
            ("rejected", "reject", 409),
            ("rejected", "reopen", 200),
            ("withdrawn", "approve", 409),
            ("withdrawn", "reject", 409),
            ("withdrawn", "reopen", 409),
        ],
    )
    def test_needs_the_state_for_it(
        self, staff: Staff, status: str, action: str, expected: int
    ) -> None:
        endorsement = make_endorsement(status=status)
        body = {"reason": "A joke."} if action == "reject" else None

        answer = staff("moderator").post(f"{QUEUE}/{endorsement.pk}/{action}", body, format="json")

        assert answer.status_code == expected
        if expected == 409:
            assert status in answer.json()["detail"]
            assert Endorsement.objects.get().status == status
            assert not Transition.objects.exists()

    @pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": 7}])
    def test_to_reject_needs_a_reason(self, staff: Staff, body: dict[str, Any]) -> None:
        endorsement = submitted()

        answer = staff("moderator").post(f"{QUEUE}/{endorsement.pk}/reject", body, format="json")

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "#/reason"

    def test_is_told_after_thirty_seconds(self, staff: Staff) -> None:
        endorsement = submitted()
        OutgoingMail.objects.all().delete()

        staff("moderator").post(f"{QUEUE}/{endorsement.pk}/approve")

        mail = OutgoingMail.objects.get()
        delay = mail.due_at - timezone.now()
        assert timedelta(seconds=20) < delay <= timedelta(seconds=30)

    @pytest.mark.parametrize("action", ["approve", "reject"])
    def test_of_what_staff_entered_is_told_to_nobody(self, staff: Staff, action: str) -> None:
        endorsement = make_endorsement(status="pending")
        body = {"reason": "A double."} if action == "reject" else None

        answer = staff("moderator").post(f"{QUEUE}/{endorsement.pk}/{action}", body, format="json")

        assert answer.status_code == 200
        assert not OutgoingMail.objects.exists()

    def test_says_when_what_is_known_of_somebody_changed(self, staff: Staff) -> None:
        endorsement, long_ago = submitted(), timezone.now() - timedelta(days=9)
        known = Stakeholder.objects.filter(pk=endorsement.stakeholder_id)
        known.update(name="Before", details_at=None, updated_at=long_ago)

        staff("moderator").post(f"{QUEUE}/{endorsement.pk}/approve")

        assert known.get().name != "Before"
        assert known.get().updated_at > long_ago

    def test_that_is_taken_back_is_told_to_nobody(self, staff: Staff) -> None:
        endorsement, client = submitted(), staff("moderator")
        OutgoingMail.objects.all().delete()

        for action in ("approve", "reopen", "approve"):
            client.post(f"{QUEUE}/{endorsement.pk}/{action}")

        states = OutgoingMail.objects.order_by("pk").values_list("kind", "state")
        assert list(states) == [("approved", "dropped"), ("approved", "queued")]


class TestSomethingNewer:
    @pytest.mark.parametrize("action", ["approve", "reject"])
    def test_is_not_what_a_decision_was_about(self, staff: Staff, action: str) -> None:
        endorsement = submitted(email="ann@example.org", statement="Clean water.")
        client, body = staff("moderator"), {"reason": "A test."} if action == "reject" else {}
        seen = client.get(f"{QUEUE}/{endorsement.pk}").json()["submission"]["id"]
        submitted(email="ann@example.org", statement="Buy this.", campaign=endorsement.campaign)

        blind = client.post(
            f"{QUEUE}/{endorsement.pk}/{action}", body | {"submission": seen}, format="json"
        )
        then = Endorsement.objects.get().status
        seen = client.get(f"{QUEUE}/{endorsement.pk}").json()["submission"]["id"]
        again = client.post(
            f"{QUEUE}/{endorsement.pk}/{action}", body | {"submission": seen}, format="json"
        )

        assert (blind.status_code, then, again.status_code) == (409, "pending", 200)
        assert "something newer" in blind.json()["detail"]

    def test_is_a_conflict_among_many(self, staff: Staff) -> None:
        campaign, client = make_campaign(), staff("moderator")
        same = submitted(campaign=campaign)
        newer = submitted(campaign=campaign, email="ann@example.org")
        entered = make_endorsement(campaign=campaign, status="pending")
        queue = client.get(QUEUE).json()["results"]
        seen = [each["submission"]["id"] for each in queue if each["submission"]]
        submitted(campaign=campaign, email="ann@example.org", statement="Buy this.")
        body = {"ids": [same.pk, newer.pk, entered.pk], "decision": "approve", "submissions": seen}

        foreseen = client.post(f"{QUEUE}/decide", body | {"dry_run": True}, format="json").json()
        done = client.post(f"{QUEUE}/decide", body, format="json").json()

        outcomes = [each["outcome"] for each in done["results"]]
        assert outcomes == ["decided", "conflict", "decided"]
        assert outcomes == [each["outcome"] for each in foreseen["results"]]
        assert foreseen["campaigns"][0]["change"] == 2


class TestDecidedMeanwhile:
    def test_is_not_turned_down_by_who_saw_it_waiting(self, staff: Staff) -> None:
        endorsement, client = submitted(), staff("moderator")
        seen = client.get(f"{QUEUE}/{endorsement.pk}").json()["submission"]["id"]
        client.post(f"{QUEUE}/{endorsement.pk}/approve")
        reject = {"reason": "A joke."}

        late, knowing = (
            client.post(f"{QUEUE}/{endorsement.pk}/reject", body, format="json")
            for body in (reject | {"submission": seen}, reject)
        )

        assert (late.status_code, knowing.status_code) == (409, 200)
        assert late.json()["detail"].startswith("It is approved")


class TestDecide:
    def test_puts_one_reason_on_record_for_all(self, staff: Staff) -> None:
        pending = [submitted(), submitted()]
        body = {"ids": [each.pk for each in pending], "decision": "reject", "reason": "A joke."}

        staff("moderator").post(f"{QUEUE}/decide", body, format="json")

        reasons = [each.transitions.get(to_status="rejected").reason for each in pending]
        assert reasons == ["A joke.", "A joke."]

    def test_answers_for_each_id(self, staff: Staff) -> None:
        campaign = make_campaign()
        pending = [submitted(campaign=campaign) for _ in range(3)]
        withdrawn = make_endorsement(status="withdrawn")
        asked = [pending[2].pk, withdrawn.pk, 10**12, pending[0].pk]

        answer = staff("moderator").post(
            f"{QUEUE}/decide", {"ids": asked, "decision": "approve"}, format="json"
        )

        assert answer.status_code == 200
        assert answer.json()["results"] == [
            {"id": pending[2].pk, "outcome": "decided", "status": "approved"},
            {"id": withdrawn.pk, "outcome": "conflict", "status": "withdrawn"},
            {"id": 10**12, "outcome": "not_found", "status": None},
            {"id": pending[0].pk, "outcome": "decided", "status": "approved"},
        ]
        assert Endorsement.objects.filter(status="pending").get() == pending[1]

    @pytest.mark.parametrize("decision", ["approve", "reject"])
    def test_tells_beforehand_what_it_does_to_the_counts(self, staff: Staff, decision: str) -> None:
        campaign, client = make_campaign(), staff("moderator")
        rows = [
            submitted(campaign=campaign),
            submitted(campaign=campaign, public_display=False),
            make_endorsement(campaign=campaign),
            make_endorsement(campaign=campaign, status="withdrawn"),
            submitted(campaign=campaign, email="renewed@example.org"),
        ]
        client.post(f"{QUEUE}/{rows[-1].pk}/approve")
        submitted(campaign=campaign, email="renewed@example.org", public_display=False)
        body = {"ids": [row.pk for row in rows], "decision": decision, "reason": "A test."}

        foreseen = client.post(f"{QUEUE}/decide", body | {"dry_run": True}, format="json").json()
        untouched = Transition.objects.count()
        done = client.post(f"{QUEUE}/decide", body, format="json").json()

        (counts,) = foreseen["campaigns"]
        count = PolicyCampaign.objects.with_endorsement_count().get().endorsement_count
        assert counts["endorsement_count"] + counts["change"] == count
        assert [each["outcome"] for each in foreseen["results"]] == [
            each["outcome"] for each in done["results"]
        ]
        assert untouched == 4  # three submissions, an approval, and nothing by the dry run
        assert (foreseen["dry_run"], done["campaigns"]) == (True, [])

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"ids": [], "decision": "approve"}, "#/ids"),
            ({"ids": [1, 1], "decision": "approve"}, "#/ids"),
            ({"ids": list(range(1, 502)), "decision": "approve"}, "#/ids"),
            ({"ids": ["1"], "decision": "approve"}, "#/ids/0"),
            ({"ids": [1], "decision": "withdraw"}, "#/decision"),
            ({"ids": [1], "decision": "reject"}, "#/reason"),
            ({"ids": [1], "decision": "approve", "force": True}, "#/force"),
        ],
    )
    def test_names_what_is_not_valid(
        self, staff: Staff, body: dict[str, Any], pointer: str
    ) -> None:
        answer = staff("moderator").post(f"{QUEUE}/decide", body, format="json")

        assert answer.status_code == 400
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


class TestGroups:
    def test_are_of_nearly_the_same_statement(self, staff: Staff) -> None:
        campaign = make_campaign()
        words = "I grew up beside the river, and want it as clean as my grandfather knew it"
        batch = [submitted(campaign=campaign, statement=f"{words}, {each}.") for each in "abc"]
        submitted(campaign=campaign, statement="Something else, and quite another reason for it.")

        groups = staff("moderator").get(f"{QUEUE}/groups").json()["groups"]

        (group,) = (each for each in groups if each["by"] == "statement")
        assert group["endorsement_ids"] == [each.pk for each in batch]
        assert (group["size"], words in group["statement"]) == (3, True)

    def test_are_of_a_mail_domain_but_not_a_providers(self, staff: Staff) -> None:
        for each in range(3):
            submitted(email=f"{each}@reef.example")
            submitted(email=f"{each}@gmail.com")

        groups = staff("moderator").get(f"{QUEUE}/groups").json()["groups"]

        keys = [each["key"] for each in groups if each["by"] == "email_domain"]
        assert keys == ["reef.example"]

    def test_have_nothing_that_was_decided(self, staff: Staff) -> None:
        client = staff("moderator")
        rows = [submitted(email=f"{each}@reef.example") for each in range(3)]
        before = client.get(f"{QUEUE}/groups").json()["groups"]
        body = {"ids": [row.pk for row in rows], "decision": "reject", "reason": "A batch."}

        client.post(f"{QUEUE}/decide", body, format="json")

        assert before
        assert client.get(f"{QUEUE}/groups").json()["groups"] == []


class TestConsent:
    def test_that_was_taken_back_meanwhile_is_not_given_by_approval(self, staff: Staff) -> None:
        endorsement = submitted(is_public=True)
        later = (timezone.now() + timedelta(seconds=1)).isoformat()
        consent = {"given": False, "version": "1", "sha256": "", "at": later}
        Stakeholder.objects.update(is_public=False, consents={"is_public": consent})

        staff("moderator").post(f"{QUEUE}/{endorsement.pk}/approve")

        assert Stakeholder.objects.get().is_public is False

    def test_withdrawn_endorsements_are_approved_by_nobody(self, staff: Staff) -> None:
        endorsement = submitted()
        move(endorsement, Endorsement.Status.WITHDRAWN, by=None)

        answer = staff("moderator").post(
            f"{QUEUE}/decide", {"ids": [endorsement.pk], "decision": "approve"}, format="json"
        )

        assert answer.json()["results"][0]["outcome"] == "conflict"
        assert Endorsement.objects.get().status == "withdrawn"

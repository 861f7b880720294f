from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from backend.actions.confirmation import confirm
from backend.actions.reviews import approve, reject
from backend.models import (
    Endorsement,
    OutgoingMail,
    PersonalLink,
    PolicyCampaign,
    Stakeholder,
    Submission,
)
from backend.models.consents import CURRENT
from backend.models.tokens import make_token
from tests.factories import make_campaign, make_endorsement, make_stakeholder, make_submission
from tests.statements import uncommented
from tests.supporter.conftest import Me, codes

pytestmark = pytest.mark.django_db

MERGE_PATCH = "application/merge-patch+json"


@pytest.fixture
def reviewer(db: None) -> User:
    return User.objects.create_user("reviewer")


@pytest.fixture
def ann(db: None) -> Stakeholder:
    """A farmer who is listed."""
    return make_stakeholder(email="ann@example.org", name="Ann", type="farmer")


@pytest.fixture
def endorsed(ann: Stakeholder) -> Endorsement:
    """Ann's, approved and shown."""
    return make_endorsement(stakeholder=ann, statement="For the reef.")


@pytest.fixture
def newcomer(campaign: PolicyCampaign) -> Stakeholder:
    """Bob, who has confirmed an endorsement that nobody has reviewed."""
    submission = make_submission(
        campaign=campaign, email="bob@example.org", name="Bob", is_public=False
    )
    confirm(token=submission.token())
    return Stakeholder.objects.get()


class TestAskForLink:
    def test_answers_alike_and_stores_alike_whether_the_address_is_known(
        self, api: APIClient, ann: Stakeholder
    ) -> None:
        answers, statements = [], []
        for email in ("ann@example.org", "nobody@example.org"):
            with CaptureQueriesContext(connection) as queries:
                answers.append(api.post("/api/v1/me/links", {"email": email}, format="json"))
            statements.append([uncommented(query["sql"]).split(" ")[0] for query in queries])

        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1
        assert statements[0] == statements[1]
        mails = OutgoingMail.objects.values_list("kind", "state", "link__email")
        assert set(mails) == {
            ("link", "queued", "ann@example.org"),
            ("link", "queued", "nobody@example.org"),
        }

    def test_is_bounded_per_network_and_silently_per_address(
        self, api: APIClient, settings: Any
    ) -> None:
        settings.LIMITS = settings.LIMITS | {"address": (2, 60), "mails": (1, 60)}

        answers = [
            api.post("/api/v1/me/links", {"email": "ann@example.org"}, format="json")
            for _ in range(3)
        ]

        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert OutgoingMail.objects.queued().count() == 1

    @pytest.mark.parametrize("body", [{}, {"email": "ann"}, {"email": "a@example.org", "x": 1}])
    def test_refuses_what_is_no_address(self, api: APIClient, body: Any) -> None:
        assert api.post("/api/v1/me/links", body, format="json").status_code == 400


class TestToken:
    def test_is_needed(self, api: APIClient, ann: Stakeholder) -> None:
        for ask in (api.get, api.patch, api.delete):
            response = ask("/api/v1/me")

            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"] == "Bearer"
            assert response.headers["Cache-Control"] == "no-store"
        assert Stakeholder.objects.exists()

    @pytest.mark.parametrize("wrong", ["cut", "other purpose", "other nonce", "other row", "long"])
    def test_is_refused_that_was_sent_to_nobody(
        self, api: APIClient, ann: Stakeholder, wrong: str
    ) -> None:
        link = PersonalLink.objects.create(email=ann.email)
        token = link.token()
        tokens = {
            "cut": token[:-4],
            "other purpose": make_token(link.pk, bytes(link.nonce), purpose="submission"),
            "other nonce": make_token(link.pk, b"x" * 16, purpose="personal link"),
            "other row": make_token(link.pk + 1, bytes(link.nonce), purpose="personal link"),
            "long": token + "AAAA",
        }

        response = Me(api, token=tokens[wrong]).get()

        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        assert response.json()["type"] == "/problems#unauthorized"

    def test_of_a_submission_opens_nothing(
        self, api: APIClient, campaign: PolicyCampaign, ann: Stakeholder
    ) -> None:
        submission = make_submission(campaign=campaign, email=ann.email)
        PersonalLink.objects.create(pk=submission.pk, email=ann.email, nonce=submission.nonce)

        assert Me(api, token=submission.token()).get().status_code == 401

    def test_holds_for_24_hours(self, api: APIClient, ann: Stakeholder) -> None:
        link = PersonalLink.objects.create(email=ann.email)
        me = Me(api, token=link.token())
        assert me.get().status_code == 200
        assert abs(link.expires_at - timezone.now() - timedelta(hours=24)) < timedelta(minutes=1)

        PersonalLink.objects.update(expires_at=timezone.now())

        assert me.get().status_code == 401

    def test_opens_nothing_where_nobody_is_known(self, api: APIClient) -> None:
        link = PersonalLink.objects.create(email="nobody@example.org")

        assert Me(api, token=link.token()).get().status_code == 401

    @pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
    def test_is_taken_whatever_the_case_of_its_scheme(
        self, api: APIClient, ann: Stakeholder, scheme: str
    ) -> None:
        token = PersonalLink.objects.create(email=ann.email).token()

        response = api.get("/api/v1/me", headers={"Authorization": f"{scheme} {token}"})

        assert response.status_code == 200

    def test_is_read_from_no_query(self, api: APIClient, ann: Stakeholder) -> None:
        me = Me.of(ann)

        response = api.get(
            f"/api/v1/me?token={me.token}", headers={"Authorization": f"Bearer {me.token}"}
        )

        assert response.status_code == 400


class TestSee:
    def test_tells_all_that_is_held(self, endorsed: Endorsement) -> None:
        answer = Me.of(endorsed.stakeholder).get()

        assert answer.headers["Cache-Control"] == "no-store"
        told = answer.json()
        assert told["email"] == "ann@example.org"
        assert told["name"] == "Ann"
        assert told["location"] == {"type": "Point", "coordinates": [-76.49, 38.97]}
        assert told["is_public"] is True
        assert told["waiting"] is None
        [endorsement] = told["endorsements"]
        assert endorsement["id"] == endorsed.pk
        assert endorsement["campaign"] == {
            "slug": endorsed.campaign.slug,
            "title": endorsed.campaign.title,
        }
        assert endorsement["statement"] == "For the reef."
        assert (endorsement["status"], endorsement["public"]) == ("approved", True)
        assert endorsement["waiting"] is None

    def test_tells_what_was_agreed_to_in_which_words_and_when(self, newcomer: Stakeholder) -> None:
        [endorsement] = Me.of(newcomer).get().json()["endorsements"]

        consent = endorsement["consents"]["public_display"]
        assert consent["given"] is True
        assert consent["version"] == "1"
        assert datetime.fromisoformat(consent["at"]) <= timezone.now()

    def test_has_nothing_of_others(self, ann: Stakeholder) -> None:
        make_endorsement(statement="Another's.")

        assert Me.of(ann).get().json()["endorsements"] == []

    def test_costs_as_many_queries_however_many_endorsements(
        self, ann: Stakeholder, django_assert_num_queries: Any
    ) -> None:
        for _ in range(3):
            make_endorsement(stakeholder=ann)
        me = Me.of(ann)

        # The link, the person, their endorsements, and what waits.
        with django_assert_num_queries(4):
            assert len(me.get().json()["endorsements"]) == 3


class TestChangeAtOnce:
    def test_of_the_place(self, endorsed: Endorsement) -> None:
        body = {
            "county": "Kent",
            "state": "Delaware",
            "location": {"type": "Point", "coordinates": [-75.5, 39.1]},
        }

        answer = Me.of(endorsed.stakeholder).patch(body)

        assert answer.status_code == 200
        told = answer.json()
        assert (told["county"], told["state"], told["waiting"]) == ("Kent", "DE", None)
        stakeholder = Stakeholder.objects.get()
        assert (stakeholder.county, stakeholder.location.coords) == ("Kent", (-75.5, 39.1))

    def test_empties_what_is_null(self, endorsed: Endorsement) -> None:
        told = Me.of(endorsed.stakeholder).patch({"county": None, "location": None}).json()

        assert (told["county"], told["location"]) == ("", None)
        assert Stakeholder.objects.get().location is None

    @pytest.mark.parametrize("content_type", ["application/json", MERGE_PATCH])
    def test_takes_either_name_of_a_patch(self, ann: Stakeholder, content_type: str) -> None:
        me = Me.of(ann)

        response = me.api.patch(
            "/api/v1/me", '{"county": "Kent"}', content_type=content_type, headers=me.headers
        )

        assert response.json()["county"] == "Kent"

    def test_of_a_consent_is_kept_with_its_text_and_time(self, ann: Stakeholder) -> None:
        begun = timezone.now()

        told = Me.of(ann).patch({"is_public": False, "email_updates": True}).json()

        assert (told["is_public"], told["email_updates"]) == (False, True)
        stakeholder = Stakeholder.objects.get()
        assert (stakeholder.is_public, stakeholder.email_updates) == (False, True)
        for name, given in (("is_public", False), ("email_updates", True)):
            consent = told["consents"][name]
            assert consent["given"] is given
            assert consent["version"] == CURRENT[name].version
            assert consent["sha256"] == CURRENT[name].sha256
            assert datetime.fromisoformat(consent["at"]) >= begun

    def test_of_the_place_holds_for_what_waits_too(
        self, newcomer: Stakeholder, reviewer: User
    ) -> None:
        Me.of(newcomer).patch({"county": "Kent"})

        approve(endorsement_id=Endorsement.objects.get().pk, by=reviewer)

        assert Stakeholder.objects.get().county == "Kent"

    def test_of_the_place_holds_for_what_was_sent_before_and_is_confirmed_later(
        self, ann: Stakeholder, campaign: PolicyCampaign, reviewer: User
    ) -> None:
        submission = make_submission(campaign=campaign, email=ann.email, county="Old")
        Me.of(ann).patch({"county": "Kent"})

        confirm(token=submission.token())
        approve(endorsement_id=Endorsement.objects.get().pk, by=reviewer)

        assert Stakeholder.objects.get().county == "Kent"


class TestConsentsAgainstReviews:
    @pytest.mark.parametrize("wanted", [True, False])
    def test_delisting_before_approval_is_not_overridden(
        self, campaign: PolicyCampaign, reviewer: User, wanted: bool
    ) -> None:
        submission = make_submission(campaign=campaign, email="ann@example.org", is_public=True)
        confirm(token=submission.token())
        me = Me.of(Stakeholder.objects.get())
        if not wanted:
            me.patch({"is_public": False})

        approve(endorsement_id=Endorsement.objects.get().pk, by=reviewer)

        assert Stakeholder.objects.get().is_public is wanted

    def test_hiding_an_endorsement_is_not_overridden_by_new_words(
        self, endorsed: Endorsement, reviewer: User
    ) -> None:
        submission = make_submission(
            campaign=endorsed.campaign, email="ann@example.org", statement="New."
        )
        confirm(token=submission.token())
        Me.of(endorsed.stakeholder).patch_endorsement(endorsed.pk, {"public_display": False})

        approve(endorsement_id=endorsed.pk, by=reviewer)

        endorsed.refresh_from_db()
        assert (endorsed.statement, endorsed.public_display) == ("New.", False)

    def test_hiding_is_not_overridden_by_what_was_sent_before_and_confirmed_later(
        self, campaign: PolicyCampaign, ann: Stakeholder
    ) -> None:
        endorsement = make_endorsement(stakeholder=ann, campaign=campaign, status="pending")
        submission = make_submission(campaign=campaign, email=ann.email, statement="New.")
        Me.of(ann).patch_endorsement(endorsement.pk, {"public_display": False})

        confirm(token=submission.token())

        endorsement.refresh_from_db()
        assert (endorsement.statement, endorsement.public_display) == ("New.", False)

    def test_nobody_is_listed_before_somebody_saw_who_they_say_they_are(
        self, newcomer: Stakeholder, reviewer: User
    ) -> None:
        told = Me.of(newcomer).patch({"is_public": True}).json()

        assert (told["is_public"], told["waiting"]["is_public"]) == (False, True)
        assert Stakeholder.objects.get().is_public is False
        approve(endorsement_id=Endorsement.objects.get().pk, by=reviewer)
        assert Stakeholder.objects.get().is_public is True

    def test_whom_nobody_will_review_is_told_to_endorse_first(
        self, newcomer: Stakeholder, reviewer: User
    ) -> None:
        reject(endorsement_id=Endorsement.objects.get().pk, by=reviewer)
        me = Me.of(newcomer)
        me.patch({"name": "Buy my pills"})

        answer = me.patch({"is_public": True, "county": "Kent"})

        assert answer.status_code == 409
        assert answer.json()["type"] == "/problems#endorse-first"
        stakeholder = Stakeholder.objects.get()
        assert (stakeholder.is_public, stakeholder.county) == (False, "Talbot")


class TestChangeAfterReview:
    def test_leaves_what_is_shown_as_it_is_until_then(
        self, endorsed: Endorsement, reviewer: User
    ) -> None:
        told = Me.of(endorsed.stakeholder).patch({"name": "Anna", "county": "Kent"}).json()

        assert (told["name"], told["county"]) == ("Ann", "Kent")
        assert told["waiting"] == {"name": "Anna"}
        endorsed.refresh_from_db()
        assert (endorsed.status, endorsed.is_public) == ("approved", True)
        assert Endorsement.objects.waiting().get() == endorsed
        assert [tuple(each) for each in Submission.objects.get().differences()] == [
            ("name", "Ann", "Anna")
        ]

        approve(endorsement_id=endorsed.pk, by=reviewer)

        stakeholder = Stakeholder.objects.get()
        assert (stakeholder.name, stakeholder.county, stakeholder.is_public) == (
            "Anna",
            "Kent",
            True,
        )
        endorsed.refresh_from_db()
        assert (endorsed.statement, endorsed.public_display) == ("For the reef.", True)

    def test_is_left_out_when_it_is_rejected(self, endorsed: Endorsement, reviewer: User) -> None:
        me = Me.of(endorsed.stakeholder)
        me.patch({"name": "Anna"})

        reject(endorsement_id=endorsed.pk, by=reviewer)

        assert (me.get().json()["name"], me.get().json()["waiting"]) == ("Ann", None)
        assert Endorsement.objects.get().status == "approved"

    def test_has_flags_for_the_reviewer(self, endorsed: Endorsement) -> None:
        Me.of(endorsed.stakeholder).patch({"name": "Anna"})

        assert [flag["flag"] for flag in Submission.objects.get().flags] == ["other_name"]

    def test_empties_an_organization(self, ann: Stakeholder, reviewer: User) -> None:
        Stakeholder.objects.update(organization="Old Farm", role="Owner")
        endorsement = make_endorsement(stakeholder=ann)

        told = Me.of(ann).patch({"organization": None, "role": ""}).json()
        approve(endorsement_id=endorsement.pk, by=reviewer)

        assert told["waiting"] == {"organization": "", "role": ""}
        stakeholder = Stakeholder.objects.get()
        assert (stakeholder.organization, stakeholder.role) == ("", "")

    def test_needs_the_authority_to_speak_for_an_organization(
        self, endorsed: Endorsement, reviewer: User
    ) -> None:
        me = Me.of(endorsed.stakeholder)

        refused = me.patch({"organization": "Reef Farm"})
        accepted = me.patch({"organization": "Reef Farm", "is_authorized": True})

        assert codes(refused) == {"#/is_authorized": "required"}
        assert accepted.json()["waiting"] == {"organization": "Reef Farm"}
        approve(endorsement_id=endorsed.pk, by=reviewer)
        endorsed.refresh_from_db()
        assert endorsed.consents["is_authorized"]["given"] is True

    def test_keeps_what_waited_of_a_newcomer(self, newcomer: Stakeholder, reviewer: User) -> None:
        Submission.objects.update(is_public=True)
        sent = Submission.objects.get()

        Me.of(newcomer).patch({"name": "Robert"})

        endorsement = Endorsement.objects.get()
        assert (endorsement.status, endorsement.statement) == ("pending", sent.statement)
        assert Submission.objects.undecided().count() == 1
        approve(endorsement_id=endorsement.pk, by=reviewer)
        assert Stakeholder.objects.get().name == "Robert"
        endorsement.refresh_from_db()
        assert endorsement.public_display is True
        assert endorsement.consents["public_display"] == sent.consents["public_display"]

    def test_adds_to_what_waits_already(self, endorsed: Endorsement) -> None:
        me = Me.of(endorsed.stakeholder)
        me.patch({"name": "Anna"})
        me.patch({"role": "Owner"})
        told = me.patch_endorsement(endorsed.pk, {"statement": "For my children."}).json()

        assert told["waiting"] == {"statement": "For my children."}
        assert me.get().json()["waiting"] == {"name": "Anna", "role": "Owner"}
        assert Submission.objects.undecided().count() == 1

    def test_that_changes_nothing_troubles_nobody(self, endorsed: Endorsement) -> None:
        answer = Me.of(endorsed.stakeholder).patch({"name": "Ann", "type": "farmer"})

        assert (answer.status_code, answer.json()["waiting"]) == (200, None)
        assert not Submission.objects.exists()

    def test_is_not_needed_by_whom_nobody_sees(self, ann: Stakeholder) -> None:
        Stakeholder.objects.update(is_public=False)

        told = Me.of(ann).patch({"name": "Anna"}).json()

        assert (told["name"], told["waiting"]) == ("Anna", None)

    def test_is_needed_by_whom_the_public_sees_without_an_endorsement(
        self, ann: Stakeholder
    ) -> None:
        answer = Me.of(ann).patch({"name": "Anna"})

        assert answer.status_code == 409
        assert answer.json()["type"] == "/problems#endorse-first"
        assert Stakeholder.objects.get().name == "Ann"

    def test_is_needed_by_whose_hidden_endorsement_may_come_back(
        self, endorsed: Endorsement
    ) -> None:
        Stakeholder.objects.update(is_public=False)
        endorsed.delete()

        assert Me.of(endorsed.stakeholder).patch({"name": "Anna"}).status_code == 409

    def test_is_not_undone_by_what_was_sent_before(
        self, endorsed: Endorsement, reviewer: User
    ) -> None:
        before = datetime(2026, 11, 1, tzinfo=UTC)
        earlier = make_submission(email="ann@example.org", name="Annie", created_at=before)
        Me.of(endorsed.stakeholder).patch({"name": "Anna"})
        approve(endorsement_id=endorsed.pk, by=reviewer)

        confirm(token=earlier.token())
        approve(endorsement_id=Endorsement.objects.get(campaign=earlier.campaign).pk, by=reviewer)

        assert Stakeholder.objects.get().name == "Anna"


class TestInvalidChanges:
    @pytest.mark.parametrize(
        ("body", "errors"),
        [
            ({"email": "new@example.org"}, {"#/email": "read_only"}),
            ({"id": 1, "created_at": ""}, {"#/id": "unknown", "#/created_at": "unknown"}),
            ({"name": ""}, {"#/name": "blank"}),
            ({"name": None}, {"#/name": "invalid"}),
            ({"state": "XX"}, {"#/state": "invalid_choice"}),
            ({"type": "king"}, {"#/type": "invalid_choice"}),
            ({"is_public": "yes"}, {"#/is_public": "invalid"}),
            ({"location": {"type": "Point", "coordinates": [0, 91]}}, {"#/location": "invalid"}),
            ({"county": "\u202e"}, {"#/county": "invalid"}),
        ],
    )
    def test_are_refused_with_all_that_is_wrong(
        self, ann: Stakeholder, body: Any, errors: dict[str, str]
    ) -> None:
        answer = Me.of(ann).patch({"county": "Kent"} | body)

        assert answer.status_code == 400
        assert codes(answer) == errors
        assert Stakeholder.objects.get().county == "Anne Arundel"

    @pytest.mark.parametrize("body", ["[]", "null", '"x"', ""])
    def test_are_no_objects(self, ann: Stakeholder, body: str) -> None:
        me = Me.of(ann)

        response = me.api.patch("/api/v1/me", body, content_type=MERGE_PATCH, headers=me.headers)

        assert response.status_code == 400


class TestChangeEndorsement:
    def test_withdraws_at_once_and_puts_it_on_record(self, endorsed: Endorsement) -> None:
        me = Me.of(endorsed.stakeholder)

        answers = [me.patch_endorsement(endorsed.pk, {"status": "withdrawn"}) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].json()["status"] == "withdrawn"
        assert answers[0].json()["public"] is False
        [transition] = endorsed.transitions.all()
        assert (transition.from_status, transition.to_status) == ("approved", "withdrawn")
        assert transition.by is None

    def test_withdraws_what_waits_too(self, endorsed: Endorsement) -> None:
        me = Me.of(endorsed.stakeholder)
        me.patch_endorsement(endorsed.pk, {"statement": "New."})

        told = me.patch_endorsement(endorsed.pk, {"status": "withdrawn"}).json()

        assert told["waiting"] is None
        assert not Endorsement.objects.waiting().exists()

    def test_shows_new_words_after_review(self, endorsed: Endorsement, reviewer: User) -> None:
        me = Me.of(endorsed.stakeholder)

        told = me.patch_endorsement(endorsed.pk, {"statement": "New."}).json()

        assert (told["status"], told["statement"]) == ("approved", "For the reef.")
        assert told["waiting"] == {"statement": "New."}
        approve(endorsement_id=endorsed.pk, by=reviewer)
        told = me.get().json()["endorsements"][0]
        assert (told["statement"], told["waiting"]) == ("New.", None)

    @pytest.mark.parametrize("status", ["pending", "rejected"])
    def test_lets_new_words_of_what_is_not_shown_wait(
        self, ann: Stakeholder, campaign: PolicyCampaign, status: str
    ) -> None:
        endorsement = make_endorsement(stakeholder=ann, campaign=campaign, status=status)

        told = Me.of(ann).patch_endorsement(endorsement.pk, {"statement": "New."}).json()

        assert (told["status"], told["statement"], told["waiting"]) == ("pending", "New.", None)
        [transition] = endorsement.transitions.all()
        assert (transition.from_status, transition.to_status) == (status, "pending")

    def test_brings_nothing_rejected_back_to_a_closed_campaign(self, ann: Stakeholder) -> None:
        campaign = make_campaign(allow_endorsements=False)
        endorsement = make_endorsement(stakeholder=ann, campaign=campaign, status="rejected")

        answer = Me.of(ann).patch_endorsement(endorsement.pk, {"statement": "New."})

        assert answer.json()["type"] == "/problems#endorsements-closed"

    def test_hides_and_shows_at_once_by_a_consent(self, endorsed: Endorsement) -> None:
        me = Me.of(endorsed.stakeholder)

        hidden = me.patch_endorsement(endorsed.pk, {"public_display": False}).json()
        shown = me.patch_endorsement(endorsed.pk, {"public_display": True}).json()

        assert (hidden["public"], shown["public"]) == (False, True)
        consent = shown["consents"]["public_display"]
        assert (consent["given"], consent["version"]) == (True, CURRENT["public_display"].version)

    @pytest.mark.parametrize(
        ("status", "body"),
        [("withdrawn", {"statement": "New."}), ("rejected", {"status": "withdrawn"})],
    )
    def test_is_refused_by_what_is_over(
        self, ann: Stakeholder, campaign: PolicyCampaign, status: str, body: Any
    ) -> None:
        endorsement = make_endorsement(stakeholder=ann, campaign=campaign, status=status)

        answer = Me.of(ann).patch_endorsement(endorsement.pk, body)

        assert answer.status_code == 409
        endorsement.refresh_from_db()
        assert endorsement.status == status

    @pytest.mark.parametrize(
        ("body", "errors"),
        [
            ({"status": "approved"}, {"#/status": "invalid_choice"}),
            ({"status": "withdrawn", "statement": "x"}, {"#/statement": "invalid"}),
            ({"statement": "x" * 2_001}, {"#/statement": "max_length"}),
            ({"public_display": None}, {"#/public_display": "invalid"}),
            ({"campaign": 1}, {"#/campaign": "unknown"}),
        ],
    )
    def test_refuses_what_is_not_valid(
        self, endorsed: Endorsement, body: Any, errors: dict[str, str]
    ) -> None:
        answer = Me.of(endorsed.stakeholder).patch_endorsement(endorsed.pk, body)

        assert codes(answer) == errors

    def test_of_others_is_not_found(self, ann: Stakeholder) -> None:
        others = make_endorsement()

        for key in (others.pk, others.pk + 1, 9_999_999_999_999_999_999):
            answer = Me.of(ann).patch_endorsement(key, {"status": "withdrawn"})
            assert answer.status_code == 404
        others.refresh_from_db()
        assert others.status == "approved"


class TestExport:
    def test_has_every_row_about_the_person_and_of_nobody_else(
        self, newcomer: Stakeholder, reviewer: User
    ) -> None:
        make_endorsement(statement="Another's.")
        endorsement = Endorsement.objects.get(stakeholder=newcomer)
        approve(endorsement_id=endorsement.pk, by=reviewer)

        answer = Me.of(newcomer).export()

        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Cache-Control"] == "no-store"
        rows = answer.json()
        assert {name: len(each) for name, each in rows.items() if each} == {
            "stakeholders": 1,
            "endorsements": 1,
            "transitions": 2,
            "submissions": 1,
            "redeemed_tokens": 1,
            "personal_links": 1,
            "outgoing_mails": 1,
        }
        assert rows["stakeholders"][0]["email"] == "bob@example.org"
        assert rows["submissions"][0]["location"]["type"] == "Point"
        assert rows["endorsements"][0]["campaign"]["slug"] == "reef"
        assert rows["stakeholders"][0]["consents"]["is_public"]["at"].endswith("Z")
        assert "Another's." not in answer.content.decode()
        assert "+00:00" not in answer.content.decode()

    def test_has_no_secrets_and_nobody_who_decided(
        self, newcomer: Stakeholder, reviewer: User
    ) -> None:
        approve(endorsement_id=Endorsement.objects.get().pk, by=reviewer)

        rows = Me.of(newcomer).export().json()

        for table in rows.values():
            for row in table:
                assert not {"nonce", "network", "digest", "by"} & set(row)


class TestErase:
    def test_removes_the_person_and_the_token_with_them(self, endorsed: Endorsement) -> None:
        me = Me.of(endorsed.stakeholder)

        answer = me.delete()

        assert (answer.status_code, answer.content) == (204, b"")
        assert not Stakeholder.all_objects.exists()
        assert not Endorsement.all_objects.exists()
        assert me.get().status_code == me.delete().status_code == 401

    def test_leaves_others_alone(self, ann: Stakeholder) -> None:
        other = make_endorsement()

        Me.of(ann).delete()

        assert Endorsement.objects.get() == other

    def test_lets_the_person_come_back(self, ann: Stakeholder, campaign: PolicyCampaign) -> None:
        Me.of(ann).delete()

        confirm(token=make_submission(campaign=campaign, email=ann.email).token())

        assert Stakeholder.objects.get().email == ann.email

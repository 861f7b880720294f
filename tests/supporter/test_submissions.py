from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backend.http.limits import spent_up_to
from backend.models import (
    Endorsement,
    IdempotentRequest,
    OutgoingMail,
    PolicyCampaign,
    Quota,
    Stakeholder,
    Submission,
    Suppression,
)
from tests.factories import make_campaign, make_stakeholder, publish_legal_texts, submission_body
from tests.supporter.conftest import Supporter, codes

pytestmark = pytest.mark.django_db


class TestSubmit:
    def test_keeps_what_was_sent_and_queues_its_mail(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        body = submission_body(organization="Reef Farm", is_authorized=True, role="Owner")

        response = supporter.submit(body)

        assert response.status_code == 202
        submission = Submission.objects.get()
        assert (submission.name, submission.email) == (body["name"], body["email"])
        assert (submission.organization, submission.role) == ("Reef Farm", "Owner")
        assert submission.campaign == campaign
        assert submission.location.coords == (-76.1, 38.8)
        assert OutgoingMail.objects.get().submission == submission
        assert not Endorsement.objects.exists()
        assert not Stakeholder.objects.exists()

    def test_says_until_when_it_can_be_confirmed(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        answer = supporter.submit(submission_body()).json()

        assert answer["status"] == "confirmation_sent"
        expires_at = datetime.fromisoformat(answer["expires_at"])
        assert abs(expires_at - timezone.now() - timedelta(days=7)) < timedelta(minutes=1)

    def test_records_each_consent_with_its_text_and_time(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        supporter.submit(submission_body(is_public=False))

        consents = Submission.objects.get().consents
        assert set(consents) == {
            "public_display",
            "is_public",
            "email_updates",
            "terms",
            "privacy",
        }
        assert consents["public_display"]["given"] is True
        assert consents["is_public"]["given"] is False
        assert consents["terms"]["version"] == "2026-11"
        for consent in consents.values():
            assert len(consent["sha256"]) == 64
            assert consent["version"]
            assert datetime.fromisoformat(consent["at"]) <= timezone.now()

    def test_takes_the_name_of_a_state_for_its_code(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        supporter.submit(submission_body(state="Maryland"))

        assert Submission.objects.get().state == "MD"

    @pytest.mark.parametrize(
        ("asked", "kept"),
        [("es-MX,es;q=0.9", "es-MX"), ("en", "en"), ("*", ""), ("<script>", ""), ("a" * 99, "")],
    )
    def test_keeps_the_language_of_the_request(
        self, supporter: Supporter, campaign: PolicyCampaign, asked: str, kept: str
    ) -> None:
        supporter.submit(submission_body(), **{"Accept-Language": asked})

        assert Submission.objects.get().language == kept

    def test_needs_no_more_than_what_is_required(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        optional = {"county", "location", "statement"}
        body = {name: value for name, value in submission_body().items() if name not in optional}

        response = supporter.submit(body)

        assert response.status_code == 202
        submission = Submission.objects.get()
        assert (submission.county, submission.statement, submission.location) == ("", "", None)

    def test_names_all_errors_at_once(self, supporter: Supporter, campaign: PolicyCampaign) -> None:
        body = submission_body(
            email="no address",
            state="XX",
            type="pirate",
            organization="Reef Farm",
            statement="a" * 2001,
            public_display="yes",
            terms_version="1999",
            location={"type": "Point", "coordinates": [1, 99]},
            extra=1,
        )
        del body["name"]

        response = supporter.submit(body, **{"Idempotency-Key": "snow ☃"})

        assert response.status_code == 400
        assert response["Content-Type"] == "application/problem+json"
        assert codes(response) == {
            "Idempotency-Key": "invalid",
            "#/name": "required",
            "#/email": "invalid",
            "#/state": "invalid_choice",
            "#/type": "invalid_choice",
            "#/is_authorized": "required",
            "#/statement": "max_length",
            "#/public_display": "invalid",
            "#/terms_version": "outdated",
            "#/location": "invalid",
            "#/extra": "unknown",
        }
        assert not Submission.objects.exists()

    @pytest.mark.parametrize("body", [[], "text", 1, None, True])
    def test_refuses_what_is_no_object(
        self, supporter: Supporter, campaign: PolicyCampaign, body: Any
    ) -> None:
        assert supporter.submit(body).status_code == 400

    def test_asks_whoever_names_an_organization_whether_they_may(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        response = supporter.submit(submission_body(organization="Farm", is_authorized=False))

        assert codes(response) == {"#/is_authorized": "invalid"}

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "  ",
            "Ann\u202eeel",
            "Ann\nBcc: all@example.org",
            "Ann\x00",
            "\u2066Ann",
            "Ann\x1b[0m",
        ],
    )
    def test_refuses_a_name_that_is_blank_or_disguised(
        self, supporter: Supporter, campaign: PolicyCampaign, name: str
    ) -> None:
        response = supporter.submit(submission_body(name=name))

        assert response.status_code == 400
        assert not Submission.objects.exists()

    @pytest.mark.parametrize("name", ["José O'Neill", "李小龍", "Ana-María d'Arc, Jr.", "ياسمين"])
    def test_takes_names_of_all_scripts(
        self, supporter: Supporter, campaign: PolicyCampaign, name: str
    ) -> None:
        assert supporter.submit(submission_body(name=name)).status_code == 202

    def test_refuses_a_statement_of_a_megabyte(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        response = supporter.submit(submission_body(statement="a" * 1_000_000))

        assert codes(response) == {"#/statement": "max_length"}

    def test_answers_404_for_a_campaign_that_nobody_may_see(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        make_campaign(slug="hidden", active=False)

        assert supporter.submit({}, slug="hidden").status_code == 404
        assert supporter.submit({}, slug="none").status_code == 404

    def test_answers_409_where_the_campaign_is_closed(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        PolicyCampaign.objects.update(allow_endorsements=False)

        response = supporter.submit(submission_body())

        assert response.status_code == 409
        assert response.json()["type"] == "/problems#endorsements-closed"

    def test_answers_409_while_no_terms_are_published(self, supporter: Supporter) -> None:
        make_campaign(slug="reef")

        assert supporter.submit(submission_body()).status_code == 409

    def test_says_what_is_wrong_before_it_says_that_the_campaign_is_closed(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        PolicyCampaign.objects.update(allow_endorsements=False)

        assert supporter.submit({}).status_code == 400

    def test_takes_no_version_of_the_terms_but_the_current(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        publish_legal_texts("2027-01")

        assert codes(supporter.submit(submission_body())) == {"#/terms_version": "outdated"}
        body = submission_body(terms_version="2027-01")
        assert supporter.submit(body).status_code == 202


class TestPrivacy:
    """The answer tells nobody whether an address is known."""

    def test_answers_alike_whoever_owns_the_address(
        self, supporter: Supporter, campaign: PolicyCampaign, settings: Any
    ) -> None:
        settings.LIMITS = settings.LIMITS | {"mails": (1, 60)}
        make_stakeholder(email="known@example.org")
        Suppression.objects.add("bounced@example.org", Suppression.Reason.BOUNCED)
        Suppression.objects.add(
            "declined@example.org", Suppression.Reason.DECLINED, campaign_id=campaign.pk
        )
        supporter.submit(submission_body(email="over@example.org"))

        answers = [
            supporter.submit(submission_body(email=f"{who}@example.org", **more))
            for who, more in (
                ("new", {}),
                ("known", {}),
                ("bounced", {}),
                ("declined", {}),
                ("over", {}),
                ("bot", {"website": "https://spam.example"}),
            )
        ]

        expires = [answer.json().pop("expires_at") for answer in answers]
        bodies = {
            answer.content.replace(e.encode(), b"")
            for answer, e in zip(answers, expires, strict=True)
        }
        assert len(bodies) == 1
        for answer in answers:
            del answer.headers["X-Request-ID"]
        assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1

    def test_sends_the_same_statements_whoever_owns_the_address(
        self,
        supporter: Supporter,
        campaign: PolicyCampaign,
        settings: Any,
        django_assert_num_queries: Any,
    ) -> None:
        settings.LIMITS = settings.LIMITS | {"mails": (1, 60)}
        make_stakeholder(email="known@example.org")
        supporter.submit(submission_body(email="over@example.org"))

        for who in ("new", "known", "over"):
            body = submission_body(email=f"{who}@example.org")
            # The campaign with its texts, the limit of requests, and all that is stored, in a
            # transaction: here a savepoint and its release.
            with django_assert_num_queries(5):
                supporter.submit(body)

    def test_keeps_nothing_of_what_a_bot_sends(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        response = supporter.submit(submission_body(website="x"))

        assert response.status_code == 202
        assert not Submission.objects.exists()
        assert not OutgoingMail.objects.exists()

    def test_sends_no_more_mails_to_an_address_than_its_limit(
        self, supporter: Supporter, campaign: PolicyCampaign, settings: Any
    ) -> None:
        settings.LIMITS = settings.LIMITS | {"mails": (2, 60)}

        for email in ["ann@example.org", "Ann@example.org", "ANN@example.org"]:
            assert supporter.submit(submission_body(email=email)).status_code == 202

        assert OutgoingMail.objects.queued().count() == 2

    def test_changes_nothing_of_a_known_stakeholder(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        known = make_stakeholder(email="ann@example.org", name="Ann", is_public=False)

        supporter.submit(submission_body(email="Ann@Example.org", name="Eve"))

        unchanged = Stakeholder.objects.get()
        assert (unchanged.name, unchanged.is_public, unchanged.updated_at) == (
            "Ann",
            False,
            known.updated_at,
        )


class TestIdempotency:
    def test_answers_a_repeated_request_as_it_did_and_does_nothing(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        body = submission_body()

        first = supporter.submit(body, **{"Idempotency-Key": '"8e03978e"'})
        second = supporter.submit(body, **{"Idempotency-Key": "8e03978e"})

        assert (first.status_code, second.status_code) == (202, 202)
        assert first.content == second.content
        assert "Idempotency-Replayed" not in first
        assert second["Idempotency-Replayed"] == "true"
        assert Submission.objects.count() == 1

    def test_refuses_another_body_with_the_same_key(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        supporter.submit(submission_body(), **{"Idempotency-Key": "key"})

        response = supporter.submit(submission_body(), **{"Idempotency-Key": "key"})

        assert response.status_code == 422
        assert Submission.objects.count() == 1

    def test_forgets_keys_after_a_day(self, supporter: Supporter, campaign: PolicyCampaign) -> None:
        body = submission_body()
        supporter.submit(body, **{"Idempotency-Key": "key"})
        IdempotentRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

        response = supporter.submit(body, **{"Idempotency-Key": "key"})

        assert "Idempotency-Replayed" not in response
        assert Submission.objects.count() == 2

    def test_keeps_only_what_was_accepted(
        self, supporter: Supporter, campaign: PolicyCampaign
    ) -> None:
        supporter.submit({}, **{"Idempotency-Key": "key"})

        response = supporter.submit(submission_body(), **{"Idempotency-Key": "key"})

        assert response.status_code == 202

    def test_spends_no_limit_on_a_replay(
        self, supporter: Supporter, campaign: PolicyCampaign, settings: Any
    ) -> None:
        settings.LIMITS = settings.LIMITS | {"address": (1, 60)}
        body = submission_body()

        answers = [supporter.submit(body, **{"Idempotency-Key": "key"}) for _ in range(3)]

        assert [answer.status_code for answer in answers] == [202, 202, 202]
        assert supporter.submit(submission_body()).status_code == 429

    def test_replays_to_a_bot_too(self, supporter: Supporter, campaign: PolicyCampaign) -> None:
        body = submission_body(website="x")
        supporter.submit(body, **{"Idempotency-Key": "key"})

        response = supporter.submit(body, **{"Idempotency-Key": "key"})

        assert response["Idempotency-Replayed"] == "true"


class TestLimits:
    def test_refuses_an_address_beyond_its_limit_and_says_until_when(
        self, supporter: Supporter, campaign: PolicyCampaign, settings: Any
    ) -> None:
        settings.LIMITS = settings.LIMITS | {"address": (2, 300)}

        answers = [supporter.submit(submission_body()) for _ in range(3)]

        assert [answer.status_code for answer in answers] == [202, 202, 429]
        refused = answers[-1]
        assert refused.json()["type"] == "/problems#too-many-requests"
        assert refused["RateLimit-Policy"] == '"address";q=2;w=300'
        assert refused["RateLimit"] == f'"address";r=0;t={refused["Retry-After"]}'
        assert 290 <= int(refused["Retry-After"]) <= 300
        assert Submission.objects.count() == 2

    def test_spends_the_limit_on_valid_submissions_alone(
        self, supporter: Supporter, campaign: PolicyCampaign, settings: Any
    ) -> None:
        settings.LIMITS = settings.LIMITS | {"address": (1, 300)}

        assert supporter.submit({}).status_code == 400
        assert supporter.submit(submission_body()).status_code == 202

    def test_bounds_whatever_an_address_posts(
        self, supporter: Supporter, campaign: PolicyCampaign, settings: Any
    ) -> None:
        settings.LIMITS = settings.LIMITS | {"requests": (2, 300)}

        answers = [supporter.confirm("x"), supporter.submit({}), supporter.submit({})]

        assert [answer.status_code for answer in answers] == [404, 400, 429]

    def test_of_all_requests_need_no_database_for_who_is_beyond_it(
        self,
        supporter: Supporter,
        campaign: PolicyCampaign,
        settings: Any,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        settings.LIMITS = settings.LIMITS | {"requests": (1, 300)}
        first = [supporter.confirm("x"), supporter.confirm("x")][1]

        with django_assert_num_queries(0):
            second = supporter.confirm("x")

        assert (first.status_code, second.status_code) == (429, 429)
        assert second["RateLimit-Policy"] == first["RateLimit-Policy"]
        assert 290 <= int(second["Retry-After"]) <= int(first["Retry-After"])

    def test_of_all_requests_opens_again_when_the_window_is_over(
        self,
        supporter: Supporter,
        campaign: PolicyCampaign,
        settings: Any,
    ) -> None:
        settings.LIMITS = settings.LIMITS | {"requests": (1, 300)}
        for _ in range(2):
            supporter.confirm("x")
        Quota.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        spent_up_to.update(dict.fromkeys(spent_up_to, 0.0))

        assert supporter.confirm("x").status_code == 404

    def test_opens_again_when_the_window_is_over(
        self, supporter: Supporter, campaign: PolicyCampaign, settings: Any
    ) -> None:

        settings.LIMITS = settings.LIMITS | {"address": (1, 300)}
        supporter.submit(submission_body())
        Quota.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

        assert supporter.submit(submission_body()).status_code == 202
        assert supporter.submit(submission_body()).status_code == 429

    def test_survives_a_clock_that_was_ahead(
        self, supporter: Supporter, campaign: PolicyCampaign, settings: Any
    ) -> None:

        settings.LIMITS = settings.LIMITS | {"address": (1, 300)}
        supporter.submit(submission_body())
        Quota.objects.update(expires_at=timezone.now() + timedelta(days=400))

        assert supporter.submit(submission_body()).status_code == 202

"""A moderator's morning over HTTP, and two who decide at once, on the whole stack."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from knox.models import AuthToken

from backend.actions.confirmation import confirm
from backend.actions.errors import NotAllowed
from backend.actions.transitions import lock, move
from backend.models import Endorsement, PolicyCampaign, Submission, Transition
from tests.contract.asking import Answer, ask
from tests.factories import make_campaign, make_submission, make_user
from tests.serving import serving

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "/api/v1/manage/endorsements"
WORDS = "The river carried my grandfather's boat, and I want it clean for the children of my town"


class Moderator:
    """Somebody at a dashboard, who counts their requests."""

    def __init__(self, server: str, username: str) -> None:
        self.server = server
        token = AuthToken.objects.create(make_user("moderator", username=username))[1]
        self.headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
        self.requests = 0

    def get(self, path: str) -> Any:
        return self._ask(path).json()

    def post(self, path: str, **body: Any) -> Answer:
        return self._ask(path, json.dumps(body).encode())

    def _ask(self, path: str, body: bytes | None = None) -> Answer:
        self.requests += 1
        return ask(self.server, path.removeprefix(self.server), body, self.headers)


@pytest.fixture
def server(transactional_db: None) -> Iterator[str]:
    with serving(os.environ, workers=2) as url:
        yield url


def submitted(number: int, **values: Any) -> list[int]:
    return [
        confirm(token=make_submission(**values, **each).token()).endorsement.pk
        for each in ({"email": f"{n}-{values['campaign'].slug}@example.org"} for n in range(number))
    ]


def at_once(*actions: Any) -> list[Any]:
    def run(action: Any) -> Any:
        try:
            return action()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


class TestMorning:
    def test_of_five_hundred_takes_few_requests_and_leaves_exact_counts(self, server: str) -> None:
        reef, forest = make_campaign(title="Reef"), make_campaign(title="Forest")
        batch = set(submitted(40, campaign=reef, statement=WORDS))
        shown = submitted(300, campaign=forest)
        submitted(160, campaign=make_campaign(), public_display=False)
        ann = Moderator(server, "ann")

        assert ann.get("/api/v1/manage")["waiting"] == 500
        groups = ann.get(f"{QUEUE}/groups")["groups"]
        (alike,) = (each["endorsement_ids"] for each in groups if each["by"] == "statement")
        ann.post(f"{QUEUE}/decide", ids=alike, decision="reject", reason="One text, many names.")
        queue = f"{QUEUE}?status=waiting&ordering=created_at&limit=100"
        foreseen: Counter[str] = Counter()
        while queue:
            page = ann.get(queue)
            ids = [each["id"] for each in page["results"]]
            body = {"ids": ids, "decision": "approve"}
            told = ann.post(f"{QUEUE}/decide", **body, dry_run=True).json()
            foreseen.update({each["slug"]: each["change"] for each in told["campaigns"]})
            results = ann.post(f"{QUEUE}/decide", **body).json()["results"]
            assert {each["outcome"] for each in results} == {"decided"}
            queue = page["next"]

        assert ann.get("/api/v1/manage")["waiting"] == 0
        assert ann.requests <= 25
        assert set(alike) == batch
        campaigns = PolicyCampaign.objects.with_endorsement_count()
        counts = {each.slug: each.endorsement_count for each in campaigns}
        assert (counts[reef.slug], counts[forest.slug]) == (0, len(shown))
        assert all(foreseen[slug] == count for slug, count in counts.items())
        decided = Transition.objects.exclude(from_status="").filter(by__username="ann")
        assert Counter(decided.values_list("to_status", flat=True)) == {
            "approved": 460,
            "rejected": 40,
        }


class TestTwoAtOnce:
    def test_decide_each_endorsement_once(self, server: str) -> None:
        ids = submitted(40, campaign=make_campaign())
        ann, bob = Moderator(server, "ann"), Moderator(server, "bob")

        answers = at_once(
            lambda: ann.post(f"{QUEUE}/decide", ids=ids, decision="approve"),
            lambda: bob.post(f"{QUEUE}/decide", ids=ids, decision="approve"),
        )

        outcomes = [each.json()["results"] for each in answers]
        for mine, theirs in zip(*outcomes, strict=True):
            assert {mine["outcome"], theirs["outcome"]} == {"decided", "conflict"}
        assert Transition.objects.filter(to_status="approved").count() == 40

    def test_are_told_who_was_slower(self, server: str) -> None:
        ids = submitted(10, campaign=make_campaign())
        ann, bob = Moderator(server, "ann"), Moderator(server, "bob")

        for pk in ids:
            answers = at_once(
                lambda pk=pk: ann.post(f"{QUEUE}/{pk}/approve"),
                lambda pk=pk: bob.post(f"{QUEUE}/{pk}/reject", reason="A joke."),
            )
            approved, rejected = (each.status for each in answers)
            # What was approved can still be rejected; what was rejected is not approved by anybody.
            assert (approved, rejected) in {(200, 409), (409, 200), (200, 200)}
            last = Transition.objects.filter(endorsement=pk).order_by("-pk")[0]
            assert Endorsement.objects.get(pk=pk).status == last.to_status

    def test_who_say_what_they_saw_override_nobody(self, server: str) -> None:
        ids = submitted(40, campaign=make_campaign())
        seen = [*Submission.objects.values_list("pk", flat=True)]
        ann, bob = Moderator(server, "ann"), Moderator(server, "bob")
        body = {"ids": ids, "submissions": seen}

        answers = at_once(
            lambda: ann.post(f"{QUEUE}/decide", **body, decision="approve"),
            lambda: bob.post(f"{QUEUE}/decide", **body, decision="reject", reason="A joke."),
        )

        outcomes = [each.json()["results"] for each in answers]
        for mine, theirs in zip(*outcomes, strict=True):
            assert {mine["outcome"], theirs["outcome"]} == {"decided", "conflict"}
        assert Transition.objects.filter(by__isnull=False).count() == 40

    def test_with_a_withdrawal_leave_it_withdrawn(self, server: str) -> None:
        campaign = make_campaign()
        ids = submitted(40, campaign=campaign)
        ann = Moderator(server, "ann")

        def withdraw() -> int:
            withdrawn = 0
            for pk in reversed(ids):
                with transaction.atomic():
                    try:
                        move(lock(pk), Endorsement.Status.WITHDRAWN, by=None)
                    except NotAllowed:
                        continue
                    withdrawn += 1
            return withdrawn

        answer, withdrawn = at_once(
            lambda: ann.post(f"{QUEUE}/decide", ids=ids, decision="approve"), withdraw
        )

        assert withdrawn == 40
        assert set(Endorsement.objects.values_list("status", flat=True)) == {"withdrawn"}
        assert PolicyCampaign.objects.with_endorsement_count().get().endorsement_count == 0
        outcomes = Counter(each["outcome"] for each in answer.json()["results"])
        approved = Transition.objects.filter(to_status="approved").count()
        assert outcomes["decided"] == approved

    def test_a_token_that_is_revoked_on_the_way_leaves_no_half_decision(self, server: str) -> None:
        ids = submitted(60, campaign=make_campaign())
        ann = Moderator(server, "ann")

        answer, _ = at_once(
            lambda: ann.post(f"{QUEUE}/decide", ids=ids, decision="approve"),
            lambda: AuthToken.objects.all().delete(),
        )
        again = ann.post(f"{QUEUE}/decide", ids=ids, decision="approve")

        assert answer.status in (200, 401)
        assert again.status == 401
        approved = Endorsement.objects.filter(status="approved").count()
        assert approved == Transition.objects.filter(to_status="approved").count()
        assert approved == (60 if answer.status == 200 else 0)

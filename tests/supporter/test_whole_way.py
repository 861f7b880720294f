"""From the form to the map, over HTTP, through the pool, granian and a mail server."""

import json
from typing import Any
from urllib.request import urlopen

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from backend.actions.reviews import approve
from backend.models import Endorsement, OutgoingMail, PolicyCampaign
from tests.factories import submission_body
from tests.smtp import Inbox
from tests.supporter.conftest import post, token_in

pytestmark = pytest.mark.django_db(transaction=True)


def get(url: str) -> Any:
    with urlopen(url) as response:
        return json.load(response)


class TestWholeWay:
    @pytest.mark.parametrize(
        ("public_display", "is_public"), [(True, True), (True, False), (False, True)]
    )
    def test_leads_to_what_was_agreed_to(
        self,
        stack: str,
        inbox: Inbox,
        campaign: PolicyCampaign,
        public_display: bool,
        is_public: bool,
    ) -> None:
        api = f"{stack}/api/v1"
        form = get(f"{api}/campaigns/reef/endorsement-form")
        assert form["open"] is True
        terms = form["schema"]["properties"]["terms_version"]["const"]
        body = submission_body(
            name="Ann", public_display=public_display, is_public=is_public, terms_version=terms
        )

        status, _, _ = post(f"{api}/campaigns/reef/endorsements", body)
        assert status == 202
        [mail] = inbox.wait_for(1)
        token = token_in(mail)
        status, _, confirmed = post(f"{api}/endorsements/confirm", {"token": token})
        assert (status, confirmed["status"]) == (200, "confirmed")
        assert get(f"{api}/campaigns/reef")["endorsement_count"] == 0

        reviewer = User.objects.create_user("reviewer")
        approve(endorsement_id=Endorsement.objects.get().pk, by=reviewer)

        assert get(f"{api}/campaigns/reef")["endorsement_count"] == int(public_display)
        shown = get(f"{api}/campaigns/reef/endorsements")["results"]
        assert [each["stakeholder"]["name"] for each in shown] == ["Ann"] * public_display
        on_map = get(f"{api}/stakeholders")["features"]
        assert [each["properties"]["name"] for each in on_map] == ["Ann"] * is_public
        # As if the half minute were over in which a reviewer may think again.
        OutgoingMail.objects.filter(kind="approved").update(due_at=timezone.now())
        told = inbox.wait_for(2)[1]
        assert told["To"] == body["email"]
        assert told["Subject"].startswith("Your endorsement was accepted")

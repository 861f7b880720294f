"""What is held about a supporter, over HTTP, through the pool, granian and a mail server."""

import os
import statistics
import time
from typing import Any
from urllib.request import urlopen

import pytest

from backend.models import (
    OutgoingMail,
    PersonalLink,
    PolicyCampaign,
    Stakeholder,
)
from tests.factories import make_endorsement, make_stakeholder
from tests.serving import serving
from tests.smtp import Inbox
from tests.supporter.conftest import UNLIMITED, post, token_in

pytestmark = pytest.mark.django_db(transaction=True)


def shown(url: str) -> bytes:
    with urlopen(url) as response:
        content: bytes = response.read()
        return content


class TestWholeWay:
    def test_leads_from_a_link_to_nothing_being_held(
        self, stack: str, inbox: Inbox, campaign: PolicyCampaign
    ) -> None:
        api = f"{stack}/api/v1"
        ann = make_stakeholder(email="ann@example.org", name="Ann")
        endorsement = make_endorsement(stakeholder=ann, campaign=campaign, statement="Reef!")

        for email in ("nobody@example.org", "ann@example.org"):
            assert post(f"{api}/me/links", {"email": email})[0] == 202
        [mail] = inbox.wait_for(1)
        assert mail["To"] == "ann@example.org"
        headers = {"Authorization": f"Bearer {token_in(mail, '/me')}"}

        def ask(method: str, path: str = "", body: Any = None) -> Any:
            status, _, answer = post(f"{api}/me{path}", body, method=method, **headers)
            return status, answer

        status, me = ask("GET")
        assert (status, me["name"], me["endorsements"][0]["statement"]) == (200, "Ann", "Reef!")
        assert ask("PATCH", body={"county": "Kent"})[1]["county"] == "Kent"
        assert b"Kent" in shown(f"{api}/stakeholders")
        status, own = ask("PATCH", f"/endorsements/{endorsement.pk}", {"status": "withdrawn"})
        assert (status, own["status"]) == (200, "withdrawn")
        assert b"Reef!" not in shown(f"{api}/campaigns/reef/endorsements")
        status, export = ask("GET", "/export")
        assert [row["to_status"] for row in export["transitions"]] == ["withdrawn"]
        assert ask("DELETE") == (204, None)

        assert ask("GET")[0] == 401
        assert b"Kent" not in shown(f"{api}/stakeholders")
        assert not Stakeholder.all_objects.exists()
        assert not PersonalLink.objects.filter(email="ann@example.org").exists()
        mails = OutgoingMail.objects.values_list("link__email", "state")
        assert list(mails) == [("nobody@example.org", "dropped")]
        assert len(inbox.taken) == 1


class TestAskingForLinks:
    def test_takes_as_long_whether_the_address_is_known(self) -> None:
        for each in range(150):
            make_stakeholder(email=f"known-{each}@example.org")
        timings: dict[str, list[float]] = {"new": [], "known": []}
        answers = set()

        with serving({**os.environ, **UNLIMITED}) as url:
            for each in range(-20, 150):
                for who, measured in timings.items():
                    body = {"email": f"{who}-{abs(each)}@example.org"}
                    begun = time.perf_counter()
                    status, headers, answer = post(f"{url}/api/v1/me/links", body)
                    measured.append(time.perf_counter() - begun)
                    del headers["date"], headers["x-request-id"]
                    answers.add((status, str(sorted(headers.items())), str(answer)))

        assert len(answers) == 1
        medians = [statistics.median(measured[20:]) for measured in timings.values()]
        assert max(medians) < 1.1 * min(medians), medians

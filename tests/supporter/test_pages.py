"""The API's own pages in a browser: for supporters of a coalition that has no frontend."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from backend.models import Endorsement, PolicyCampaign, Submission
from tests.browser import Browser
from tests.factories import make_submission

pytestmark = pytest.mark.django_db(transaction=True)

AXE = Path(django_settings.BASE_DIR) / "tests/node/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
HEADING = "document.querySelector('#outcome h1, #outcome h2')?.textContent"
# What the contract says, and what the page makes of it.
PHONE = {"width": 360, "height": 740}


@pytest.fixture(params=["light", "dark"])
def phone(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Browser]:
    """The browser in the size of a phone, in the light and in the dark."""
    scheme = {"name": "prefers-color-scheme", "value": request.param}
    browser.call("Emulation.setDeviceMetricsOverride", **PHONE, deviceScaleFactor=2, mobile=True)
    browser.call("Emulation.setEmulatedMedia", features=[scheme])
    yield browser
    browser.call("Emulation.clearDeviceMetricsOverride")
    browser.call("Emulation.setEmulatedMedia", features=[])


def open_page(browser: Browser, server: str, page: str, token: str = "") -> None:
    # From another page: a fragment alone would load nothing anew.
    browser.open("about:blank")
    browser.wait_for("location.href === 'about:blank'")
    browser.open(f"{server}/endorsements/{page}" + (f"#token={token}" if token else ""))
    browser.wait_for("document.readyState === 'complete' && location.hash === ''")


def press(browser: Browser) -> str:
    """The heading of what the page says after its button was pressed."""
    browser.evaluate("document.getElementById('outcome').replaceChildren()")
    browser.evaluate("document.querySelector('button').scrollIntoView()")
    browser.click("button")
    return str(browser.wait_for(HEADING, seconds=10))


def paste(browser: Browser, text: str) -> None:
    browser.evaluate(f"document.querySelector('#token').value = {json.dumps(text)}")


def violations(browser: Browser) -> list[str]:
    browser.evaluate(AXE.read_text(encoding="utf-8"))
    run = f"axe.run({{runOnly: {json.dumps(RULES)}}})"
    found = f"{run}.then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes[0].html])))"
    result = browser.call(
        "Runtime.evaluate", expression=found, awaitPromise=True, returnByValue=True
    )
    reported: list[Any] = json.loads(result["result"]["value"])
    return [": ".join(each) for each in reported]


def text(browser: Browser) -> str:
    return str(browser.evaluate("document.querySelector('main').innerText"))


class TestConfirm:
    def test_takes_one_press_of_a_button(
        self, phone: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        submission = make_submission(campaign=campaign, statement="<b>For</b> my children.")
        open_page(phone, server, "confirm", submission.token())
        assert violations(phone) == []
        assert phone.evaluate("document.querySelector('#paste').hidden") is True

        assert press(phone) == "Thank you"

        assert Endorsement.objects.get().status == "pending"
        assert "Ten thousand acres of reef" in text(phone)
        assert "<b>For</b> my children." in text(phone)
        assert violations(phone) == []
        assert phone.evaluate("document.activeElement.textContent") == "Thank you"
        assert phone.complaints == []

    def test_says_the_second_time_that_it_is_done(
        self, browser: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()
        for heading in ("Thank you", "This is confirmed already"):
            open_page(browser, server, "confirm", token)
            assert press(browser) == heading

    def test_takes_a_pasted_token_broken_into_lines(
        self, phone: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()
        open_page(phone, server, "confirm")
        assert violations(phone) == []

        paste(phone, f" {token[:11]}\n{token[11:]} ")

        assert press(phone) == "Thank you"

    def test_asks_for_the_whole_token_where_it_is_cut(
        self, phone: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()
        open_page(phone, server, "confirm", token[:-4])
        assert press(phone) == "We do not know this code"
        assert violations(phone) == []

        paste(phone, token)

        assert press(phone) == "Thank you"

    def test_says_that_it_is_too_late(
        self, browser: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        late = timezone.now() - timedelta(days=1)
        token = make_submission(campaign=campaign, expires_at=late).token()
        open_page(browser, server, "confirm", token)

        assert press(browser) == "This took too long"
        assert violations(browser) == []

    def test_says_that_the_campaign_is_closed(
        self, browser: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()
        PolicyCampaign.objects.update(allow_endorsements=False)
        open_page(browser, server, "confirm", token)

        assert press(browser) == "This campaign is closed"

    def test_can_be_pressed_again_when_the_network_failed(
        self, browser: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()
        open_page(browser, server, "confirm", token)
        offline = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        browser.call("Network.emulateNetworkConditions", offline=True, **offline)
        try:
            assert press(browser) == "That did not work"
            assert violations(browser) == []
        finally:
            browser.call("Network.emulateNetworkConditions", offline=False, **offline)

        assert press(browser) == "Thank you"


class TestDecline:
    def test_takes_one_press_of_a_button(
        self, phone: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        open_page(phone, server, "decline", make_submission(campaign=campaign).token())
        assert violations(phone) == []

        assert press(phone) == "It is deleted"

        assert not Submission.objects.exists()
        assert violations(phone) == []

    def test_takes_back_nothing_that_is_confirmed(
        self, browser: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()
        open_page(browser, server, "confirm", token)
        press(browser)
        open_page(browser, server, "decline", token)

        assert press(browser) == "This is confirmed already"

    def test_can_be_reached_from_the_other_page_with_the_token(
        self, browser: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        open_page(browser, server, "confirm", make_submission(campaign=campaign).token())

        browser.click(".other a")
        browser.wait_for("location.pathname === '/endorsements/decline'")
        browser.wait_for("document.readyState === 'complete' && location.hash === ''")

        assert press(browser) == "It is deleted"


class TestScanner:
    """A program that opens the links of a mail and runs what it finds there."""

    @pytest.mark.parametrize("page", ["confirm", "decline"])
    def test_confirms_and_declines_nothing(
        self, browser: Browser, server: str, campaign: PolicyCampaign, page: str
    ) -> None:
        submission = make_submission(campaign=campaign)

        open_page(browser, server, page, submission.token())
        browser.settle()

        assert not Endorsement.objects.exists()
        assert Submission.objects.get().confirmed_at is None
        assert not any("/api/" in url for url in browser.requests)

    @pytest.mark.parametrize("page", ["confirm", "decline"])
    def test_finds_no_token_in_what_is_sent_or_kept(
        self, browser: Browser, server: str, campaign: PolicyCampaign, page: str
    ) -> None:
        token = make_submission(campaign=campaign).token()

        open_page(browser, server, page, token)

        # The protocol tells of the address as it was asked for, fragment and all.
        assert not any(token in url.partition("#")[0] for url in browser.requests)
        history = browser.call("Page.getNavigationHistory")["entries"]
        assert not any(token in entry["url"] for entry in history)


class TestOnAPhone:
    @pytest.mark.parametrize("page", ["confirm", "decline"])
    def test_fits_its_width_and_can_be_hit_by_a_thumb(
        self, phone: Browser, server: str, page: str
    ) -> None:
        open_page(phone, server, page)

        assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        heights = phone.evaluate(
            "[...document.querySelectorAll('button, a, textarea')]"
            ".map(each => each.getBoundingClientRect().height)"
        )
        assert min(heights) >= 44

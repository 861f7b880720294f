"""The API's own pages in a browser: for supporters of a coalition that has no frontend."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.request import Request, urlopen

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from backend.models import Endorsement, PolicyCampaign, Submission
from tests.browser import Browser, violations
from tests.conftest import Connection
from tests.factories import make_submission
from tests.serving import serving
from tests.supporter.pages import offline, open_page, paste, text, use_phone

pytestmark = pytest.mark.django_db(transaction=True)

CONFIRM, DECLINE, ME = "/endorsements/confirm", "/endorsements/decline", "/me"
HEADING = "document.querySelector('#outcome h1, #outcome h2')?.textContent"
FIELD = "!document.getElementById('form').hidden && !document.getElementById('paste').hidden"
PATHS = [CONFIRM, DECLINE, ME]


@contextmanager
def busy(owner: Connection) -> Iterator[None]:
    """Nothing is confirmed meanwhile: who tries waits for a lock, as long as the role may."""
    with owner.transaction():
        owner.execute("LOCK TABLE endorsements_submission")
        yield


def press(browser: Browser) -> str:
    """The heading of what the page says after its button was pressed."""
    browser.evaluate("document.getElementById('outcome').replaceChildren()")
    browser.evaluate("document.querySelector('button').scrollIntoView()")
    browser.click("button")
    return str(browser.wait_for(HEADING, seconds=10))


class TestConfirm:
    def test_takes_one_press_of_a_button(
        self, phone: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        submission = make_submission(campaign=campaign, statement="<b>For</b> my children.")
        open_page(phone, server, CONFIRM, submission.token())
        assert violations(phone) == []
        assert phone.evaluate(FIELD) is False

        assert press(phone) == "Thank you"

        assert Endorsement.objects.get().status == "pending"
        assert "Ten thousand acres of reef" in text(phone)
        assert "<b>For</b> my children." in text(phone)
        assert "as you agreed" in text(phone)
        assert violations(phone) == []
        assert phone.complaints == []

    def test_is_announced_where_it_is_looked_for(
        self, browser: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        open_page(browser, server, CONFIRM, make_submission(campaign=campaign).token())

        press(browser)

        focused = "document.activeElement"
        assert browser.evaluate(f"{focused}.textContent") == "Thank you"
        assert browser.evaluate(f"{focused}.closest('[role=status]') !== null")

    def test_promises_nothing_public_to_whoever_did_not_agree(
        self, browser: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        submission = make_submission(campaign=campaign, public_display=False, statement="")
        open_page(browser, server, CONFIRM, submission.token())

        press(browser)

        assert "not shown to others even then" in text(browser)
        assert "as you agreed" not in text(browser)
        assert browser.evaluate("document.querySelector('blockquote') === null")

    def test_waits_for_the_answer(
        self, phone: Browser, server: str, campaign: PolicyCampaign, owner: Connection
    ) -> None:
        open_page(phone, server, CONFIRM, make_submission(campaign=campaign).token())

        with busy(owner):
            phone.click("button")
            phone.wait_for("document.querySelector('button').disabled")

            for selector in ("button", "[role=status]:not(:empty)"):
                said = f"document.querySelector('{selector}').textContent"
                assert phone.evaluate(said) == "Confirming …"
            assert violations(phone) == []

        assert phone.wait_for(HEADING) == "Thank you"

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            ("pending", "A person reviews it."),
            ("approved", "A person has reviewed and accepted it."),
            ("rejected", "did not accept it"),
            ("withdrawn", "It has been withdrawn since"),
        ],
    )
    def test_says_the_second_time_what_became_of_it(
        self, phone: Browser, server: str, campaign: PolicyCampaign, status: str, said: str
    ) -> None:
        token = make_submission(campaign=campaign).token()
        open_page(phone, server, CONFIRM, token)
        press(phone)
        if status != "pending":
            Submission.objects.update(decided_at=timezone.now())
        Endorsement.objects.update(status=status)

        open_page(phone, server, CONFIRM, token)

        assert press(phone) == "You have confirmed this already"
        assert said in text(phone)
        assert violations(phone) == []

    @pytest.mark.parametrize(
        "pasted",
        [
            " {start}\n{end} ",
            "https://api.example/endorsements/confirm#token={start}\n{end}",
            "https://scan.example/?url=https%3A%2F%2Fapi.example%23token%3D{start}{end}&data=1",
        ],
        ids=["in two lines", "as a link", "as a link that a scanner wrote"],
    )
    def test_takes_a_pasted_token(
        self, phone: Browser, server: str, campaign: PolicyCampaign, pasted: str
    ) -> None:
        token = make_submission(campaign=campaign).token()
        open_page(phone, server, CONFIRM)
        assert violations(phone) == []

        paste(phone, pasted.format(start=token[:11], end=token[11:]))

        assert press(phone) == "Thank you"

    @pytest.mark.parametrize("length", [28, 300], ids=["is cut", "has too much after it"])
    def test_asks_for_a_token_that(
        self, phone: Browser, server: str, campaign: PolicyCampaign, length: int
    ) -> None:
        token = make_submission(campaign=campaign).token()
        open_page(phone, server, CONFIRM, (token + "x" * 300)[:length])
        assert press(phone) == "We do not know this link"
        assert phone.evaluate(FIELD) is True
        assert violations(phone) == []

        paste(phone, token)

        assert press(phone) == "Thank you"

    def test_takes_a_whole_link_in_the_same_window(
        self, browser: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()
        open_page(browser, server, CONFIRM, token[:-4])
        press(browser)

        # Nothing is loaded for another fragment.
        browser.open(f"{server}/endorsements/confirm#token={token}")
        browser.wait_for(f"location.hash === '' && !({FIELD})")

        assert browser.evaluate("document.querySelector('h1').textContent").startswith("Confirm")
        assert press(browser) == "Thank you"

    def test_says_that_it_is_too_late(
        self, phone: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        late = timezone.now() - timedelta(days=1)
        token = make_submission(campaign=campaign, expires_at=late).token()
        open_page(phone, server, CONFIRM, token)

        assert press(phone) == "This link has expired"
        assert "send your endorsement once more" in text(phone)
        assert violations(phone) == []

    def test_says_that_the_campaign_is_closed(
        self, phone: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()
        PolicyCampaign.objects.update(allow_endorsements=False)
        open_page(phone, server, CONFIRM, token)

        assert press(phone) == "This campaign is closed"
        assert violations(phone) == []

    def test_can_be_pressed_again_when_the_network_failed(
        self, phone: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        open_page(phone, server, CONFIRM, make_submission(campaign=campaign).token())
        with offline(phone):
            assert press(phone) == "That did not work"
            assert violations(phone) == []

        assert press(phone) == "Thank you"

    def test_can_be_pressed_again_when_the_database_did_not_answer(
        self, browser: Browser, server: str, campaign: PolicyCampaign, owner: Connection
    ) -> None:
        open_page(browser, server, CONFIRM, make_submission(campaign=campaign).token())
        with busy(owner):
            assert press(browser) == "That did not work"

        assert press(browser) == "Thank you"

    def test_says_how_long_to_wait_after_too_many_attempts(self, phone: Browser) -> None:
        with serving({**os.environ, "LIMIT_REQUESTS": "1/300"}) as strict_server:
            open_page(phone, strict_server, CONFIRM, "unknown")
            press(phone)
            open_page(phone, strict_server, CONFIRM, "unknown")

            assert press(phone) == "Too many attempts"

        assert "Please wait 5 minutes" in text(phone)
        assert violations(phone) == []


class TestDecline:
    def test_takes_one_press_of_a_button(
        self, phone: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        open_page(phone, server, DECLINE, make_submission(campaign=campaign).token())
        assert violations(phone) == []

        assert press(phone) == "It is deleted"

        assert not Submission.objects.exists()
        assert violations(phone) == []

    def test_takes_back_nothing_that_is_confirmed(
        self, phone: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()
        open_page(phone, server, CONFIRM, token)
        press(phone)
        open_page(phone, server, DECLINE, token)

        assert press(phone) == "This is confirmed already"
        assert violations(phone) == []

    def test_asks_for_a_token_that_it_does_not_know(
        self, phone: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()
        open_page(phone, server, DECLINE)
        assert violations(phone) == []
        paste(phone, token[:-4])
        assert press(phone) == "We do not know this link"
        assert violations(phone) == []

        paste(phone, token)

        assert press(phone) == "It is deleted"

    @pytest.mark.parametrize("is_pasted", [False, True])
    def test_can_be_reached_from_the_other_page_with_the_token(
        self, browser: Browser, server: str, campaign: PolicyCampaign, is_pasted: bool
    ) -> None:
        token = make_submission(campaign=campaign).token()
        open_page(browser, server, CONFIRM, "" if is_pasted else token)
        if is_pasted:
            paste(browser, token)

        browser.click(".other a")
        browser.wait_for("location.pathname === '/endorsements/decline'")
        browser.wait_for("document.readyState === 'complete' && location.hash === ''")

        assert browser.evaluate(FIELD) is False
        assert press(browser) == "It is deleted"


class TestScanner:
    """A program that opens the links of a mail and runs what it finds there."""

    @pytest.mark.parametrize("page", [CONFIRM, DECLINE])
    def test_confirms_and_declines_nothing(
        self, browser: Browser, server: str, campaign: PolicyCampaign, page: str
    ) -> None:
        submission = make_submission(campaign=campaign)

        open_page(browser, server, page, submission.token())
        browser.settle()

        assert not Endorsement.objects.exists()
        assert Submission.objects.get().confirmed_at is None
        assert not any("/api/" in url for url in browser.requests)

    @pytest.mark.parametrize("page", [CONFIRM, DECLINE])
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
    @pytest.mark.parametrize("width", [320, 390])
    @pytest.mark.parametrize("page", [CONFIRM, DECLINE])
    def test_fits_its_width_and_can_be_hit_by_a_thumb(
        self, phone: Browser, server: str, page: str, width: int
    ) -> None:
        use_phone(phone, width=width)
        open_page(phone, server, page)

        assert phone.evaluate("document.documentElement.scrollWidth") == width
        heights = phone.evaluate(
            "[...document.querySelectorAll('button, a, textarea')]"
            ".map(each => each.getBoundingClientRect().height)"
        )
        assert min(heights) >= 44

    def test_fits_whatever_a_campaign_is_called_and_a_supporter_writes(
        self, phone: Browser, server: str, campaign: PolicyCampaign
    ) -> None:
        PolicyCampaign.objects.update(title="Chargoggagoggmanchauggagoggchaubunagungamaugg" * 2)
        submission = make_submission(campaign=campaign, statement="Yes" + "!" * 1997)
        use_phone(phone, width=320)
        open_page(phone, server, CONFIRM, submission.token())

        press(phone)

        assert phone.evaluate("document.documentElement.scrollWidth") == 320


class TestWithoutJavaScript:
    @pytest.mark.parametrize("path", PATHS)
    def test_says_what_to_do_and_offers_no_button(
        self, phone: Browser, server: str, path: str
    ) -> None:
        phone.open("about:blank")
        phone.call("Emulation.setScriptExecutionDisabled", value=True)
        try:
            phone.open(f"{server}{path}#token=unknown")
            phone.wait_for("document.querySelector('noscript') !== null")

            assert "Please turn JavaScript on" in text(phone)
            assert phone.evaluate("document.querySelector('button').checkVisibility()") is False
        finally:
            phone.call("Emulation.setScriptExecutionDisabled", value=False)


def ask(url: str) -> Any:
    """The answer to a request that names no port, so that the answers of two servers compare."""
    return urlopen(Request(url, headers={"Host": "127.0.0.1"}))


@pytest.mark.parametrize("path", PATHS)
class TestAnswer:
    def test_tells_nobody_where_a_supporter_comes_from(self, api: APIClient, path: str) -> None:
        page = api.get(path)
        kept = api.get(path, HTTP_IF_NONE_MATCH=page["ETag"])

        assert (page.status_code, kept.status_code) == (200, 304)
        # A browser replaces the headers of its copy with those of a 304.
        assert page["Referrer-Policy"] == kept["Referrer-Policy"] == "no-referrer"

    def test_is_for_no_search_engine(self, api: APIClient, path: str) -> None:
        assert b'<meta name="robots" content="noindex">' in api.get(path).content

    def test_is_asked_for_again_each_time(self, api: APIClient, path: str) -> None:
        assert api.get(path)["Cache-Control"] == "public, no-cache"

    def test_is_the_same_whatever_was_added_to_the_link(self, api: APIClient, path: str) -> None:
        added = api.get(f"{path}?utm_source=mail&fbclid=1")

        assert added.status_code == 200
        assert added.content == api.get(path).content

    def test_is_read_alone(self, api: APIClient, path: str) -> None:
        assert api.post(path, {"token": "unknown"}, format="json").status_code == 405

    def test_is_another_once_the_coalition_has_another_name(self, server: str, path: str) -> None:
        with serving({**os.environ, "COALITION_NAME": "Clean <Water>"}) as renamed_server:
            renamed = ask(renamed_server + path)

        assert b"Clean &lt;Water&gt;</title>" in renamed.read()
        assert renamed.headers["ETag"] != ask(server + path).headers["ETag"]

"""The API's own page of what is held about a supporter, in a browser."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from backend.models import Endorsement, OutgoingMail, PersonalLink, PolicyCampaign, Stakeholder
from tests.browser import Browser, violations
from tests.factories import make_endorsement, make_stakeholder
from tests.serving import serving
from tests.supporter.pages import offline, open_page, paste, text, use_phone

pytestmark = pytest.mark.django_db(transaction=True)

ME = "/me"
OPENED = "!document.getElementById('data').hidden"
SURE = "document.getElementById('sure').open"


@pytest.fixture
def endorsed(campaign: PolicyCampaign) -> Endorsement:
    """Ann's, approved and shown."""
    ann = make_stakeholder(email="ann@example.org", name="Ann", type="farmer")
    return make_endorsement(stakeholder=ann, campaign=campaign, statement="For the <b>reef</b>.")


def token_of(endorsement: Endorsement) -> str:
    return PersonalLink.objects.create(email=endorsement.stakeholder.email).token()


def press(browser: Browser, selector: str) -> None:
    browser.evaluate(f"document.querySelector('{selector}').scrollIntoView({{block: 'center'}})")
    browser.click(selector)


def said(browser: Browser, form: str) -> str:
    """What the page says below a form that was sent."""
    return str(browser.wait_for(f"document.querySelector('{form} .said').textContent"))


def notice(browser: Browser) -> str:
    return str(browser.wait_for("document.querySelector('#notice h2')?.textContent"))


def type_into(browser: Browser, selector: str, value: str) -> None:
    browser.evaluate(
        f"document.querySelector('{selector}').focus(); "
        f"document.querySelector('{selector}').select()"
    )
    browser.call("Input.insertText", text=value)


@pytest.fixture
def opened(phone: Browser, server: str, endorsed: Endorsement) -> Browser:
    """Ann's data, on her phone."""
    open_page(phone, server, ME, token_of(endorsed))
    press(phone, "#open button")
    phone.wait_for(OPENED)
    return phone


class TestEntrance:
    def test_asks_for_nothing_before_a_button_is_pressed(
        self, browser: Browser, server: str, endorsed: Endorsement
    ) -> None:
        token = token_of(endorsed)
        open_page(browser, server, ME, token)

        browser.settle()

        assert not any("/api/" in url for url in browser.requests)
        assert "ann@example.org" not in text(browser)
        assert not any(token in url.partition("#")[0] for url in browser.requests)
        history = browser.call("Page.getNavigationHistory")["entries"]
        assert not any(token in entry["url"] for entry in history)

    def test_sends_a_link_to_whoever_has_none(
        self, phone: Browser, server: str, endorsed: Endorsement
    ) -> None:
        open_page(phone, server, ME)
        assert violations(phone) == []

        type_into(phone, "#email", "ann@example.org")
        press(phone, "#ask button")

        assert notice(phone) == "Look into your mail"
        assert violations(phone) == []
        assert OutgoingMail.objects.get().link is not None

    def test_takes_a_pasted_token(self, phone: Browser, server: str, endorsed: Endorsement) -> None:
        token = token_of(endorsed)
        open_page(phone, server, ME)

        paste(phone, f"{server}/me#token={token[:9]}\n{token[9:]}")
        press(phone, "#open button")

        phone.wait_for(OPENED)
        assert "ann@example.org" in text(phone)

    @pytest.mark.parametrize("why", ["cut", "too old"])
    def test_asks_again_for_a_token_that_is(
        self, phone: Browser, server: str, endorsed: Endorsement, why: str
    ) -> None:
        token = token_of(endorsed)
        if why == "too old":
            PersonalLink.objects.update(expires_at=timezone.now())
        open_page(phone, server, ME, token[:-4] if why == "cut" else token)

        press(phone, "#open button")

        assert notice(phone) == "This link does not hold any more"
        assert phone.evaluate("document.getElementById('token').checkVisibility()") is True
        assert phone.evaluate("document.getElementById('email').checkVisibility()") is True
        assert violations(phone) == []

    def test_can_be_tried_again_when_the_network_failed(
        self, phone: Browser, server: str, endorsed: Endorsement
    ) -> None:
        open_page(phone, server, ME, token_of(endorsed))
        with offline(phone):
            press(phone, "#open button")
            assert notice(phone) == "That did not work"

        press(phone, "#open button")

        phone.wait_for(OPENED)

    def test_says_how_long_to_wait_after_too_many_attempts(self, phone: Browser) -> None:
        with serving({**os.environ, "LIMIT_REQUESTS": "1/300"}) as strict_server:
            open_page(phone, strict_server, ME)
            for _ in range(2):
                type_into(phone, "#email", "ann@example.org")
                press(phone, "#ask button")
                phone.wait_for("!document.querySelector('#ask button').disabled")
                notice(phone)

            assert notice(phone) == "Too many attempts"
        assert "Please wait 5 minutes" in text(phone)


class TestData:
    def test_are_shown_in_plain_words_and_as_they_are(self, opened: Browser) -> None:
        assert violations(opened) == []
        assert opened.complaints == []
        shown = text(opened)
        assert "ann@example.org" in shown
        assert "It was accepted, and everybody can see it." in shown
        assert opened.evaluate("document.querySelector('article textarea').value") == (
            "For the <b>reef</b>."
        )
        assert opened.evaluate("document.activeElement.tagName") == "H1"

    def test_change_at_once_or_wait_for_a_reviewer(self, opened: Browser) -> None:
        type_into(opened, "#county", "Kent")
        type_into(opened, "#name", "Anna")
        press(opened, "#details button")

        assert said(opened, "#details") == "Saved."
        stakeholder = Stakeholder.objects.get()
        assert (stakeholder.county, stakeholder.name) == ("Kent", "Ann")
        assert "A person reviews it; until then it stays as it was" in text(opened)
        assert violations(opened) == []

    def test_need_an_authority_for_another_organization(self, opened: Browser) -> None:
        type_into(opened, "#organization", "Reef Farm")
        press(opened, "#details button")
        error = opened.wait_for("document.getElementById('is_authorized-error').textContent")
        assert error == "Who endorses for an organization must be allowed to."
        assert violations(opened) == []

        press(opened, "#is_authorized")
        press(opened, "#details button")

        assert said(opened, "#details") == "Saved."

    def test_say_beside_a_field_what_is_wrong_with_it(self, opened: Browser) -> None:
        type_into(opened, "#latitude", "north")
        press(opened, "#details button")

        error = opened.wait_for("document.getElementById('location-error').textContent")
        assert "a latitude in -90 to 90" in error
        assert opened.evaluate("document.activeElement.id") == "latitude"
        assert violations(opened) == []

    def test_keep_a_place_that_is_not_touched_and_forget_one_that_is_emptied(
        self, opened: Browser
    ) -> None:
        place = Stakeholder.objects.get().location
        press(opened, "#details button")
        assert said(opened, "#details") == "Nothing was changed."
        assert Stakeholder.objects.get().location == place

        for selector in ("#latitude", "#longitude"):
            opened.evaluate(f"document.querySelector('{selector}').value = ''")
        press(opened, "#details button")
        opened.wait_for("document.querySelector('#details .said').textContent === 'Saved.'")

        assert Stakeholder.objects.get().location is None

    def test_have_choices_that_hold_at_once(self, opened: Browser) -> None:
        press(opened, "#is_public")
        press(opened, "#choices button")

        assert said(opened, "#choices") == "Saved."
        stakeholder = Stakeholder.objects.get()
        assert stakeholder.is_public is False
        assert stakeholder.consents["is_public"]["given"] is False

    def test_tell_that_a_name_in_public_needs_an_endorsement(
        self, opened: Browser, endorsed: Endorsement
    ) -> None:
        Endorsement.objects.update(status="withdrawn")
        type_into(opened, "#name", "Anna")
        press(opened, "#details button")

        assert "Endorse a campaign" in said(opened, "#details")
        assert violations(opened) == []


class TestEndorsements:
    def test_are_withdrawn_at_once(self, opened: Browser) -> None:
        press(opened, "[data-withdraw]")

        assert said(opened, "article") == "Saved."
        assert Endorsement.objects.get().status == "withdrawn"
        assert "You withdrew it." in text(opened)
        assert violations(opened) == []

    def test_wait_with_other_words_and_are_hidden_at_once(self, opened: Browser) -> None:
        type_into(opened, "article textarea", "For my children.")
        press(opened, "article input[type=checkbox]")
        press(opened, "article form button")

        assert said(opened, "article") == "Saved."
        endorsement = Endorsement.objects.get()
        assert (endorsement.statement, endorsement.public_display) == (
            "For the <b>reef</b>.",
            False,
        )
        assert endorsement.submissions.undecided().get().statement == "For my children."
        assert "A person reviews your new statement." in text(opened)
        assert violations(opened) == []


class TestTakingAlong:
    @pytest.fixture
    def downloads(self, browser: Browser, tmp_path: Path) -> Iterator[Path]:
        browser.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
        yield tmp_path
        browser.call("Page.setDownloadBehavior", behavior="deny")

    def test_gives_one_file(self, downloads: Path, opened: Browser) -> None:
        press(opened, "#export button")

        assert said(opened, "#export") == "It is in your downloads."
        opened.settle()
        [file] = downloads.iterdir()
        assert file.name == "my-data.json"
        assert '"email": "ann@example.org"' in file.read_text()


class TestErasing:
    def test_asks_once_more(self, opened: Browser) -> None:
        press(opened, "#erase button")
        opened.wait_for(SURE)
        assert violations(opened) == []

        press(opened, "#sure button[value=keep]")

        opened.wait_for(f"!({SURE})")
        opened.settle()
        assert Stakeholder.objects.exists()

    def test_leaves_nothing_behind_on_the_page_either(self, opened: Browser) -> None:
        press(opened, "#erase button")
        opened.wait_for(SURE)

        press(opened, "#sure button[value=erase]")

        assert notice(opened) == "It is erased"
        assert not Stakeholder.all_objects.exists()
        assert violations(opened) == []
        page = opened.evaluate("document.documentElement.outerHTML")
        assert "ann@example.org" not in page
        assert "reef</b>" not in page


class TestOnAPhone:
    @pytest.mark.parametrize("width", [320, 390])
    def test_fits_its_width_and_can_be_hit_by_a_thumb(self, opened: Browser, width: int) -> None:
        use_phone(opened, width=width)

        assert opened.evaluate("document.documentElement.scrollWidth") == width
        heights = opened.evaluate(
            "[...document.querySelectorAll('button, select, input:not([type=checkbox])')]"
            ".filter(each => each.checkVisibility())"
            ".map(each => each.getBoundingClientRect().height)"
        )
        assert min(heights) >= 44

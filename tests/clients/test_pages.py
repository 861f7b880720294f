"""The pages as a browser sees them, under their Content-Security-Policy."""

from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.browser import Browser
from tests.factories import make_stakeholder

pytestmark = pytest.mark.django_db(transaction=True)

# What each page has once it stands.
PAGES = {
    "/api/v1/docs": "document.querySelectorAll('.opblock').length > 5",
    "/api/v1/redoc": "document.querySelectorAll('[data-section-id]').length > 5",
    "/endorsements/confirm": "document.querySelector('#token') !== null",
    "/endorsements/decline": "document.querySelector('#token') !== null",
    "/problems": "document.querySelectorAll('h2[id]').length > 5",
    "/admin/login/": "document.querySelector('#login-form') !== null",
}


def hosts(browser: Browser) -> set[str]:
    """What the page has asked other machines for, and this one."""
    return {urlsplit(url).netloc for url in browser.requests if url.startswith("http")}


@pytest.mark.parametrize("path", PAGES)
class TestPage:
    def test_stands_and_nothing_in_it_is_refused(
        self, browser: Browser, server: str, path: str
    ) -> None:
        browser.open(server + path)

        browser.wait_for(PAGES[path])
        browser.settle()
        assert browser.complaints == []

    def test_asks_no_other_host_for_anything(
        self, browser: Browser, server: str, path: str
    ) -> None:
        browser.open(server + path)

        browser.wait_for(PAGES[path])
        browser.settle()
        assert hosts(browser) == {urlsplit(server).netloc}

    def test_has_an_icon_that_it_may_load(self, browser: Browser, server: str, path: str) -> None:
        browser.open(server + path)
        browser.wait_for(PAGES[path])

        browser.evaluate("icon = new Image()")
        browser.evaluate("icon.src = document.querySelector('link[rel=icon]').href")

        assert browser.wait_for("icon.naturalWidth > 0")


class TestRedoc:
    def test_is_styled_and_can_be_searched(self, browser: Browser, server: str) -> None:
        browser.open(f"{server}/api/v1/redoc")
        browser.wait_for(PAGES["/api/v1/redoc"])

        browser.evaluate("document.querySelector('input[type=text]').focus()")
        browser.call("Input.insertText", text="endorsements")

        browser.wait_for("document.querySelectorAll('[data-role=\"search:results\"] li').length")
        assert browser.evaluate(
            "getComputedStyle(document.querySelector('.menu-content')).position"
        )


def try_out(browser: Browser, server: str, operation: str) -> None:
    """Send the request of an operation as Swagger's form proposes it."""
    browser.open("about:blank")  # another fragment alone loads no page
    browser.open(f"{server}/api/v1/docs#/{operation}")
    browser.wait_for("document.querySelector('.try-out__btn') !== null")
    browser.evaluate("document.querySelector('.try-out__btn').click()")
    browser.wait_for("document.querySelector('.execute') !== null")
    browser.evaluate("document.querySelector('.execute').click()")


class TestSwagger:
    def test_tries_a_request_out(self, browser: Browser, server: str) -> None:
        try_out(browser, server, "campaigns/listCampaigns")

        status = ".live-responses-table .response .response-col_status"
        assert "200" in browser.wait_for(f"document.querySelector('{status}')?.innerText")

    def test_asks_for_no_more_than_was_filled_in(self, browser: Browser, server: str) -> None:
        make_stakeholder(name="The Copper Crab")

        try_out(browser, server, "stakeholders/listStakeholders")

        body = ".live-responses-table .response-col_description .microlight"
        answer = browser.wait_for(f"document.querySelector('{body}')?.innerText")
        assert "The Copper Crab" in answer
        assert f"{server}/api/v1/stakeholders" in browser.requests

    def test_fills_in_an_example_of_what_is_required(self, browser: Browser, server: str) -> None:
        try_out(browser, server, "stakeholders/getStakeholder")

        browser.wait_for("document.querySelector('.live-responses-table') !== null")
        assert f"{server}/api/v1/stakeholders/1" in browser.requests


class TestAdmin:
    def test_map_of_a_stakeholder_stands_and_asks_only_for_tiles(
        self, browser: Browser, server: str, client: Client
    ) -> None:
        client.force_login(User.objects.create_superuser("editor", password="a long one"))
        session = client.cookies["sessionid"].value
        browser.call("Network.setCookie", url=server, name="sessionid", value=session)
        stakeholder = make_stakeholder()

        browser.open(f"{server}/admin/coalition/stakeholder/{stakeholder.pk}/change/")

        browser.wait_for("document.querySelector('.leaflet-marker-icon') !== null")
        assert not [each for each in browser.complaints if "Content Security Policy" in each]
        assert hosts(browser) == {urlsplit(server).netloc, "tile.openstreetmap.org"}

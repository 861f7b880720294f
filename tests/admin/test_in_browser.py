"""An organiser's Monday morning: the admin in a browser, with a keyboard and on a phone."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from backend.actions.flags import flags_of
from backend.models import (
    ContentBlock,
    Endorsement,
    HomePage,
    OutgoingMail,
    PolicyCampaign,
    Stakeholder,
    Submission,
)
from tests.browser import Browser, violations
from tests.factories import (
    make_block,
    make_campaign,
    make_endorsement,
    make_homepage,
    make_legal_document,
    make_stakeholder,
    make_submission,
    make_user,
    numbers,
)

pytestmark = pytest.mark.django_db(transaction=True)

ENDORSEMENTS = "/admin/coalition/endorsement/"
WAITING = f"{ENDORSEMENTS}?show=waiting"
SAME = "I support the reefs because they keep our bay clean for everybody who lives here."
CURRENT = "document.querySelector('#result_list tr.is-current .field-who a')?.textContent"
READY = "document.readyState === 'complete'"


class Desk:
    """A browser in which somebody is signed in to the admin."""

    def __init__(self, browser: Browser, server: str, user: User) -> None:
        client = Client()
        client.force_login(user)
        self.browser, self.server = browser, server
        session = client.cookies["sessionid"].value
        browser.call("Network.setCookie", url=server, name="sessionid", value=session)

    def open(self, path: str) -> None:
        self.browser.open("about:blank")
        self.browser.wait_for("location.href === 'about:blank'")
        self.browser.open(self.server + path)
        self.browser.wait_for(READY)

    def press(self, key: str) -> None:
        for event in ("keyDown", "keyUp"):
            text = {"text": key} if event == "keyDown" and len(key) == 1 else {}
            code = {"windowsVirtualKeyCode": 13, "text": "\r"} if key == "Enter" else {}
            self.browser.call("Input.dispatchKeyEvent", type=event, key=key, **text, **code)

    def type(self, text: str) -> None:
        """Write where the page has put the cursor, once it has."""
        self.browser.wait_for("document.activeElement?.matches('input, textarea')")
        self.browser.call("Input.insertText", text=text)

    def press_and_load(self, key: str) -> None:
        """Press a key that leads to another page, and wait for that one."""
        self.browser.evaluate("window.isOld = true")
        self.press(key)
        self.browser.wait_for(f"!window.isOld && {READY}")

    def click_and_load(self, selector: str) -> None:
        self.browser.evaluate("window.isOld = true")
        found = f"document.querySelector({json.dumps(selector)})"
        self.browser.evaluate(f"{found}.scrollIntoView({{block: 'center'}})")
        self.browser.click(selector)
        self.browser.wait_for(f"!window.isOld && {READY}")

    def text(self) -> str:
        return str(self.browser.evaluate("document.querySelector('main').innerText"))

    def values(self, selector: str) -> list[str]:
        found = f"[...document.querySelectorAll({json.dumps(selector)})].map(each => each.value)"
        return list(json.loads(self.browser.evaluate(f"JSON.stringify({found})")))


@pytest.fixture
def moderator() -> User:
    return make_user("moderator", username="moderator")


@pytest.fixture
def desk(browser: Browser, server: str, moderator: User) -> Iterator[Desk]:
    yield Desk(browser, server, moderator)
    browser.call("Network.clearBrowserCookies")
    browser.call("Emulation.clearDeviceMetricsOverride")
    browser.call("Emulation.setEmulatedMedia", features=[])


@pytest.fixture
def editing(browser: Browser, server: str) -> Iterator[Desk]:
    yield Desk(browser, server, make_user("administrator"))
    browser.call("Network.clearBrowserCookies")
    browser.call("Emulation.clearDeviceMetricsOverride")
    browser.call("Emulation.setEmulatedMedia", features=[])


def make_pending(count: int, campaign: PolicyCampaign, **values: Any) -> list[Endorsement]:
    """Endorsements that were confirmed, in a few statements of SQL."""
    stakeholders = [
        Stakeholder(name=f"Neighbor {n}", email=f"{next(numbers)}@x.org", state="MD", type="farmer")
        for n in range(count)
    ]
    endorsements = [
        Endorsement(stakeholder=each, campaign=campaign, public_display=True, **values)
        for each in Stakeholder.objects.bulk_create(stakeholders)
    ]
    return list(Endorsement.objects.bulk_create(endorsements))


def send_for(endorsements: list[Endorsement]) -> None:
    """What was sent and became these endorsements, in one statement of SQL."""
    Submission.objects.bulk_create(
        Submission(
            endorsement=each,
            campaign=each.campaign,
            confirmed_at=timezone.now(),
            name=each.stakeholder.name,
            email=each.stakeholder.email,
            state="MD",
            type="farmer",
            public_display=True,
            is_public=True,
            email_updates=True,
            consents={},
            network=b"",
        )
        for each in endorsements
    )


def make_batch(count: int, campaign: PolicyCampaign) -> None:
    """Endorsements of people who all say the same."""
    for endorsement in make_pending(count, campaign, statement=SAME):
        submission = make_submission(
            campaign=campaign,
            email=endorsement.stakeholder.email,
            statement=SAME,
            endorsement=endorsement,
            confirmed_at=timezone.now(),
        )
        flags = flags_of(submission)
        rows = Submission.objects.filter(pk=submission.pk)
        rows.update(flags=flags, alike=submission.alike)


class TestMorning:
    def test_rejects_a_batch_and_approves_the_others(self, desk: Desk, moderator: User) -> None:
        campaign = make_campaign()
        make_batch(40, campaign)
        send_for(make_pending(500, campaign, statement=""))
        desk.open("/admin/")
        assert "540\nwaiting for a decision" in desk.text()

        # The batch, all of it at once.
        desk.click_and_load(".desk li:first-child a")
        assert "40 alike: “I support the reefs" in desk.text()
        desk.click_and_load("#changelist-filter a[href*='alike=']")
        choose_all(desk, "reject")
        assert "Reject 40 endorsements?" in desk.text()
        desk.type("One hand wrote them all.")
        desk.click_and_load(".submit-row input")
        assert "Rejected 40 endorsements." in desk.text()

        # What is left, all pages of it.
        desk.open(WAITING)
        choose_all(desk, "approve")
        assert "Approve 500 endorsements?" in desk.text()
        assert f"{campaign.title}\t0\t500" in desk.text()
        assert violations(desk.browser) == []
        desk.click_and_load(".submit-row input")

        assert "Approved 500 endorsements." in desk.text()
        counted = PolicyCampaign.objects.with_endorsement_count().get()
        assert counted.endorsement_count == 500
        rejected = Endorsement.objects.filter(status="rejected")
        records = {(t.by, t.reason) for each in rejected for t in each.transitions.all()}
        assert (len(rejected), records) == (40, {(moderator, "One hand wrote them all.")})


def choose_all(desk: Desk, action: str) -> None:
    """Run an action on all rows that a list has, beyond its page too."""
    desk.browser.click("#action-toggle")
    desk.browser.evaluate("document.querySelector('.question:not(.hidden) a')?.click()")
    desk.browser.evaluate(f"document.querySelector('select[name=action]').value = '{action}'")
    desk.click_and_load(".actions button")


class TestKeys:
    def test_are_shown_where_they_work(self, desk: Desk) -> None:
        make_endorsement(status="pending")

        desk.open(WAITING)

        hint = "document.querySelector('.keys').innerText"
        assert "a approve" in desk.browser.wait_for(hint)

    def test_approve_one_after_the_other(self, desk: Desk) -> None:
        first, second, third = make_pending(3, make_campaign())
        desk.open(WAITING)

        desk.press("j")
        assert desk.browser.evaluate(CURRENT).startswith("Neighbor 0")
        desk.press("j")
        desk.press("k")
        desk.press_and_load("a")

        # The next one has its place.
        assert desk.browser.wait_for(CURRENT).startswith("Neighbor 1")
        desk.press_and_load("a")
        assert desk.browser.wait_for(CURRENT).startswith("Neighbor 2")
        statuses = dict(Endorsement.objects.values_list("pk", "status"))
        assert statuses == {first.pk: "approved", second.pk: "approved", third.pk: "pending"}

    def test_reject_with_a_reason_and_go_on(self, desk: Desk) -> None:
        first, second = make_pending(2, make_campaign())
        desk.open(f"{ENDORSEMENTS}{first.pk}/change/")

        desk.press("r")
        desk.type("A double.")
        desk.press_and_load("Enter")

        assert f"/{second.pk}/change/" in desk.browser.evaluate("location.href")
        first.refresh_from_db()
        assert (first.status, first.transitions.get().reason) == ("rejected", "A double.")

    def test_do_nothing_while_somebody_writes(self, desk: Desk) -> None:
        make_endorsement(status="pending")
        desk.open(WAITING)

        desk.browser.evaluate("document.querySelector('#searchbar').focus()")
        for key in "jara":
            desk.press(key)

        assert desk.browser.evaluate("document.querySelector('#searchbar').value") == "jara"
        assert Endorsement.objects.get().status == "pending"

    def test_are_buttons_without_scripts(self, desk: Desk) -> None:
        first, second = make_pending(2, make_campaign())
        desk.browser.call("Emulation.setScriptExecutionDisabled", value=True)
        try:
            desk.browser.call("Page.navigate", url=desk.server + WAITING)
            desk.browser.wait_for("document.querySelector('button.approve') !== null")
            desk.browser.click("button.approve")
            desk.browser.wait_for("document.querySelectorAll('button.approve').length === 1")
        finally:
            desk.browser.call("Emulation.setScriptExecutionDisabled", value=False)

        assert {each.pk for each in Endorsement.objects.filter(status="approved")} == {first.pk}
        assert second.status == "pending"


def box(browser: Browser, selector: str) -> dict[str, float]:
    found = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
    return dict(json.loads(browser.evaluate(f"JSON.stringify({found})")))


def drag(browser: Browser, grip: str, *, to: str, by: str) -> None:
    """Drag to a little above the middle of an element, by the mouse or a finger."""
    start, end = box(browser, grip), box(browser, to)
    x, target = start["x"] + start["width"] / 2, end["y"] + end["height"] / 3
    for step, y in enumerate([start["y"] + start["height"] / 2, target, target]):
        if by == "mouse":
            event = ("mousePressed", "mouseMoved", "mouseReleased")[step]
            mouse = {"x": x, "y": y, "button": "left", "clickCount": 1}
            browser.call("Input.dispatchMouseEvent", type=event, **mouse)
        else:
            event = ("touchStart", "touchMove", "touchEnd")[step]
            points = [{"x": x, "y": y}] if event != "touchEnd" else []
            browser.call("Input.dispatchTouchEvent", type=event, touchPoints=points)


BLOCK = "#content_blocks-{}"


class TestBlocks:
    @pytest.fixture
    def page(self) -> HomePage:
        page = make_homepage()
        for order, title in enumerate(("First", "Second", "Third"), start=1):
            make_block(homepage=page, title=title, order=order)
        return page

    def titles(self) -> list[str]:
        return [block.title for block in ContentBlock.objects.in_page_order()]

    def open(self, desk: Desk, page: HomePage) -> None:
        desk.open(f"/admin/coalition/homepage/{page.pk}/change/")
        desk.browser.evaluate("document.querySelector('.blocks').scrollIntoView()")

    def save(self, desk: Desk) -> None:
        desk.click_and_load(".submit-row input[name=_save]")

    @pytest.mark.parametrize("by", ["mouse", "finger"])
    def test_take_the_place_they_are_dragged_to(
        self, editing: Desk, page: HomePage, by: str
    ) -> None:
        self.open(editing, page)

        drag(editing.browser, f"{BLOCK.format(2)} [data-block-grip]", to=BLOCK.format(0), by=by)
        self.save(editing)

        assert self.titles() == ["Third", "First", "Second"]

    def test_move_by_a_button_that_keeps_the_focus(self, editing: Desk, page: HomePage) -> None:
        self.open(editing, page)

        editing.browser.evaluate(
            f"document.querySelector('{BLOCK.format(0)} [data-block-move=\"1\"]').focus()"
        )
        editing.press("Enter")
        editing.press("Enter")

        said = "document.querySelector('[data-blocks-status]').textContent"
        assert editing.browser.evaluate(said) == "First: position 3 of 3"
        self.save(editing)
        assert self.titles() == ["Second", "Third", "First"]

    def test_move_by_a_number(self, editing: Desk, page: HomePage) -> None:
        self.open(editing, page)
        number = f"document.querySelector('{BLOCK.format(2)} .block-order input')"

        editing.browser.evaluate(
            f"{number}.value = 1; {number}.dispatchEvent(new Event('change', {{bubbles: true}}))"
        )

        assert editing.values(".block:not(.empty-form) .block-order input") == ["1", "2", "3"]
        self.save(editing)
        assert self.titles() == ["Third", "First", "Second"]

    def test_are_added_after_the_others(self, editing: Desk, page: HomePage) -> None:
        self.open(editing, page)

        editing.browser.evaluate("document.querySelector('.add-row a').click()")
        editing.browser.evaluate(
            "document.querySelector('[name=content_blocks-3-title]').value = 'Fourth'"
        )
        editing.browser.evaluate(
            "document.querySelector('[name=content_blocks-3-content]').value = 'Words'"
        )
        self.save(editing)

        assert self.titles() == ["First", "Second", "Third", "Fourth"]

    def test_fit_a_few_screens_when_there_are_twelve(self, editing: Desk, page: HomePage) -> None:
        for order in range(4, 13):
            make_block(homepage=page, order=order)

        self.open(editing, page)

        assert editing.browser.evaluate("document.querySelector('.blocks').offsetHeight") < 1200

    def test_are_previewed_as_they_would_be_stored(self, editing: Desk, page: HomePage) -> None:
        self.open(editing, page)
        area = f"document.querySelector('{BLOCK.format(0)} textarea')"
        editing.browser.evaluate(f"{area}.closest('.block').querySelector('details').open = true")
        editing.browser.evaluate(f"{area}.value = 'Clean water<script>alert(1)</script>'")
        editing.browser.evaluate(f"{area}.setSelectionRange(0, 11)")

        editing.browser.evaluate(
            f"document.querySelector('{BLOCK.format(0)} [data-tag=strong]').click()"
        )
        editing.browser.evaluate(
            f"document.querySelector('{BLOCK.format(0)} .rich-text details').open = true"
        )

        shown = f"document.querySelector('{BLOCK.format(0)} .rich-preview').innerHTML"
        assert editing.browser.wait_for(shown) == "<strong>Clean water</strong>"


class TestPosition:
    def test_stands_in_the_outline_of_its_county_where_there_are_no_tiles(self, desk: Desk) -> None:
        stakeholder = make_stakeholder(state="MD", county="Talbot")

        desk.open(f"/admin/coalition/stakeholder/{stakeholder.pk}/change/")

        outline = "document.querySelectorAll('path[stroke=\"#1a5276\"]').length"
        assert desk.browser.wait_for(outline) == 1
        assert desk.browser.evaluate("document.querySelectorAll('.leaflet-marker-icon').length")

    def test_follows_the_map_and_the_other_way_round(self, desk: Desk) -> None:
        stakeholder = make_stakeholder(location=None)
        desk.open(f"/admin/coalition/stakeholder/{stakeholder.pk}/change/")
        desk.browser.evaluate("document.querySelector('.position-map').scrollIntoView()")

        desk.browser.click(".position-map")
        latitude, longitude = map(float, desk.values(".position-numbers input"))
        assert 37 < latitude < 41
        assert -80 < longitude < -74

        desk.click_and_load(".submit-row input[name=_save]")
        stakeholder.refresh_from_db()
        assert stakeholder.location.coords == (longitude, latitude)


PAGES = {
    "desk": "/admin/",
    "endorsements": ENDORSEMENTS,
    "endorsement": "/admin/coalition/endorsement/{endorsement}/change/",
    "stakeholders": "/admin/coalition/stakeholder/",
    "stakeholder": "/admin/coalition/stakeholder/{stakeholder}/change/",
    "campaigns": "/admin/coalition/policycampaign/",
    "campaign": "/admin/coalition/policycampaign/{campaign}/change/",
    "homepages": "/admin/coalition/homepage/",
    "homepage": "/admin/coalition/homepage/{homepage}/change/",
    "activation": "/admin/coalition/homepage/{homepage}/activate/",
    "blocks": "/admin/coalition/contentblock/",
    "legal documents": "/admin/coalition/legaldocument/",
    "legal document": "/admin/coalition/legaldocument/{document}/change/",
    "mails": "/admin/coalition/outgoingmail/",
    "mail": "/admin/coalition/outgoingmail/{mail}/change/",
    "account": "/admin/auth/user/{user}/change/",
    "submissions": "/admin/coalition/submission/",
}


class TestPages:
    @pytest.fixture
    def keys(self) -> dict[str, int]:
        endorsement = make_endorsement(status="pending", statement="For the reefs.")
        block = make_block(content="<p>Clean <b>water</b>.</p>")
        unconfirmed = make_submission(campaign=endorsement.campaign)
        mail = OutgoingMail.objects.create(
            kind="confirmation", submission=unconfirmed, state="failed", error="451 Full"
        )
        return {
            "endorsement": endorsement.pk,
            "stakeholder": endorsement.stakeholder_id,
            "campaign": endorsement.campaign_id,
            "homepage": block.homepage_id,
            "document": make_legal_document().pk,
            "mail": mail.pk,
            "user": make_user("editor").pk,
        }

    @pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
    def test_serve_everybody_at_both_widths_without_another_host(
        self, editing: Desk, keys: dict[str, int], width: int, scheme: str
    ) -> None:
        browser = editing.browser
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.call("Emulation.setDeviceMetricsOverride", **size)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.call("Emulation.setEmulatedMedia", features=[feature])
        found = {}
        for name, path in PAGES.items():
            editing.open(path.format(**keys))
            complaints = [each for each in browser.complaints if "tile.openstreetmap" not in each]
            wide = browser.evaluate("document.documentElement.scrollWidth") > width
            found[name] = [*complaints, *(["too wide"] if wide else []), *violations(browser)]

        assert found == {name: [] for name in PAGES}

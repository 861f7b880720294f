"""The example map, in a browser, drawing the stakeholders of a running API."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from django.contrib.gis.geos import Point
from django.core.management import call_command

from backend.public import PublicStakeholder
from tests.browser import Browser
from tests.factories import make_stakeholder

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = Path(settings.BASE_DIR) / "docs" / "examples"


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Not among the output of the tests."""


@pytest.fixture(scope="module")
def frontend() -> Iterator[str]:
    """The address of the page, on another origin than the API's."""
    if not (EXAMPLES / "node_modules").is_dir():
        pytest.fail("MapLibre is missing: make test installs it.")
    handler = partial(QuietHandler, directory=EXAMPLES)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}/map.html"
        served.shutdown()


def circles_drawn(browser: Browser) -> int:
    return int(browser.wait_for("document.body.dataset.drawn > 0 && document.body.dataset.drawn"))


class TestMap:
    def test_draws_every_stakeholder_with_a_place(
        self, browser: Browser, server: str, frontend: str
    ) -> None:
        call_command("load_demo", verbosity=0)
        make_stakeholder(name="Nowhere yet", location=None)

        browser.open(f"{frontend}?api={server}")

        located = PublicStakeholder.objects.exclude(location=None)
        assert circles_drawn(browser) == located.count() > 200
        assert browser.complaints == []

    def test_shows_circles_to_the_eye(self, browser: Browser, server: str, frontend: str) -> None:
        make_stakeholder(type="farmer")
        browser.open(f"{frontend}?api={server}")
        circles_drawn(browser)

        green = browser.count_pixels(0x4C, 0x8C, 0x2B)

        assert 50 < green < 500  # a disc with a radius of six pixels has 113

    def test_shows_a_name_as_it_was_typed_when_its_circle_is_clicked(
        self, browser: Browser, server: str, frontend: str
    ) -> None:
        make_stakeholder(name="<img src=x onerror=alert(1)>", location=Point(-76.5, 38.5))
        browser.open(f"{frontend}?api={server}")
        circles_drawn(browser)

        browser.click("#map canvas")

        shown = browser.wait_for("document.querySelector('.maplibregl-popup strong')?.innerText")
        assert shown == "<img src=x onerror=alert(1)>"
        assert browser.evaluate("document.querySelector('.maplibregl-popup img') === null")

    def test_says_so_when_there_is_no_api(self, browser: Browser, frontend: str) -> None:
        browser.open(f"{frontend}?api=http://127.0.0.1:1")

        message = browser.wait_for("document.querySelector('#message:not([hidden])')?.innerText")
        assert message.startswith("The stakeholders of http://127.0.0.1:1 cannot be shown.")

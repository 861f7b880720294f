"""What tests do with the API's own pages for supporters, in a browser."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.browser import Browser


def use_phone(browser: Browser, *, width: int) -> None:
    size = {"width": width, "height": 740}
    browser.call("Emulation.setDeviceMetricsOverride", **size, deviceScaleFactor=2, mobile=True)


@contextmanager
def offline(browser: Browser) -> Iterator[None]:
    unlimited = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.call("Network.emulateNetworkConditions", offline=True, **unlimited)
    try:
        yield
    finally:
        browser.call("Network.emulateNetworkConditions", offline=False, **unlimited)


def open_page(browser: Browser, server: str, path: str, token: str = "") -> None:
    """Come with a link that carries the token."""
    # From another page: a fragment alone would load nothing anew.
    browser.open("about:blank")
    browser.wait_for("location.href === 'about:blank'")
    browser.open(f"{server}{path}" + (f"#token={token}" if token else ""))
    browser.wait_for("document.readyState === 'complete' && location.hash === ''")


def paste(browser: Browser, text: str) -> None:
    browser.evaluate("document.querySelector('#token').focus()")
    browser.call("Input.insertText", text=text)


def text(browser: Browser) -> str:
    return str(browser.evaluate("document.querySelector('main').innerText"))

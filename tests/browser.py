"""A headless Chromium, spoken to in its DevTools protocol through a pair of pipes."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium")
AXE = Path(__file__).with_name("node") / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

FLAGS = [
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",  # it refuses to run as root with one
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # WebGL without a graphics card.
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--window-size=1200,800",
]


# Python's standard library reads no PNG; the browser does.
COUNT_PIXELS = """
async (picture, ...color) => {
  const response = await fetch(`data:image/png;base64,${picture}`);
  const bitmap = await createImageBitmap(await response.blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  canvas.drawImage(bitmap, 0, 0);
  const { data } = canvas.getImageData(0, 0, bitmap.width, bitmap.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    count += color.every((value, band) => data[at + band] === value);
  }
  return count;
}
"""


class Browser:
    """One tab, which remembers what it asked for and what it complained about."""

    def __init__(self, commands: int, events: int) -> None:
        self._commands, self._events = commands, events
        self._received = b""
        self._last_id = 0
        self._session: str | None = None
        self.requests: list[str] = []
        self.complaints: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command, and wait for its result."""
        self._last_id += 1
        command: dict[str, Any] = {"id": self._last_id, "method": method, "params": params}
        if self._session:
            command["sessionId"] = self._session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        while True:
            message = self._next_message()
            if message.get("id") == self._last_id:
                assert "error" not in message, message["error"]
                result: dict[str, Any] = message["result"]
                return result
            self._note(message.get("method", ""), message.get("params", {}))

    def _next_message(self) -> dict[str, Any]:
        while b"\0" not in self._received:
            chunk = os.read(self._events, 1 << 20)
            if not chunk:
                raise EOFError("Chromium has ended")
            self._received += chunk
        text, _, self._received = self._received.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message

    def _note(self, event: str, params: dict[str, Any]) -> None:
        if event == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif event == "Log.entryAdded" and params["entry"]["level"] in {"warning", "error"}:
            entry = params["entry"]
            # Where there is no network there are no tiles, and Chromium says so, sooner or later.
            if "tile.openstreetmap.org" in entry.get("url", ""):
                return
            self.complaints.append(f"{entry['text']} {entry.get('url', '')}")
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))

    def open(self, url: str) -> None:
        """Go to `url`, forgetting what the page before it asked for."""
        self.requests.clear()
        self.complaints.clear()
        self.call("Page.navigate", url=url)

    def evaluate(self, expression: str) -> Any:
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return result["result"].get("value")

    def wait_for(self, expression: str, *, seconds: float = 60) -> Any:
        """The value of a JavaScript expression as soon as it is true."""
        return wait_for(lambda: self.evaluate(expression), expression, seconds=seconds)

    def settle(self) -> None:
        """Give the page time to ask for what it asks for last."""
        time.sleep(1)
        self.evaluate("null")  # takes note of what was reported meanwhile

    def click(self, selector: str) -> None:
        """Click the middle of the first element that matches, once it is drawn."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.wait_for(f"{element}?.getClientRects().length")
        box = f"{element}.getBoundingClientRect()"
        x = self.evaluate(f"{box}.left + {box}.width / 2")
        y = self.evaluate(f"{box}.top + {box}.height / 2")
        for event in ("mouseMoved", "mousePressed", "mouseReleased"):
            mouse = {"x": x, "y": y, "button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", type=event, **mouse)

    def count_pixels(self, red: int, green: int, blue: int) -> int:
        """How many pixels of what is in the window have exactly this colour."""
        picture = self.call("Page.captureScreenshot")["data"]
        call = f"({COUNT_PIXELS})({json.dumps(picture)}, {red}, {green}, {blue})"
        counted = self.call("Runtime.evaluate", expression=call, awaitPromise=True)
        return int(counted["result"]["value"])


def violations(browser: Browser) -> list[str]:
    """What axe finds wrong by WCAG 2.2 AA and good practice, each with an element."""
    browser.evaluate(AXE.read_text(encoding="utf-8"))
    run = f"axe.run({{runOnly: {json.dumps(RULES)}}})"
    found = f"{run}.then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes[0].html])))"
    result = browser.call(
        "Runtime.evaluate", expression=found, awaitPromise=True, returnByValue=True
    )
    reported: list[list[str]] = json.loads(result["result"]["value"])
    return [": ".join(each) for each in reported]


def wait_for(condition: Callable[[], Any], what: str, *, seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {what}"
        time.sleep(0.1)
    return value


@contextmanager
def running_browser() -> Iterator[Browser]:
    assert CHROMIUM
    read_commands, commands = os.pipe()
    events, write_events = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # Chromium reads commands from its descriptor 3 and writes to its 4.
        script = f'exec "$@" 3<&{read_commands} 4>&{write_events}'
        process = subprocess.Popen(
            ["bash", "-c", script, "bash", CHROMIUM, *FLAGS, f"--user-data-dir={profile}"],
            pass_fds=(read_commands, write_events),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_commands)
        os.close(write_events)
        try:
            yield Browser(commands, events)
        finally:
            process.terminate()
            process.wait(10)
            os.close(commands)
            os.close(events)

"""The form of docs/endorsements.md, as Vite builds it, in a browser."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from backend.models import Endorsement, Submission
from deploy.processes import Account, run_step
from tests.browser import Browser
from tests.clients.test_first_map import VITE, vite_serving
from tests.clients.test_typescript import PACKAGE, run
from tests.factories import make_campaign, publish_legal_texts
from tests.supporter.pages import open_page
from tests.supporter.test_pages import CONFIRM, press

pytestmark = pytest.mark.django_db(transaction=True)

GUIDE = Path(settings.BASE_DIR) / "docs" / "endorsements.md"
PAGE = """
<!DOCTYPE html>
<title>Endorse</title>
<link rel="icon" href="data:,">
<form></form>
<script type="module" src="form.js"></script>
"""
SUPPORTER = {
    "name": "Delia Pruitt",
    "organization": "Pruitt Oyster Company",
    "email": "delia@pruitt-oysters.example",
    "state": "VA",
    "type": "waterman",
    "statement": "My grandfather tonged these reefs by hand.",
}


def code() -> str:
    return GUIDE.read_text(encoding="utf-8").split("```js\n", 1)[1].split("```", 1)[0]


@pytest.fixture
def form(
    browser: Browser, server: str, tmp_path: Path, transactional_db: None
) -> Iterator[Browser]:
    """The page with the form of a campaign, which the browser shows."""
    publish_legal_texts()
    make_campaign(slug="ten-thousand-acres-of-reef", endorsement_statement="We want reefs.")
    run("npm", "run", "--silent", "build")
    (tmp_path / "index.html").write_text(PAGE, "utf-8")
    (tmp_path / "form.js").write_text(code().replace("http://127.0.0.1:8000", server), "utf-8")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "coalition-builder-client").symlink_to(PACKAGE)
    run_step("The build", [*VITE, "build", tmp_path], account=Account.own())
    with vite_serving("preview", tmp_path) as url:
        browser.open(url)
        browser.wait_for("document.querySelector('button') !== null")
        yield browser


def fill_in(browser: Browser, values: dict[str, Any], ticked: list[str]) -> None:
    for name, value in values.items():
        browser.evaluate(f"document.getElementById('{name}').value = {json.dumps(value)}")
    for name in ticked:
        browser.evaluate(f"document.getElementById('{name}').checked = true")


def errors(browser: Browser) -> dict[str, str]:
    shown: dict[str, str] = browser.evaluate(
        "Object.fromEntries([...document.querySelectorAll('output')]"
        ".filter(each => each.textContent).map(each => [each.id, each.textContent]))"
    )
    return shown


class TestForm:
    def test_has_forty_lines(self) -> None:
        assert len(code().splitlines()) <= 40

    def test_endorses_as_the_supporter_says(self, form: Browser, server: str) -> None:
        consents = ["terms_version", "is_authorized", "public_display"]
        fill_in(form, SUPPORTER, ticked=consents)

        form.click("button")

        form.wait_for("document.body.innerText.includes('Please open the mail')", seconds=10)
        submission = Submission.objects.get()
        assert {name: getattr(submission, name) for name in SUPPORTER} == SUPPORTER
        assert submission.public_display is True
        assert submission.is_public is False
        assert form.complaints == []
        open_page(form, server, CONFIRM, submission.token())
        assert press(form) == "Thank you"
        assert Endorsement.objects.get().status == "pending"

    def test_shows_each_error_beside_its_field(self, form: Browser) -> None:
        fill_in(form, SUPPORTER | {"email": "delia", "state": ""}, ticked=["is_authorized"])

        form.click("button")

        form.wait_for("document.getElementById('email-error').textContent", seconds=10)
        assert errors(form) == {
            "email-error": "Give an e-mail address, such as name@example.org.",
            "state-error": "Give the code of a state, such as MD, or its full name.",
            "terms_version-error": "This is required.",
        }
        assert not Submission.objects.exists()

    def test_can_be_sent_once_it_is_mended(self, form: Browser) -> None:
        fill_in(form, SUPPORTER | {"email": "delia"}, ["terms_version", "is_authorized"])
        form.click("button")
        form.wait_for("document.getElementById('email-error').textContent", seconds=10)

        fill_in(form, SUPPORTER, [])
        form.click("button")

        form.wait_for("document.body.innerText.includes('Please open the mail')", seconds=10)
        assert Submission.objects.count() == 1

import json
import os
import re
from collections.abc import Iterator
from email.message import EmailMessage
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from rest_framework.test import APIClient

from backend.models import PersonalLink, PolicyCampaign, Stakeholder
from tests.browser import Browser
from tests.factories import make_campaign, publish_legal_texts
from tests.serving import mail_worker, serving
from tests.smtp import Inbox, mail_server
from tests.supporter.pages import use_phone


@pytest.fixture
def campaign(db: None) -> PolicyCampaign:
    """One that takes endorsements."""
    publish_legal_texts()
    return make_campaign(title="Ten thousand acres of reef", slug="reef")


class Supporter:
    """Sends what supporters send."""

    def __init__(self, api: APIClient) -> None:
        self.api = api

    def submit(self, body: Any, slug: str = "reef", **headers: str) -> Any:
        path = f"/api/v1/campaigns/{slug}/endorsements"
        return self.api.post(path, body, format="json", headers=headers)

    def confirm(self, token: str) -> Any:
        return self._with_token("confirm", token)

    def decline(self, token: str) -> Any:
        return self._with_token("decline", token)

    def resend(self, **body: Any) -> Any:
        return self.api.post("/api/v1/endorsements/resend", body, format="json")

    def _with_token(self, action: str, token: str) -> Any:
        return self.api.post(f"/api/v1/endorsements/{action}", {"token": token}, format="json")


@pytest.fixture
def supporter(api: APIClient) -> Supporter:
    return Supporter(api)


class Me:
    """Somebody who has a token, and asks for what is held about them."""

    def __init__(self, api: APIClient, token: str) -> None:
        self.api, self.token = api, token
        self.headers = {"Authorization": f"Bearer {token}"}

    @classmethod
    def of(cls, stakeholder: Stakeholder) -> "Me":
        link = PersonalLink.objects.create(email=stakeholder.email)
        return cls(APIClient(), link.token())

    def get(self) -> Any:
        return self.api.get("/api/v1/me", headers=self.headers)

    def export(self) -> Any:
        return self.api.get("/api/v1/me/export", headers=self.headers)

    def patch(self, body: Any) -> Any:
        return self.api.patch("/api/v1/me", body, format="json", headers=self.headers)

    def patch_endorsement(self, key: int, body: Any) -> Any:
        path = f"/api/v1/me/endorsements/{key}"
        return self.api.patch(path, body, format="json", headers=self.headers)

    def delete(self) -> Any:
        return self.api.delete("/api/v1/me", headers=self.headers)


def codes(response: Any) -> dict[str, str]:
    """The code of each error, by where it is."""
    return {
        next(str(error[key]) for key in ("pointer", "header", "parameter") if key in error): str(
            error["code"]
        )
        for error in response.json()["errors"]
    }


@pytest.fixture(params=["light", "dark"])
def phone(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Browser]:
    """The browser in the size of a phone, in the light and in the dark."""
    scheme = {"name": "prefers-color-scheme", "value": request.param}
    use_phone(browser, width=360)
    browser.call("Emulation.setEmulatedMedia", features=[scheme])
    yield browser
    browser.call("Emulation.clearDeviceMetricsOverride")
    browser.call("Emulation.setEmulatedMedia", features=[])


# What is tested here is not how much one address may send.
UNLIMITED = dict.fromkeys(("LIMIT_REQUESTS", "LIMIT_ADDRESS", "LIMIT_MAILS"), "1000000/3600")


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_server() as inbox:
        yield inbox


@pytest.fixture
def environment(inbox: Inbox) -> dict[str, str]:
    """Of an API and a mail worker whose mails go to the inbox."""
    return {**os.environ, **UNLIMITED, "EMAIL_URL": f"smtp://127.0.0.1:{inbox.port}"}


@pytest.fixture
def stack(environment: dict[str, str]) -> Iterator[str]:
    """The address of the API as it is served, with the mail worker beside it."""
    with serving(environment) as url, mail_worker(environment | {"PUBLIC_URL": url}):
        yield url


def post(
    url: str, body: Any, *, method: str = "POST", **headers: str
) -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON of an answer, over a connection of its own."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request(
            method, parts.path, data, {"Content-Type": "application/json", **headers}
        )
        response = connection.getresponse()
        content = response.read()
        return response.status, dict(response.getheaders()), json.loads(content or b"null")
    finally:
        connection.close()


def token_in(message: EmailMessage, page: str = "/endorsements/confirm") -> str:
    """What the link to the page carries."""
    body = message.get_body(("plain",))
    assert body
    match = re.search(rf"{page}#token=(\S+)", body.get_content())
    assert match
    return match[1]

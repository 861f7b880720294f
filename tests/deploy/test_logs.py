"""That nothing of what people send is in a log of the API, of PostgreSQL or of pgBouncer."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from knox.models import AuthToken

from tests.conftest import connect_as_owner
from tests.factories import make_campaign, make_stakeholder, make_user, publish_legal_texts
from tests.serving import started
from tests.supporter.conftest import post

CANARY = "kanari7q"
# What no code foresees, so that the API fails with the row in its hands, and PostgreSQL too.
REFUSE = "ADD CONSTRAINT no_canaries CHECK (name NOT LIKE '%kanari7q%') NOT VALID"
PERSON = {"name": f"A {CANARY}", "email": f"{CANARY}@example.org", "state": "MD", "type": "farmer"}
SENT = PERSON | {
    "statement": f"Because {CANARY}.",
    "public_display": True,
    "is_public": True,
    "email_updates": False,
    "terms_version": "1",
}
TABLES = ("stakeholders_stakeholder", "endorsements_submission")
STAFF = "/api/v1/manage/stakeholders"
ENDORSE = "/api/v1/campaigns/reef/endorsements"


def postgresql_log() -> Path:
    """Where the server of the tests writes what goes wrong."""
    port = f"--port={settings.DATABASES['owner']['PORT']}".encode()
    return next(
        (process / "fd/2").readlink()
        for process in Path("/proc").glob("[0-9]*")
        if port in (process / "cmdline").read_bytes().split(b"\0")
    )


@pytest.fixture
def _refusing(db: None) -> Iterator[None]:
    """A database that refuses whoever has the canary for a name."""
    with connect_as_owner() as owner:
        for table in TABLES:
            owner.execute(f"ALTER TABLE {table} {REFUSE}")
        yield
        for table in TABLES:
            owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT no_canaries")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_refusing")
def test_have_nothing_of_what_was_sent(tmp_path: Path) -> None:
    api, postgresql = tmp_path / "api.log", postgresql_log()
    publish_legal_texts(version="1")
    make_campaign(slug="reef")
    deleted = make_stakeholder(email=f"taken-{CANARY}@example.org")
    deleted.delete()
    make_stakeholder(email=deleted.email)
    token = AuthToken.objects.create(make_user("administrator"))[1]
    signed_in = {"Authorization": f"Token {token}"}
    requests: list[tuple[int, str, Any, dict[str, str]]] = [
        (500, STAFF, PERSON, signed_in),
        (500, ENDORSE, SENT, {}),
        (409, f"{STAFF}/{deleted.pk}/restore", b"", signed_in),
        (400, STAFF, PERSON | {"state": CANARY, CANARY: CANARY}, signed_in),
        (400, ENDORSE, SENT | {"email": CANARY}, {"Idempotency-Key": CANARY}),
        (400, ENDORSE, f'{{"name": "{CANARY}'.encode(), {}),
        (401, "/api/v1/auth/login", {"username": CANARY, "password": CANARY}, {}),
        (401, STAFF, PERSON, {"Authorization": f"Token {CANARY}"}),
        (404, "/api/v1/endorsements/confirm", {"token": CANARY}, {}),
        (202, "/api/v1/me/links", {"email": f"{CANARY}@example.org"}, {}),
    ]

    with started(os.environ, log=api) as (_, port):
        answered = [
            post(f"http://127.0.0.1:{port}{path}", body, **headers)[0]
            for _, path, body, headers in requests
        ]

    assert answered == [status for status, *_ in requests]
    for log in (api, postgresql):
        assert "no_canaries" in log.read_text()
    for log in (api, postgresql, postgresql.with_name("pgbouncer.log")):
        for secret in (CANARY, token):
            assert secret not in log.read_text()

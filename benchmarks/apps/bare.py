"""The limit of a submission: a function that inserts the rows that the API inserts, and no more.

The same server, pool and tables; neither routing, nor validation, nor a framework. Every value is
made up, and new each time.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import psycopg

from deploy.processes import end_with_parent

end_with_parent(signal.SIGKILL)

local = threading.local()

QUOTA = """
INSERT INTO coalition_quota (key, spent, expires_at) VALUES (%s, 1, now() + interval '1 hour')
"""
SUBMISSION = """
INSERT INTO endorsements_submission (
    campaign_id, name, organization, role, email, state, county, type, location, statement,
    public_display, is_public, email_updates, consents, language, network, nonce, created_at,
    expires_at, flags
)
VALUES (
    1, 'Supporter', '', '', %s, 'MD', 'Talbot', 'farmer', 'SRID=4326;POINT(-76.1 38.8)', %s,
    true, true, false, %s, '', %s, %s, now(), now() + interval '7 days', '[]'
)
RETURNING id
"""
MAIL = """
INSERT INTO mail_outgoingmail (kind, submission_id, email) VALUES ('confirmation', %s, '')
"""
KEY = """
INSERT INTO coalition_idempotentrequest (key, body, response, expires_at)
VALUES (%s, %s, '{"status": "confirmation_sent"}', now() + interval '1 day')
"""
CONSENTS = '{"terms": {"given": true, "version": "1", "sha256": "%s"}}' % ("0" * 400)


def connection() -> "psycopg.Connection[Any]":
    """That of this thread, through the pool; nothing is prepared, as Django has it."""
    if not hasattr(local, "connection"):
        local.connection = psycopg.connect(
            os.environ["DATABASE_URL"], autocommit=True, prepare_threshold=None
        )
    connected: psycopg.Connection[Any] = local.connection
    return connected


def application(
    environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    status = "200 OK"  # to whoever asks whether it has started
    if environ["REQUEST_METHOD"] == "POST":
        environ["wsgi.input"].read()
        insert(uuid4().hex)
        status = "202 Accepted"
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", "2")])
    return [b"{}"]


def insert(who: str) -> None:
    key = who[:16].encode()
    connected = connection()
    with connected.transaction(), connected.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(QUOTA, [b"r" + key[1:]])
    with connected.transaction(), connected.cursor() as cursor:
        for kind in (b"a", b"m"):
            cursor.execute(QUOTA, [kind + key[1:]])
        statement = f"My reason to restore the reefs is {who}."
        values = [f"{who}@example.org", statement, CONSENTS, key, key]
        cursor.execute(MAIL, cursor.execute(SUBMISSION, values).fetchone())
        cursor.execute(KEY, [key, key])

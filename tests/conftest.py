"""The tests run against the stack of `make test`: the schema migrated by its owner, every
request made as coalition_app or coalition_reader through pgBouncer."""

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.test import TransactionTestCase, override_settings
from rest_framework.test import APIClient

from backend.http.limits import spent_up_to
from backend.http.overload import EXPORTS
from backend.mail.sns import certificate
from tests import sns
from tests.browser import CHROMIUM, Browser, running_browser
from tests.image_stores import Images, kept_in_bucket, kept_in_folder, simulated_aws
from tests.serving import serving

DATA = Path(__file__).with_name("data")

# Kept when a test's rows are removed: the migrations filled them, or they only ever grow.
KEPT = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
    "coalition_revision",
}


def pytest_configure() -> None:
    if "default" not in settings.DATABASES:
        pytest.exit("The tests need a database: run them with make test.", returncode=2)


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """Replaces pytest-django's: the stack has made the database, and removes it."""


@pytest.fixture(autouse=True)
def nobody_has_sent_too_much() -> None:
    """What one test's client did is no matter to another's."""
    spent_up_to.clear()


@pytest.fixture(autouse=True)
def no_export_is_left_open() -> Iterator[None]:
    """Its place would be taken, and another test's export refused."""
    yield
    with EXPORTS.place():
        pass


@pytest.fixture
def api() -> APIClient:
    return APIClient()


Connection = psycopg.Connection[tuple[Any, ...]]


def connect(role: str, *, through: str) -> Connection:
    """Log in as `role` at the port of the pool ("default") or of the server ("owner")."""
    passwords = {each["USER"]: each["PASSWORD"] for each in settings.DATABASES.values()}
    database = settings.DATABASES[through]
    return psycopg.connect(
        host=database["HOST"],
        port=database["PORT"],
        dbname=database["NAME"],
        user=role,
        password=passwords[role],
        autocommit=True,
    )


def connect_directly(alias: str) -> Connection:
    """A connection past the pool, with the role of one of DATABASES, in autocommit."""
    return connect(settings.DATABASES[alias]["USER"], through="owner")


def connect_as_owner() -> Connection:
    return connect_directly("owner")


@pytest.fixture
def owner() -> Iterator[Connection]:
    with connect_as_owner() as connected:
        yield connected


@contextmanager
def days_later(days: int) -> Iterator[None]:
    """Have the database take the day after so many days for today."""
    with connect_as_owner() as owner:
        [(definition,)] = owner.execute(
            "SELECT pg_get_functiondef('coalition_today'::regproc)"
        ).fetchall()
        assert "(now() AT" in definition
        owner.execute(definition.replace("now()", f"(now() + interval '{days} days')"))
        try:
            yield
        finally:
            owner.execute(definition)


def remove_committed_rows(_test_case: TransactionTestCase | None = None) -> None:
    """Empty the tables after a test that commits, which coalition_app may not do by TRUNCATE."""
    tables = set(connection.introspection.django_table_names(only_existing=True))
    names = ", ".join(sorted(tables - KEPT))
    with connect_as_owner() as owner:
        owner.execute(f"TRUNCATE {names} RESTART IDENTITY")


# Not in the stubs: Django does not document it.
TransactionTestCase._fixture_teardown = remove_committed_rows  # type: ignore[attr-defined]


TransactionTestCase.databases = {"default", "public"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Have a test that rolls back read as the public over the connection that wrote its rows.

    What the public's own role may do is proved by the tests that commit, which have both
    connections.
    """
    marker = item.get_closest_marker("django_db")
    if marker is None or marker.kwargs.get("transaction"):
        return (yield)
    public = connections["public"]
    connections["public"] = connections["default"]
    try:
        return (yield)
    finally:
        connections["public"] = public


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The demo coalition, committed, with the same ids each time."""
    with django_db_blocker.unblock():
        remove_committed_rows()
        call_command("load_demo", verbosity=0)
        yield
        remove_committed_rows()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of the API as granian serves it, to programs that speak HTTP."""
    with serving(os.environ) as url:
        yield url


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[sns.Aws]:
    """AWS, which has the certificate of SNS; and the settings name a topic."""
    simulated = sns.Aws({sns.CERTIFICATE_URL: sns.certificate()})
    monkeypatch.setattr("backend.mail.sns.https_get", simulated.get)
    certificate.cache_clear()
    with override_settings(SNS_TOPIC_ARNS=[sns.ARN]):
        yield simulated
    certificate.cache_clear()


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of S3, which is simulated."""
    with simulated_aws() as url:
        yield url


@pytest.fixture(params=["folder", "bucket"])
def images(
    request: pytest.FixtureRequest,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Images:
    """Where the settings keep images: once in a folder, once in S3."""
    if request.param == "folder":
        return kept_in_folder(tmp_path, settings)
    return kept_in_bucket(request.getfixturevalue("s3"), settings, monkeypatch)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs a browser: install Debian's package chromium")
    with running_browser() as started:
        yield started

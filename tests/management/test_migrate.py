"""`./manage.py migrate` beside another one, and beside those who read."""

import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from backend.management.commands import migrate
from tests.conftest import connect_as_owner

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "public", "owner"])

GROWING = "tests.management.growing"
APPLIED = "Applying growing.0001_homepages... OK"

Owner = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(autouse=True)
def not_yet_applied(owner: Owner) -> Iterator[None]:
    yield
    owner.execute("DELETE FROM django_migrations WHERE app = 'growing'")


@pytest.fixture
def reader() -> Iterator[Owner]:
    """Somebody who reads the table that is to be changed, and is not through yet."""
    with connect_as_owner() as connected:
        connected.execute("BEGIN; SELECT FROM core_homepage")
        yield connected


def start() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": f"{GROWING}.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(said: str, job: "subprocess.Popen[str]") -> None:
    assert job.stderr is not None
    assert any(said in line for line in job.stderr), f"it never said: {said}"


class TestTwoJobs:
    def test_run_one_after_the_other_and_once_the_reader_is_through(self, reader: Owner) -> None:
        first = start()
        wait_for("trying again in 2 seconds", first)
        second = start()
        wait_for("Another migration is running", second)

        reader.execute("COMMIT")
        (done, _), (nothing_left, _) = first.communicate(timeout=60), second.communicate(timeout=60)

        assert (first.returncode, second.returncode) == (0, 0)
        assert APPLIED in done
        assert "No migrations to apply" in nothing_left


class TestAJob:
    @pytest.fixture(autouse=True)
    def in_this_process(self) -> Iterator[None]:
        with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, GROWING]):
            yield

    def test_gives_up_on_a_reader_who_does_not_end(
        self, reader: Owner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "50ms")
        monkeypatch.setattr(migrate, "SECONDS_BETWEEN_TRIES", 0)
        monkeypatch.setattr(migrate, "TRIES", 2)
        err = StringIO()

        with pytest.raises(CommandError, match=r"for 50ms, 2 times.*pg_stat_activity"):
            call_command("migrate", "growing", stdout=StringIO(), stderr=err)

        assert err.getvalue().count("trying again") == 1
        assert reader.execute("SELECT pg_try_advisory_lock(%s)", [migrate.LOCK]).fetchone() == (
            True,
        )

    def test_is_refused_through_the_pool_of_transactions(self, owner: Owner) -> None:
        with pytest.raises(CommandError, match=r"through a pool.*Nothing was migrated"):
            call_command("migrate", "growing", database="default", stdout=StringIO())

        applied = owner.execute("SELECT FROM django_migrations WHERE app = 'growing'").fetchall()
        assert applied == []

    def test_shows_what_it_would_do_while_another_runs(self, owner: Owner) -> None:
        owner.execute("SELECT pg_advisory_lock(%s)", [migrate.LOCK])
        out = StringIO()

        call_command("migrate", "growing", plan=True, stdout=out)

        assert "growing.0001_homepages" in out.getvalue()

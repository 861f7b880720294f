"""deploy/pgbouncer.sh as the image runs it, before the real PostgreSQL."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from deploy.processes import run
from tests.deploy.production_pool import Pool


@pytest.fixture
def pool(direct: dict[str, Any], direct_reader: dict[str, Any]) -> Iterator[Pool]:
    pool = Pool(direct, direct_reader)
    yield pool
    shutil.rmtree(pool.folder)


@pytest.fixture
def started(pool: Pool) -> Iterator[Pool]:
    pool.start()
    yield pool
    pool.server.stop()


PASSWORDS = ["DATABASE_PASSWORD", "DATABASE_READER_PASSWORD"]


class TestReload:
    @pytest.mark.parametrize("alias", ["default", "public"])
    def test_takes_up_a_changed_password_and_keeps_who_is_connected(
        self, alias: str, started: Pool, change_password: Callable[[str, str], None]
    ) -> None:
        role, former = (settings.DATABASES[alias][name] for name in ("USER", "PASSWORD"))
        with started.connect(former, role=role) as connected:
            change_password(alias, 'chan"ged')
            started.store('chan"ged', role=role)

            done = started.reload()

            assert done.returncode == 0
            started.server.wait_until(lambda: started.accepts('chan"ged', role=role), seconds=5)
            assert not started.accepts(former, role=role)
            assert connected.execute("SELECT current_user").fetchone() == (role,)

    def test_takes_up_both_passwords(
        self, started: Pool, change_password: Callable[[str, str], None]
    ) -> None:
        changed = {"default": ("coalition_app", "one"), "public": ("coalition_reader", "two")}
        for alias, (role, password) in changed.items():
            change_password(alias, password)
            started.store(password, role=role)

        started.reload()

        started.server.wait_until(
            lambda: all(started.accepts(word, role=role) for role, word in changed.values()),
            seconds=5,
        )

    @pytest.mark.parametrize("name", PASSWORDS)
    def test_without_a_password_is_refused_and_changes_nothing(
        self, name: str, started: Pool, direct: dict[str, Any], direct_reader: dict[str, Any]
    ) -> None:
        del started.env[f"{name}_FILE"]

        done = started.reload()

        assert done.returncode == 1
        assert done.stdout.decode().startswith(f"Set {name}, or {name}_FILE")
        for each in (direct, direct_reader):
            assert started.accepts(each["PASSWORD"], role=each["USER"])


class TestRun:
    @pytest.mark.parametrize("name", ["DATABASE_HOST", *PASSWORDS])
    def test_says_what_is_missing(self, name: str, pool: Pool) -> None:
        del pool.env[name if name in pool.env else f"{name}_FILE"]

        done = run([pool.image / "pgbouncer.sh", "run"], account=pool.account, env=pool.env)

        assert done.returncode == 1
        assert done.stdout.decode().startswith(f"Set {name}")

    @pytest.mark.parametrize("name", PASSWORDS)
    def test_says_which_password_is_empty(self, name: str, pool: Pool) -> None:
        Path(pool.env[f"{name}_FILE"]).write_text("")

        done = run([pool.image / "pgbouncer.sh", "run"], account=pool.account, env=pool.env)

        assert done.returncode == 1
        assert done.stdout.decode().startswith(f"Set {name}, or {name}_FILE")

    def test_reads_passwords_from_variables_too(
        self, pool: Pool, direct: dict[str, Any], direct_reader: dict[str, Any]
    ) -> None:
        for name, role in zip(PASSWORDS, (direct, direct_reader), strict=True):
            del pool.env[f"{name}_FILE"]
            pool.env[name] = role["PASSWORD"]

        pool.start()

        for role in (direct, direct_reader):
            assert pool.accepts(role["PASSWORD"], role=role["USER"])
        pool.server.stop()

    def test_lets_nobody_else_in(self, started: Pool) -> None:
        owner = settings.DATABASES["owner"]

        assert not started.accepts(owner["PASSWORD"], role=owner["USER"])

import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import CheckMessage, run_checks
from django.db import connections, transaction

from tests.factories import make_legal_document, publish_legal_document

HINT = "Write and publish them in the admin"


def warnings(*databases: str) -> list[CheckMessage]:
    return [each for each in run_checks(databases=databases) if each.id == "coalition.W001"]


def manage(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run ./manage.py as an operator does."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.django_db(databases=["default", "public", "owner"])
class TestMissingTexts:
    @pytest.mark.parametrize(
        ("published", "missing"),
        [((), "terms, privacy"), (("terms",), "privacy"), (("privacy",), "terms")],
    )
    def test_are_named_with_how_to_mend_it(self, published: tuple[str, ...], missing: str) -> None:
        for kind in published:
            publish_legal_document(kind=kind)
        make_legal_document(kind="terms")
        make_legal_document(kind="privacy")

        (warning,) = warnings("default")

        assert warning.msg == f"Nobody can endorse until these texts are published: {missing}."
        assert str(warning.hint).startswith(HINT)

    def test_are_none_once_both_are_published(self) -> None:
        publish_legal_document(kind="terms")
        publish_legal_document(kind="privacy")

        assert warnings("default") == []

    def test_are_told_once_however_many_connections_are_checked(self) -> None:
        assert len(warnings("default", "public", "owner")) == 1

    def test_are_not_looked_for_without_a_database(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            assert "coalition.W001" not in {each.id for each in run_checks()}

    def test_are_not_looked_for_before_the_migration(self) -> None:
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("ALTER VIEW public_legaldocument RENAME TO not_yet_there")

            found = warnings("owner")
            transaction.set_rollback(True, using="owner")

        assert found == []


@pytest.mark.django_db(transaction=True)
class TestCommands:
    @pytest.mark.parametrize("database", ["default", "public", "owner"])
    def test_check_tells_of_them_where_a_database_is_named(self, database: str) -> None:
        checked = manage("check", "--database", database)

        assert checked.returncode == 0
        assert "(coalition.W001) Nobody can endorse until" in checked.stderr
        assert f"HINT: {HINT}" in checked.stderr

    def test_migrate_tells_of_them(self) -> None:
        migrated = manage("migrate")

        assert migrated.returncode == 0, migrated.stderr
        assert "coalition.W001" in migrated.stderr

    def test_check_is_content_once_they_are_published(self) -> None:
        publish_legal_document(kind="terms")
        publish_legal_document(kind="privacy")

        checked = manage("check", "--database", "default")

        assert "no issues" in checked.stdout
        assert checked.stderr == ""

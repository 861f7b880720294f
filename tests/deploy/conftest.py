from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.conf import settings
from psycopg import sql

from tests.conftest import connect_directly


def directly(alias: str) -> dict[str, Any]:
    """The database as the role of one of DATABASES, on PostgreSQL's own port: the stack's
    pgBouncer knows the first password only."""
    owner = settings.DATABASES["owner"]
    return settings.DATABASES[alias] | {"HOST": owner["HOST"], "PORT": owner["PORT"]}


@pytest.fixture
def direct() -> dict[str, Any]:
    return directly("default")


@pytest.fixture
def direct_reader() -> dict[str, Any]:
    return directly("public")


@pytest.fixture
def change_password() -> Iterator[Callable[[str, str], None]]:
    """Changes the password of a role (of "default" or "public"), until the end of the test."""
    with ExitStack() as changed:

        def change(alias: str, password: str) -> None:
            connected = changed.enter_context(connect_directly(alias))
            # A role may change its own password, but for coalition_reader's being read-only.
            connected.execute("SET default_transaction_read_only = off")
            role = sql.Identifier(settings.DATABASES[alias]["USER"])
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            connected.execute(statement.format(role, password))
            original = settings.DATABASES[alias]["PASSWORD"]
            changed.callback(connected.execute, statement.format(role, original))

        yield change

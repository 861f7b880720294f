from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from psycopg import sql

from tests.conftest import connect_directly


@pytest.fixture
def direct() -> dict[str, Any]:
    """The database as coalition_app, on PostgreSQL's own port: the stack's pgBouncer knows the
    first password only."""
    owner = settings.DATABASES["owner"]
    return settings.DATABASES["default"] | {"HOST": owner["HOST"], "PORT": owner["PORT"]}


@pytest.fixture
def change_password(direct: dict[str, Any]) -> Iterator[Callable[[str], None]]:
    """Changes coalition_app's password, until the end of the test."""
    with connect_directly("default") as connected:

        def change(password: str) -> None:
            connected.execute(sql.SQL("ALTER ROLE coalition_app PASSWORD {}").format(password))

        yield change
        change(direct["PASSWORD"])

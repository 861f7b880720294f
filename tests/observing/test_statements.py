import re
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from backend.database.libpq import fetch
from tests.conftest import connect_directly
from tests.factories import make_user
from tests.logs import json_log

CANARY = "canary-jane"
# Each session shows others of its role what it asked last.
LAST_ASKED = "SELECT query FROM pg_stat_activity WHERE pid != pg_backend_pid() AND query LIKE %s"


@pytest.mark.django_db(transaction=True)
class TestComments:
    def test_name_the_operation_and_the_request_to_postgresql(self, api: APIClient) -> None:
        api.get("/api/v1/stakeholders?bbox=-77,38,-76,39", HTTP_X_REQUEST_ID="a/b+c=d:1")
        tag = "/*operation='listStakeholders',request_id='a/b+c=d:1'*/ "

        with connect_directly("public") as reader:
            [(asked,)] = reader.execute(LAST_ASKED, [f"{tag}%"]).fetchall()

        assert "SELECT" in asked

    def test_stand_before_what_staff_ask_for_too(self, api: APIClient) -> None:
        user = make_user("administrator")
        api.force_authenticate(user)
        with CaptureQueriesContext(connection) as queries:
            api.get("/api/v1/manage", HTTP_X_REQUEST_ID="x")

        assert queries.captured_queries
        for query in queries.captured_queries:
            assert query["sql"].startswith("/*operation='getDesk',request_id='x'*/ ")

    def test_are_not_there_when_nobody_asked(self) -> None:
        with CaptureQueriesContext(connection) as queries, connection.cursor() as cursor:
            cursor.execute("SELECT %s", ["50%"])

        assert re.fullmatch("SELECT '50%'", queries.captured_queries[0]["sql"])


@pytest.mark.django_db(transaction=True)
def test_a_statement_on_a_connection_that_was_lost_raises_djangos_error() -> None:
    with connection.cursor() as cursor:
        connection.connection.close()

        with pytest.raises(OperationalError):
            cursor.execute("SELECT %s", ["which is quoted as the connection says"])

    connection.close()


@pytest.mark.django_db
class TestSlowStatements:
    @pytest.fixture(autouse=True)
    def a_short_patience(self, settings: Any) -> None:
        settings.SLOW_QUERY_MS = 20

    @pytest.mark.parametrize("way", ["fetch", "cursor"])
    def test_are_in_the_log_without_their_values(self, way: str) -> None:
        statement = "SELECT pg_sleep(0.03),\n  %s"
        with json_log() as lines, connection.cursor() as cursor:
            ask = fetch if way == "fetch" else cursor.execute
            ask(statement, [CANARY])

        [line] = lines
        assert line["statement"] == "SELECT pg_sleep(0.03), %s"
        assert line["duration_ms"] > 30
        assert CANARY not in str(line)

    def test_that_fail_are_there_too(self) -> None:
        with json_log() as lines, pytest.raises(DataError), transaction.atomic("public"):
            fetch("SELECT pg_sleep(0.03), 1 / (random() * 0)::integer")

        assert len(lines) == 1

    def test_that_are_fast_are_not(self) -> None:
        with json_log() as lines:
            fetch("SELECT 1")

        assert lines == []

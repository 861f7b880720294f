"""The database backend's short way for public reads."""

import socket

import pytest
from django.db import InternalError, OperationalError, ProgrammingError, connections

from backend.database.libpq import fetch

pytestmark = pytest.mark.django_db(transaction=True)


class TestFetch:
    def test_reads_rows_as_the_server_writes_them(self) -> None:
        assert fetch("SELECT 1, 'é%', NULL UNION ALL SELECT 2, '', ''") == [
            (b"1", "é%".encode(), None),
            (b"2", b"", b""),
        ]

    def test_reads_as_the_public(self) -> None:
        assert fetch("SELECT current_user") == [(b"coalition_reader",)]

    def test_writes_nothing(self) -> None:
        with pytest.raises(InternalError, match="read-only transaction"):
            fetch("UPDATE coalition_revision SET name = name RETURNING name")

    def test_takes_values_literally(self) -> None:
        assert fetch("SELECT %s, %s::int", ["'; DROP TABLE x; -- %s", 7]) == [
            (b"'; DROP TABLE x; -- %s", b"7")
        ]

    def test_raises_what_a_cursor_would(self) -> None:
        with pytest.raises(ProgrammingError, match="nowhere"):
            fetch("SELECT * FROM nowhere")

        assert fetch("SELECT 1") == [(b"1",)]

    def test_calls_a_lost_connection_an_outage(self) -> None:
        fetch("SELECT 1")
        public = connections["public"]
        with socket.socket(fileno=public.connection.fileno()) as its_socket:
            its_socket.shutdown(socket.SHUT_RDWR)
            its_socket.detach()

        with pytest.raises(OperationalError):
            fetch("SELECT 1")

        public.close()
        assert fetch("SELECT 1") == [(b"1",)]

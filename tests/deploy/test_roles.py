"""What the three roles may do, by statements that PostgreSQL itself accepts or refuses."""

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from psycopg import errors

from tests.conftest import connect

Connection = psycopg.Connection[tuple[Any, ...]]

ROLES = ["coalition_app", "coalition_master", "coalition_reader"]

FORBIDDEN = [
    "CREATE TABLE stray (id integer)",
    "CREATE TEMPORARY TABLE stray (id integer)",
    "CREATE SCHEMA stray",
    "CREATE FUNCTION stray() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE INDEX stray ON stakeholders_stakeholder (name)",
    "CREATE EXTENSION hstore",
    "ALTER TABLE stakeholders_stakeholder ADD COLUMN stray integer",
    "ALTER TABLE stakeholders_stakeholder DISABLE TRIGGER ALL",
    "DROP TABLE stakeholders_stakeholder",
    "TRUNCATE endorsements_endorsement",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('coalition', 'stray', now())",
    "UPDATE django_migrations SET name = 'stray'",
    "DELETE FROM django_migrations",
    "SELECT nextval('django_migrations_id_seq')",
    "SET ROLE coalition_master",
    "CREATE ROLE stray",
    "CREATE DATABASE stray",
]


def first_column(connected: Connection, query: str) -> list[Any]:
    return [value for (value,) in connected.execute(query).fetchall()]


@pytest.fixture
def app() -> Iterator[Connection]:
    """coalition_app, past the pool."""
    with connect("coalition_app", through="owner") as connected:
        yield connected


@pytest.fixture
def _later_table(owner: Connection) -> Iterator[None]:
    """A table that a migration yet to be written might create."""
    owner.execute("CREATE TABLE later (id bigserial PRIMARY KEY, name text)")
    yield
    owner.execute("DROP TABLE later")


class TestTheApplicationsRole:
    @pytest.mark.parametrize("through", ["default", "owner"])
    @pytest.mark.parametrize("statement", FORBIDDEN)
    def test_may_not(self, statement: str, through: str) -> None:
        with (
            connect("coalition_app", through=through) as app,
            pytest.raises(errors.InsufficientPrivilege),
        ):
            app.execute(statement)

    def test_may_read_the_migrations(self, app: Connection) -> None:
        names = first_column(app, "SELECT name FROM django_migrations WHERE app = 'coalition'")

        assert "0001_initial" in names

    @pytest.mark.usefixtures("_later_table")
    def test_may_use_a_table_that_a_later_migration_creates(self, app: Connection) -> None:
        app.execute("INSERT INTO later (name) VALUES ('first'), ('second')")
        app.execute("UPDATE later SET name = 'third' WHERE name = 'second'")
        app.execute("DELETE FROM later WHERE name = 'first'")

        assert first_column(app, "SELECT name FROM later") == ["third"]

    @pytest.mark.usefixtures("_later_table")
    def test_may_not_change_a_table_that_a_later_migration_creates(self, app: Connection) -> None:
        for statement in ("TRUNCATE later", "DROP TABLE later", "ALTER TABLE later ADD b text"):
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(statement)

    @pytest.mark.parametrize("statement", ["UPDATE {} SET reason = ''", "DELETE FROM {}"])
    def test_may_change_nothing_on_record(self, app: Connection, statement: str) -> None:
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute(statement.format("endorsements_transition"))

    def test_alone_may_call_what_removes_the_record_of_what_is_gone(
        self, owner: Connection
    ) -> None:
        [(function, settings, callers)] = owner.execute(
            "SELECT proname::text, proconfig, ARRAY(SELECT grantee::regrole::text"
            " FROM aclexplode(proacl) WHERE grantee <> proowner) FROM pg_proc"
            " WHERE prosecdef AND prorettype <> 'trigger'::regtype"
            " AND pronamespace = 'public'::regnamespace AND proowner = "
            "'coalition_master'::regrole"
        ).fetchall()

        assert function == "coalition_erase_transitions"
        assert settings == ["search_path=pg_catalog, pg_temp"]
        assert callers == ["coalition_app"]


@pytest.fixture
def reader() -> Iterator[Connection]:
    """coalition_reader, past the pool, no longer held to reading: any client may say so."""
    with connect("coalition_reader", through="owner") as connected:
        connected.execute("SET default_transaction_read_only = off")
        yield connected


class TestTheReadersRole:
    @pytest.mark.parametrize("statement", FORBIDDEN)
    def test_may_not_even_outside_a_read_only_transaction(
        self, statement: str, reader: Connection
    ) -> None:
        with pytest.raises(errors.InsufficientPrivilege):
            reader.execute(statement)

    @pytest.mark.usefixtures("_later_table")
    def test_may_not_read_a_table_that_a_later_migration_creates(self, reader: Connection) -> None:
        for statement in ("SELECT FROM later", "SELECT nextval('later_id_seq')"):
            with pytest.raises(errors.InsufficientPrivilege):
                reader.execute(statement)

    def test_may_not_read_the_migrations(self, reader: Connection) -> None:
        with pytest.raises(errors.InsufficientPrivilege):
            reader.execute("SELECT name FROM django_migrations")


class TestAllRoles:
    def test_have_no_powers_over_the_server(self, owner: Connection) -> None:
        roles = owner.execute(
            "SELECT rolname, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication"
            " OR rolbypassrls FROM pg_roles WHERE rolname LIKE 'coalition%' ORDER BY rolname"
        ).fetchall()

        assert roles == [(role + end, False) for role in ROLES for end in ("", "_clone")]

    def test_are_members_of_no_other_but_clones_of_the_role_they_are_for(
        self, owner: Connection
    ) -> None:
        members = owner.execute(
            "SELECT member::regrole::text, roleid::regrole::text FROM pg_auth_members"
            " WHERE member >= 16384 ORDER BY member::regrole::text"
        ).fetchall()

        assert members == [(f"{role}_clone", role) for role in ROLES]

    def test_have_a_clone_with_the_same_settings(self, owner: Connection) -> None:
        stored = owner.execute(
            "SELECT setrole::regrole::text, setconfig FROM pg_db_role_setting WHERE setrole <> 0"
        ).fetchall()
        settings_of = {role: set(settings) for role, settings in stored}

        for role in ROLES:
            assert settings_of[f"{role}_clone"] == settings_of[role] | {f"role={role}"}


class TestTheOwnersRole:
    def test_is_refused_by_the_pool(self) -> None:
        with pytest.raises(psycopg.OperationalError, match=r"password|auth|no such user"):
            connect("coalition_master", through="default")

    def test_is_let_in_directly(self, owner: Connection) -> None:
        assert first_column(owner, "SELECT current_user::text") == ["coalition_master"]

    def test_owns_every_table_of_the_application(self, owner: Connection) -> None:
        others = first_column(
            owner,
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
            " AND tableowner <> 'coalition_master'",
        )

        assert others == ["spatial_ref_sys"]  # of the extension

    def test_gives_up_soon_when_a_lock_is_taken(self, owner: Connection) -> None:
        assert first_column(owner, "SHOW lock_timeout") == ["5s"]


@pytest.mark.django_db(transaction=True)
class TestTheTimeLimits:
    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("statement_timeout", "15s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "1min"),
        ],
    )
    def test_of_the_role_hold_through_the_pool(self, setting: str, value: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SHOW {setting}")

            assert cursor.fetchone() == (value,)

    def test_end_a_statement_that_takes_longer(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '50ms'")

            with pytest.raises(OperationalError, match="statement timeout"):
                cursor.execute("SELECT pg_sleep(5)")

    def test_end_the_wait_for_a_lock(self, owner: Connection) -> None:
        with owner.transaction(), transaction.atomic(), connection.cursor() as cursor:
            owner.execute("LOCK TABLE core_homepage")
            cursor.execute("SET LOCAL lock_timeout = '50ms'")

            with pytest.raises(OperationalError, match="lock timeout"):
                cursor.execute("SELECT 1 FROM core_homepage")

    def test_end_a_transaction_that_idles(self, app: Connection) -> None:
        app.execute("BEGIN")
        app.execute("SET LOCAL idle_in_transaction_session_timeout = '50ms'")

        time.sleep(0.2)

        with pytest.raises(errors.IdleInTransactionSessionTimeout):
            app.execute("SELECT 1")


class TestTheDatabase:
    def test_has_every_extension_of_the_architecture(self, owner: Connection) -> None:
        extensions = first_column(owner, "SELECT extname::text FROM pg_extension")

        assert set(extensions) >= {
            "postgis",
            "postgis_topology",
            "fuzzystrmatch",
            "postgis_tiger_geocoder",
            "pg_trgm",
        }

    @pytest.mark.parametrize("role", ROLES)
    def test_looks_for_tables_in_public_only(self, role: str) -> None:
        with connect(role, through="owner") as connected:
            assert first_column(connected, "SHOW search_path") == ["public"]

    @pytest.mark.parametrize("table", ["state", "county", "place", "topology", "layer"])
    def test_hides_the_tables_of_its_extensions(self, app: Connection, table: str) -> None:
        with pytest.raises(errors.UndefinedTable):
            app.execute(f"SELECT 1 FROM {table}")

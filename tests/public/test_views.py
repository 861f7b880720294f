"""The public side: views, and a role that sees nothing else."""

import json
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections
from psycopg import errors, sql
from rest_framework.test import APIClient

from backend.models import PolicyCampaign, Stakeholder
from backend.public import (
    PublicCampaign,
    PublicEndorsement,
    PublicModel,
    PublicStakeholder,
    PublicTotals,
)
from tests.conftest import Connection, connect, connect_directly
from tests.factories import (
    make_block,
    make_campaign,
    make_endorsement,
    make_homepage,
    make_stakeholder,
)

pytestmark = pytest.mark.django_db(transaction=True)

MODELS = [model for model in apps.get_models() if issubclass(model, PublicModel)]
VIEWS = {model._meta.db_table for model in MODELS}


@pytest.fixture
def reader() -> Iterator[Connection]:
    """coalition_reader, past the pool."""
    with connect_directly("public") as connected:
        yield connected


def relations_with(connected: Connection, privileges: str) -> set[str]:
    """The tables and views, but those of extensions, on which the role has a privilege."""
    is_of_tables = "DELETE" in privileges
    function = "has_table_privilege" if is_of_tables else "has_any_column_privilege"
    rows = connected.execute(
        f"SELECT relname::text FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
        f"WHERE relkind IN ('r', 'v', 'm', 'p', 'f') AND {function}(pg_class.oid, %s) "
        f"AND nspname NOT IN ('pg_catalog', 'information_schema') AND NOT EXISTS ("
        f"    SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass "
        f"    AND objid = pg_class.oid AND deptype = 'e'"
        f")",
        [privileges],
    ).fetchall()
    return {name for (name,) in rows}


class TestViews:
    @pytest.mark.parametrize("model", MODELS)
    def test_are_defined_as_their_models_say(
        self, model: type[PublicModel], owner: Connection
    ) -> None:
        name = model._meta.db_table
        with owner.transaction(force_rollback=True):
            owner.execute(f"CREATE VIEW as_declared AS {model.definition}".encode())
            declared, stored = (
                owner.execute("SELECT pg_get_viewdef(%s::regclass)", [each]).fetchone()
                for each in ("as_declared", name)
            )

        assert declared == stored

    @pytest.mark.parametrize("model", MODELS)
    def test_have_the_columns_of_their_models_and_no_other(
        self, model: type[PublicModel], owner: Connection
    ) -> None:
        columns = owner.execute(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
            [model._meta.db_table],
        ).fetchall()

        assert {name for (name,) in columns} == {
            field.column for field in model._meta.concrete_fields
        }

    def test_have_no_private_column(self) -> None:
        columns = {field.name for model in MODELS for field in model._meta.get_fields()}

        assert not columns & {"email", "public_location", "is_public", "status", "deleted_at"}


class TestReadersRole:
    def test_reads_the_views_and_the_revisions_and_nothing_else(self, reader: Connection) -> None:
        assert relations_with(reader, "SELECT") == VIEWS | {"coalition_revision"}

    def test_writes_nothing(self, reader: Connection) -> None:
        assert relations_with(reader, "INSERT, UPDATE, REFERENCES") == set()
        assert relations_with(reader, "DELETE, TRUNCATE, TRIGGER") == set()

    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT email FROM stakeholders_stakeholder",
            "SELECT 1 FROM endorsements_endorsement",
            "SELECT 1 FROM auth_user",
            "SELECT 1 FROM django_session",
            "CREATE TEMPORARY TABLE stray (id integer)",
            "SELECT coalition_revise('public_homepage')",
            "SET ROLE coalition_app",
        ],
    )
    @pytest.mark.parametrize("through", ["default", "owner"])
    def test_may_not(self, statement: str, through: str) -> None:
        refused = (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction)
        with connect("coalition_reader", through=through) as reader, pytest.raises(refused):
            reader.execute(statement.encode())

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("statement_timeout", "3s"),
            ("lock_timeout", "3s"),
            ("idle_in_transaction_session_timeout", "1min"),
            ("default_transaction_read_only", "on"),
        ],
    )
    def test_has_limits_that_hold_through_the_pool(self, setting: str, value: str) -> None:
        with connections["public"].cursor() as cursor:
            cursor.execute(f"SHOW {setting}")

            assert cursor.fetchone() == (value,)


class TestApplicationsRole:
    def test_may_read_the_views_and_not_write_them(self) -> None:
        with connect_directly("default") as app:
            assert relations_with(app, "SELECT") >= VIEWS
            assert not relations_with(app, "INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER") & VIEWS


class TestModels:
    def test_are_read_as_the_public(self) -> None:
        assert PublicStakeholder.objects.all().db == "public"
        assert settings.DATABASES["public"]["USER"] == "coalition_reader"

    def test_cannot_be_written(self) -> None:
        make_stakeholder()
        stakeholder = PublicStakeholder.objects.get()

        for write in (
            stakeholder.save,
            stakeholder.delete,
            PublicStakeholder.objects.all().delete,
            lambda: PublicStakeholder.objects.update(name="New"),
            lambda: PublicStakeholder.objects.create(name="New"),
        ):
            with pytest.raises(TypeError, match="change those"):
                write()


class TestRows:
    def test_of_an_endorser_who_is_not_listed_are_named_and_not_on_the_map(self) -> None:
        make_endorsement(stakeholder=make_stakeholder(name="Ann", is_public=False))

        assert PublicEndorsement.objects.get().name == "Ann"
        assert not PublicStakeholder.objects.exists()

    def test_go_with_the_campaign_that_is_hidden(self) -> None:
        make_endorsement()

        PolicyCampaign.objects.update(active=False)

        assert not PublicCampaign.objects.exists()
        assert not PublicEndorsement.objects.exists()
        assert PublicTotals.objects.get().endorsements == 0

    def test_are_counted(self) -> None:
        campaign, other = make_campaign(), make_campaign()
        make_endorsement(campaign=campaign)
        make_endorsement(campaign=campaign, stakeholder=make_stakeholder(is_public=False))
        make_endorsement(campaign=other, status="pending")
        make_endorsement(campaign=make_campaign(active=False))

        totals = PublicTotals.objects.get()

        assert (totals.campaigns, totals.endorsements, totals.stakeholders) == (2, 2, 3)


@pytest.fixture
def _tables_out_of_reach(owner: Connection) -> Iterator[None]:
    """SELECT on every table is taken from coalition_app."""
    tables = [
        sql.Identifier(name)
        for (name,) in owner.execute(
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' "
            "AND relowner = 'coalition_master'::regrole "
            "AND has_table_privilege('coalition_app', oid, 'SELECT')"
        ).fetchall()
    ]
    names = sql.SQL(", ").join(tables)
    owner.execute(sql.SQL("REVOKE SELECT ON {} FROM coalition_app").format(names))
    yield
    owner.execute(sql.SQL("GRANT SELECT ON {} TO coalition_app").format(names))


class TestWholePublicApi:
    def test_answers_with_every_table_out_of_the_applications_reach(
        self, api: APIClient, request: pytest.FixtureRequest
    ) -> None:
        make_block(homepage=make_homepage(is_active=True))
        campaign = make_endorsement(campaign=make_campaign(slug="clean-water")).campaign
        stakeholder = Stakeholder.objects.get()
        request.getfixturevalue("_tables_out_of_reach")

        for path in (
            "",
            "/homepage",
            "/campaigns",
            f"/campaigns/{campaign.slug}",
            f"/campaigns/{campaign.slug}/endorsements",
            "/stakeholders",
            f"/stakeholders?campaign={campaign.slug}&near=-76.49,38.97&search=stake",
            "/stakeholders?bbox=-180,-90,180,90&ordering=name",
            f"/stakeholders/{stakeholder.pk}",
            "/stakeholders.geojson",
            "/schema",
        ):
            response = api.get(f"/api/v1{path}")
            assert response.status_code == 200, path
        found = api.post("/api/v1/stakeholders/search", {"search": "stake"}, format="json")
        assert json.loads(found.content)["numberReturned"] == 1
        assert api.get("/health/ready").status_code == 200

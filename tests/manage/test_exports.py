"""Tables that staff take away: what is in them, for whom, and what is put on record."""

import csv
import io
import json
from datetime import datetime
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.db import connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from backend.models import Export, Stakeholder
from backend.rendering.formulas import FORMULA_STARTS
from tests.factories import make_campaign, make_endorsement, make_stakeholder
from tests.manage.conftest import Staff

pytestmark = pytest.mark.django_db

EXPORTS = "/api/v1/manage/exports"
TABLES = ["stakeholders", "endorsements"]

# What nobody but an administrator may take away: an address, and digits of an exact location.
CANARY = "canary@secret.example"
SECRET_POINT = Point(-76.487654, 38.965432, srid=4326)
SECRETS = ["canary", "76.4876", "38.9654"]


def body_of(response: Any) -> str:
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content).decode()


def csv_of(response: Any) -> list[dict[str, str]]:
    text = body_of(response).removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def exported(client: Any, path: str) -> list[dict[str, Any]]:
    response = client.get(f"{EXPORTS}/{path}")
    if ".csv" in path:
        return csv_of(response)
    rows: list[dict[str, Any]] = json.loads(body_of(response))
    return rows


def make_secret() -> Stakeholder:
    stakeholder = make_stakeholder(email=CANARY, location=SECRET_POINT, type="individual")
    make_endorsement(stakeholder=stakeholder)
    return stakeholder


class TestCsv:
    def test_is_a_table_that_spreadsheets_open(self, staff: Staff) -> None:
        ann = make_stakeholder(name="Ann Åkerlund", county="St. Mary's", location=None)

        response = staff("administrator").get(f"{EXPORTS}/stakeholders.csv")

        text = body_of(response)
        assert response["Content-Type"] == "text/csv"
        assert response["Cache-Control"] == "no-store"
        assert 'attachment; filename="stakeholders-2' in response["Content-Disposition"]
        header, row, end = text.split("\r\n")
        assert header == (
            "\ufeffid,name,organization,role,email,type,state,county,longitude,latitude,"
            "public_longitude,public_latitude,is_public,email_updates,created_at,updated_at"
        )
        assert row.startswith(
            f'{ann.pk},"Ann Åkerlund","","","{ann.email}",business,MD,"St. Mary\'s",,,,,yes,no,20'
        )
        assert end == ""

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=8))
    @example(
        ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "\uff1d1", "'=1", "''=", "'", ""]
    )
    @example(['"', '""', "a,b", "a;b", "a\r\nb", " =1", "%s", "\\", "\u2028", "🦪"])
    def test_gives_back_every_text_and_begins_no_formula(
        self, staff: Staff, texts: list[str]
    ) -> None:
        texts = [text.replace("\0", "") for text in texts]
        with transaction.atomic():
            client = staff("administrator")
            for text in texts:
                make_stakeholder(organization=text)

            rows = exported(client, "stakeholders.csv")
            transaction.set_rollback(True)

        cells = [row["organization"] for row in rows]
        assert not [cell for cell in cells if cell.startswith(tuple(FORMULA_STARTS))]
        assert [unguarded(cell) for cell in cells] == texts
        assert all(cell in (text, f"'{text}") for cell, text in zip(cells, texts, strict=True))

    def test_writes_numbers_as_numbers(self, staff: Staff) -> None:
        make_stakeholder(location=Point(-76.5, 38.25, srid=4326))

        text = body_of(staff("administrator").get(f"{EXPORTS}/stakeholders.csv"))

        assert ",-76.5,38.25," in text


def unguarded(cell: str) -> str:
    is_guarded = cell.startswith("'") and cell.lstrip("'").startswith(tuple(FORMULA_STARTS))
    return cell[1:] if is_guarded else cell


class TestJson:
    def test_has_the_values_of_each_row(self, staff: Staff) -> None:
        ann = make_stakeholder(name='=Ann "A"\n', location=None, email_updates=True)
        bob = make_stakeholder(location=SECRET_POINT)

        response = staff("administrator").get(f"{EXPORTS}/stakeholders.json")

        assert response["Content-Type"] == "application/json"
        first, second = json.loads(body_of(response))
        assert first == {
            "id": ann.pk,
            "name": '=Ann "A"\n',
            "organization": "",
            "role": "",
            "email": ann.email,
            "type": "business",
            "state": "MD",
            "county": "Anne Arundel",
            "longitude": None,
            "latitude": None,
            "public_longitude": None,
            "public_latitude": None,
            "is_public": True,
            "email_updates": True,
            "created_at": first["created_at"],
            "updated_at": first["updated_at"],
        }
        assert datetime.fromisoformat(first["created_at"]) == ann.created_at
        assert first["created_at"].endswith("Z")
        assert (second["id"], second["longitude"], second["latitude"]) == (bob.pk, *SECRET_POINT)


@pytest.mark.parametrize("form", ["csv", "json"])
class TestEndorsements:
    def test_stand_beside_who_endorses_what(self, staff: Staff, form: str) -> None:
        campaign = make_campaign(title="Reefs, restored", slug="reefs")
        ann = make_stakeholder(name="Ann")
        given = make_endorsement(stakeholder=ann, campaign=campaign, statement="=\r\n,;")

        (row,) = exported(staff("moderator"), f"endorsements.{form}")

        assert {name: str(value) for name, value in row.items() if name in SHOWN} == {
            "id": str(given.pk),
            "campaign_id": str(campaign.pk),
            "campaign_slug": "reefs",
            "campaign_title": "Reefs, restored",
            "status": "approved",
            "statement": ("'" if form == "csv" else "") + "=\r\n,;",
            "stakeholder_id": str(ann.pk),
            "name": "Ann",
        }


SHOWN = {"id", "campaign_id", "campaign_slug", "campaign_title", "status", "statement"}
SHOWN |= {"stakeholder_id", "name"}


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize("table", TABLES)
class TestTable:
    def test_has_private_details_for_administrators_alone(
        self, staff: Staff, table: str, form: str
    ) -> None:
        make_secret()
        path = f"{EXPORTS}/{table}.{form}"

        theirs, others = (
            body_of(staff(group).get(path)) for group in ("administrator", "moderator")
        )

        assert all(secret in theirs for secret in SECRETS)
        assert not [secret for secret in SECRETS if secret in others]
        assert "public_longitude" in others

    def test_has_every_live_row_once(self, staff: Staff, table: str, form: str) -> None:
        for _ in range(3):
            make_endorsement()
        deleted = make_endorsement()
        deleted.stakeholder.delete()

        rows = exported(staff("administrator"), f"{table}.{form}")

        assert len(rows) == len({row["id"] for row in rows}) == 3

    def test_may_be_empty(self, staff: Staff, table: str, form: str) -> None:
        assert exported(staff("moderator"), f"{table}.{form}") == []

    def test_costs_as_many_queries_however_many_rows(
        self,
        staff: Staff,
        django_assert_num_queries: DjangoAssertNumQueries,
        table: str,
        form: str,
    ) -> None:
        client = staff("administrator")
        for _ in range(3):
            make_endorsement()

        # The token, the tokens that have ended, two for the rights; the record; the table, within
        # a savepoint; and its end on record.
        with django_assert_num_queries(9):
            exported(client, f"{table}.{form}")

    def test_is_on_record_before_the_first_byte_and_again_at_the_end(
        self, staff: Staff, table: str, form: str
    ) -> None:
        make_endorsement()
        client: Any = staff("moderator")

        response = client.get(f"{EXPORTS}/{table}.{form}?state=MD,VA&search=canary")
        begun = Export.objects.get()
        body_of(response)

        assert (begun.resource, begun.format, begun.by) == (table, form, client.user)
        assert begun.filters == {"state": "MD,VA", "search": True}
        assert (begun.rows, begun.finished_at) == (None, None)
        assert not begun.has_private_details
        begun.refresh_from_db()
        assert begun.rows == 0
        assert begun.finished_at is not None

    def test_says_by_head_what_it_would_be_and_leaves_no_record(
        self, staff: Staff, table: str, form: str
    ) -> None:
        response = staff("moderator").head(f"{EXPORTS}/{table}.{form}")

        assert response.status_code == 200
        assert f".{form}" in response["Content-Disposition"]
        assert not Export.objects.exists()

    def test_names_what_cannot_be_asked(self, staff: Staff, table: str, form: str) -> None:
        client = staff("moderator")

        response = client.get(f"{EXPORTS}/{table}.{form}?limit=3&state=XX")

        assert response.status_code == 400
        assert response["Content-Type"] == "application/problem+json"
        assert {each["parameter"] for each in response.json()["errors"]} == {"limit", "state"}
        assert not Export.objects.exists()


class TestFilter:
    @pytest.mark.parametrize(
        ("table", "query", "names"),
        [
            ("stakeholders", "type=farmer", ["Ann"]),
            ("stakeholders", "state=VA", ["Bob"]),
            ("stakeholders", "is_public=false", ["Bob"]),
            ("stakeholders", "search=ann", ["Ann"]),
            ("endorsements", "status=approved", ["Ann"]),
            ("endorsements", "status=waiting", ["Bob"]),
            ("endorsements", "type=farmer,waterman", ["Ann"]),
            ("endorsements", "state=VA", ["Bob"]),
            ("endorsements", "search=bob", ["Bob"]),
            ("endorsements", "flag=links", []),
        ],
    )
    def test_is_that_of_the_list(
        self, staff: Staff, table: str, query: str, names: list[str]
    ) -> None:
        ann = make_stakeholder(name="Ann", type="farmer", email="a@example.org")
        bob = make_stakeholder(name="Bob", state="VA", is_public=False, email="b@example.org")
        make_endorsement(stakeholder=ann)
        make_endorsement(stakeholder=bob, status="pending")

        rows = exported(staff("moderator"), f"{table}.csv?{query}")

        assert [row["name"] for row in rows] == names

    def test_may_be_a_campaign(self, staff: Staff) -> None:
        make_endorsement()
        wanted = make_endorsement()

        rows = exported(staff("moderator"), f"endorsements.json?campaign={wanted.campaign.pk}")

        assert [row["id"] for row in rows] == [wanted.pk]


class TestRecord:
    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM coalition_export",
            "UPDATE coalition_export SET filters = '{}'",
            "DELETE FROM coalition_import",
            "UPDATE coalition_import SET created = 0",
        ],
    )
    def test_can_be_neither_changed_nor_removed(self, statement: str) -> None:
        with (
            pytest.raises(Exception, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

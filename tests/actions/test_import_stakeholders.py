"""What an import makes of a file's rows, line by line."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Any

import psycopg
import pytest
from django.contrib.gis.geos import Point
from django.db import connection

from backend.actions.import_stakeholders import Report, UnusableTableError, import_stakeholders
from backend.models import Stakeholder
from tests.factories import ANNAPOLIS, make_stakeholder

pytestmark = pytest.mark.django_db

REQUIRED = "name,email,state,type"
Owner = psycopg.Connection[tuple[Any, ...]]
ANN = "Ann,ann@example.org,MD,farmer"
BAD = "Bad,bad@example.org,XX,farmer"


def import_text(text: str, *, dry_run: bool = False, **columns: str) -> Report:
    lines = text.splitlines(keepends=True)
    return import_stakeholders(lines=lines, columns=columns, by=None, dry_run=dry_run)


def import_rows(*lines: str, dry_run: bool = False, **columns: str) -> Report:
    return import_text("".join(f"{line}\n" for line in lines), dry_run=dry_run, **columns)


def figures(report: Report) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, len(report.rejected)


@contextmanager
def before_query(part: str, act: Callable[[], None], *, number: int = 1) -> Iterator[None]:
    """Do something before the first query with this part, or before a later one."""
    numbers = count(1)

    def execute(execute: Any, sql: str, *arguments: Any) -> Any:
        if part in sql and next(numbers) == number:
            act()
        return execute(sql, *arguments)

    with connection.execute_wrapper(execute):
        yield


def before_insert(act: Callable[[], None]) -> AbstractContextManager[None]:
    """Do something when the stored rows have been read and none is written yet."""
    return before_query("INSERT", act)


def before_lock(act: Callable[[], None]) -> AbstractContextManager[None]:
    """Do something when the stored rows have been found and none is locked yet."""
    return before_query("FOR NO KEY UPDATE", act)


def reasons_of(report: Report) -> list[str]:
    """Why the first of the rejected rows is."""
    return list(map(str, report.rejected[0].reasons))


def reasons_for(**cells: str) -> str:
    """Why a row with these cells, and else Ann's, is rejected; empty if it is not."""
    row = {"name": "Ann", "email": "ann@example.org", "state": "MD", "type": "farmer"} | cells
    report = import_rows(",".join(row), ",".join(row.values()))
    return " ".join(str(reason) for rejection in report.rejected for reason in rejection.reasons)


class TestNewRow:
    def test_becomes_a_stakeholder_with_every_field(self) -> None:
        import_rows(
            "name,organization,role,email,state,county,type,longitude,latitude,is_public",
            "Ann,Ann's Farm,Owner,ann@example.org,MD,Kent,farmer,-76.49,38.97,yes",
        )

        ann = Stakeholder.objects.get()
        assert (ann.name, ann.organization, ann.role) == ("Ann", "Ann's Farm", "Owner")
        assert (ann.email, ann.state, ann.county) == ("ann@example.org", "MD", "Kent")
        assert (ann.type, ann.location, ann.is_public) == ("farmer", ANNAPOLIS, True)

    def test_needs_only_the_required_columns(self) -> None:
        import_rows(REQUIRED, ANN)

        ann = Stakeholder.objects.get()
        assert (ann.organization, ann.role, ann.county) == ("", "", "")
        assert ann.location is None

    @pytest.mark.parametrize("space", [" ", "\t", "\N{NO-BREAK SPACE}", "\N{EM SPACE}"])
    def test_loses_the_white_space_around_its_cells_but_not_within(self, space: str) -> None:
        import_rows(REQUIRED, f"{space}Ann  Lee{space},ann@example.org{space},MD,farmer")

        assert Stakeholder.objects.get().name == "Ann  Lee"

    @pytest.mark.parametrize("state", ["MD", "md", "Maryland", "maryland", "MARYLAND"])
    def test_names_its_state_by_code_or_in_full(self, state: str) -> None:
        import_rows(REQUIRED, f"Ann,ann@example.org,{state},farmer")

        assert Stakeholder.objects.get().state == "MD"

    def test_writes_email_and_type_in_upper_or_lower_case(self) -> None:
        import_rows(REQUIRED, "Ann,Ann@Example.ORG,MD,FARMER")

        ann = Stakeholder.objects.get()
        assert (ann.email, ann.type) == ("ann@example.org", "farmer")

    @pytest.mark.parametrize(
        ("cell", "is_public"),
        [("yes", True), ("True", True), ("1", True), ("NO", False), ("false", False), ("0", False)],
    )
    def test_says_whether_it_is_public(self, cell: str, is_public: bool) -> None:
        import_rows(f"{REQUIRED},is_public", f"{ANN},{cell}")

        assert Stakeholder.objects.get().is_public is is_public

    def test_is_not_public_unless_it_says_so(self) -> None:
        import_rows(f"{REQUIRED},is_public", f"{ANN},")

        assert not Stakeholder.objects.get().is_public

    def test_has_no_location_if_both_coordinates_are_blank(self) -> None:
        import_rows(f"{REQUIRED},longitude,latitude", f"{ANN}, ,")

        assert Stakeholder.objects.get().location is None

    def test_is_made_beside_a_deleted_stakeholder_with_its_email(self) -> None:
        deleted = make_stakeholder(email="ann@example.org", name="Ann of old")
        deleted.delete()

        report = import_rows(REQUIRED, ANN)

        assert figures(report) == (1, 0, 0, 0)
        assert Stakeholder.all_objects.get(pk=deleted.pk).name == "Ann of old"


class TestKnownRow:
    def test_is_updated_by_email_in_upper_or_lower_case(self) -> None:
        ann = make_stakeholder(email="ann@example.org")

        report = import_rows(REQUIRED, "Ann Lee,ANN@example.org,VA,waterman")

        before = (ann.created_at, ann.updated_at)
        ann.refresh_from_db()
        assert figures(report) == (0, 1, 0, 0)
        assert (ann.name, ann.state, ann.type) == ("Ann Lee", "VA", "waterman")
        assert ann.created_at == before[0]
        assert ann.updated_at > before[1]

    def test_keeps_what_the_file_has_no_column_for(self) -> None:
        ann = make_stakeholder(
            email="ann@example.org", organization="Ann's Farm", role="Owner", county="Kent"
        )

        import_rows(REQUIRED, ANN)

        ann.refresh_from_db()
        assert (ann.organization, ann.role, ann.county) == ("Ann's Farm", "Owner", "Kent")
        assert (ann.location, ann.is_public) == (ANNAPOLIS, True)

    def test_is_cleared_by_blank_cells(self) -> None:
        ann = make_stakeholder(email="ann@example.org", organization="Ann's Farm")

        import_rows(f"{REQUIRED},organization,longitude,latitude", f"{ANN},,,")

        ann.refresh_from_db()
        assert (ann.organization, ann.location) == ("", None)

    def test_stays_public_if_the_cell_is_blank(self) -> None:
        ann = make_stakeholder(email="ann@example.org", is_public=True)

        import_rows(f"{REQUIRED},is_public", f"{ANN},")

        ann.refresh_from_db()
        assert ann.is_public

    def test_moves_with_its_coordinates(self) -> None:
        ann = make_stakeholder(email="ann@example.org", type="farmer")

        import_rows(f"{REQUIRED},longitude,latitude", f"{ANN},-76.5,39")

        ann.refresh_from_db()
        assert ann.location == ann.public_location == Point(-76.5, 39, srid=4326)

    def test_is_not_written_if_nothing_differs(self) -> None:
        header = f"{REQUIRED},longitude,latitude,is_public"
        row = f"{ANN},-76.48970000000001,1e-7,yes"
        import_rows(header, row)
        before = Stakeholder.objects.values().get()

        report = import_rows(header, row)

        assert figures(report) == (0, 0, 1, 0)
        assert Stakeholder.objects.values().get() == before


class TestBadRow:
    def test_stops_no_other(self) -> None:
        report = import_rows(REQUIRED, "Bob,bob@example.org,XX,farmer", ANN)

        assert figures(report) == (1, 0, 0, 1)
        assert Stakeholder.objects.get().name == "Ann"

    def test_is_reported_with_its_line_and_cells(self) -> None:
        report = import_rows(REQUIRED, ANN, " Bob ,bob@example.org,XX,farmer")

        (rejection,) = report.rejected
        assert rejection.row.line == 3
        assert rejection.row.cells == [" Bob ", "bob@example.org", "XX", "farmer"]

    def test_is_told_all_that_is_wrong(self) -> None:
        cells = {"name": "", "email": "ann", "state": "", "type": "cow", "is_public": "perhaps"}
        reasons = reasons_for(**cells, longitude="-200", latitude="138.9")

        assert "name: This field cannot be blank." in reasons
        assert "email: Enter a valid email address." in reasons
        assert "state: This field cannot be blank." in reasons
        assert "type: Value 'cow' is not a valid choice." in reasons
        assert "is_public: 'perhaps' is neither yes nor no." in reasons
        assert "Longitude -200.0 is out of range (-180 to 180)." in reasons
        assert "Latitude 138.9 is out of range (-90 to 90)." in reasons

    @pytest.mark.parametrize(
        ("field", "length"),
        [("name", 200), ("organization", 200), ("role", 100), ("county", 100)],
    )
    def test_is_longer_than_the_model_allows(self, field: str, length: int) -> None:
        assert not reasons_for(**{field: "é" * length})
        assert f"{field}: Ensure this value" in reasons_for(**{field: "é" * (length + 1)})

    @pytest.mark.parametrize(
        "number",
        ["1_0", "nan", "inf", "-Infinity", "٣٨", "38.9°", "0x1p3", "1e", ".", ",", "38 9", "1,2,3"],
    )
    def test_has_a_coordinate_that_is_not_a_plain_number(self, number: str) -> None:
        report = import_rows(f"{REQUIRED},longitude,latitude", f'{ANN},-76,"{number}"')

        assert reasons_of(report) == [f"latitude: {number!r} is not a number."]

    @pytest.mark.parametrize("number", ["38", "+38.", ".5", "-0", "3.8e1", "0000038"])
    def test_is_not_one_with_another_spelling_of_a_number(self, number: str) -> None:
        assert not reasons_for(longitude="-76", latitude=number)

    @pytest.mark.parametrize("delimiter", [";", "\t"])
    def test_is_not_one_with_decimal_commas(self, delimiter: str) -> None:
        header = ["name", "email", "state", "type", "longitude", "latitude"]
        ann = [*ANN.split(","), "-76,49", "38,97"]

        import_rows(delimiter.join(header), delimiter.join(ann))

        assert Stakeholder.objects.get().location == ANNAPOLIS

    def test_has_a_coordinate_too_large_to_be_finite(self) -> None:
        assert "must be finite" in reasons_for(longitude="1e400", latitude="38")

    @pytest.mark.parametrize(("longitude", "latitude"), [("180", "90"), ("-180", "-90")])
    def test_is_not_one_on_the_edge_of_the_world(self, longitude: str, latitude: str) -> None:
        assert not reasons_for(longitude=longitude, latitude=latitude)

    def test_has_one_coordinate_of_two(self) -> None:
        assert reasons_for(longitude="", latitude="38") == "longitude: It is missing."
        assert reasons_for(longitude="-76", latitude="") == "latitude: It is missing."

    @pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x85", "\u2028"])
    @pytest.mark.parametrize("field", ["name", "email", "state", "type", "longitude", "is_public"])
    def test_has_a_control_character(self, field: str, character: str) -> None:
        row = {"name": "Ann", "email": "ann@example.org", "state": "MD", "type": "farmer"}
        row |= {"longitude": "-76", "latitude": "38", "is_public": "no"}
        row[field] += f"{character}x"

        report = import_stakeholders(
            lines=[",".join(row) + "\n", ",".join(row.values()) + "\n"], columns={}, by=None
        )

        reason = f"{field}: It contains a control character (U+{ord(character):04X})."
        assert reason in reasons_of(report)

    @pytest.mark.parametrize(("row", "cells"), [("Bob,bob@example.org,MD", 3), (f"{ANN},", 5)])
    def test_has_too_few_or_too_many_cells(self, row: str, cells: int) -> None:
        report = import_rows(REQUIRED, row)

        assert reasons_of(report) == [f"It has {cells} cells, the header 4."]

    def test_repeats_an_email(self) -> None:
        report = import_rows(REQUIRED, ANN, "Bob,ANN@example.org,MD,farmer")

        assert report.rejected[0].row.line == 3
        assert reasons_of(report) == ["email: Line 2 has it already."]
        assert Stakeholder.objects.get().name == "Ann"

    def test_keeps_its_email_for_a_later_row_that_is_good(self) -> None:
        report = import_rows(REQUIRED, "Ann,ann@example.org,XX,farmer", ANN)

        assert figures(report) == (1, 0, 0, 1)

    @pytest.mark.parametrize(
        "cell",
        [
            "'; DROP TABLE stakeholders_stakeholder; --",
            "=HYPERLINK(0)",
            "%s %(name)s {0} \\ \\0",
            "\N{RIGHT-TO-LEFT OVERRIDE}mary",
            "\N{ZERO WIDTH JOINER}",
            "👩\N{ZERO WIDTH JOINER}🌾",
            "\uffff",
            "NULL",
            "None",
            "<script>",
            "e\N{COMBINING ACUTE ACCENT}",
            "İ",
        ],
    )
    def test_is_not_one_with_an_unusual_name(self, cell: str) -> None:
        import_rows(f"{REQUIRED},county", f"{cell},ann@example.org,MD,farmer,{cell}")

        ann = Stakeholder.objects.get()
        assert (ann.name, ann.county) == (cell, cell)


class TestLines:
    def test_are_numbered_where_a_row_begins(self) -> None:
        report = import_rows(
            "name,email,state,type,notes",
            'Ann,ann@example.org,MD,farmer,"one\n\ntwo"',
            'Bob,bob@example.org,XX,farmer,"one\ntwo"',
            "",
            ",,,,",
            "Cy,cy@example.org,XX,farmer,",
        )

        assert [rejection.row.line for rejection in report.rejected] == [5, 9]
        assert report.rows == 3  # a blank row is none

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_end_as_on_any_system(self, end: str) -> None:
        report = import_text(end.join([REQUIRED, ANN, "Bob,bob@example.org,XX,farmer"]))

        assert figures(report) == (1, 0, 0, 1)
        assert report.rejected[0].row.line == 3

    def test_may_have_quoted_cells(self) -> None:
        import_rows(REQUIRED, '"Ann ""the Farmer"", Lee","ann@example.org",MD,farmer')

        assert Stakeholder.objects.get().name == 'Ann "the Farmer", Lee'

    @pytest.mark.parametrize("bad", ['"Bob,bob@example.org,MD,farmer', '"Bob" B,b@e.org,MD,farmer'])
    @pytest.mark.parametrize("after", [ANN, '"Ann",ann@example.org,MD,farmer'])
    def test_with_a_stray_quotation_mark_do_not_swallow_the_next(
        self, bad: str, after: str
    ) -> None:
        report = import_rows(REQUIRED, bad, after)

        assert figures(report) == (1, 0, 0, 1)
        assert report.rejected[0].row.line == 2
        assert report.rejected[0].row.cells == bad.split(",")
        assert "quotation marks" in reasons_of(report)[0]
        assert Stakeholder.objects.get().name == "Ann"

    def test_that_all_leave_quotes_open_are_rejected_in_time_that_grows_with_their_number(
        self,
    ) -> None:
        # Each closes what the one before it left open, so that they could be one row to the end.
        open_ended = ['a","x'] * 2_000

        report = import_rows(REQUIRED, *open_ended, ANN)

        assert figures(report) == (1, 0, 0, 2_000)
        assert "more than 50 lines" in reasons_of(report)[0]

    def test_of_a_huge_cell_are_rejected(self) -> None:
        report = import_rows(REQUIRED, f"{'B' * 200_000},bob@example.org,MD,farmer", ANN)

        assert figures(report) == (1, 0, 0, 1)


class TestHeader:
    def test_may_name_its_columns_in_upper_case_and_in_any_order(self) -> None:
        import_rows(" TYPE ,State,Email,Name", "farmer,MD,ann@example.org,Ann")

        assert Stakeholder.objects.get().name == "Ann"

    def test_may_have_columns_that_are_ignored(self) -> None:
        report = import_rows(f"{REQUIRED},Notes,,Phone", f"{ANN},a,b,c")

        assert report.created == 1
        assert report.columns.ignored == ["Notes", "Phone"]

    @pytest.mark.parametrize("field", ["name", "email", "state", "type"])
    def test_lacks_a_required_column(self, field: str) -> None:
        header = REQUIRED.replace(field, "other")

        with pytest.raises(UnusableTableError, match=f"no column {field}. The columns are "):
            import_rows(header, ANN)

    def test_lacks_one_coordinate_of_two(self) -> None:
        with pytest.raises(UnusableTableError, match="no column latitude"):
            import_rows(f"{REQUIRED},longitude", f"{ANN},-76")

    def test_has_two_columns_for_a_field(self) -> None:
        with pytest.raises(UnusableTableError, match="Two columns are called 'name'"):
            import_rows(f"{REQUIRED},Name", f"{ANN},Bob")

    def test_cannot_be_read(self) -> None:
        with pytest.raises(UnusableTableError, match="quotation marks"):
            import_rows(f'"{REQUIRED}', ANN)

    @pytest.mark.parametrize("text", ["", "\n\n", " \n"])
    def test_is_missing(self, text: str) -> None:
        with pytest.raises(UnusableTableError, match="The file is empty"):
            import_text(text)

    @pytest.mark.parametrize("rows", [(), ("", ",,,")])
    def test_is_not_all_there_may_be(self, rows: tuple[str, ...]) -> None:
        with pytest.raises(UnusableTableError, match="a header alone"):
            import_rows(REQUIRED, *rows)


class TestDelimiter:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_is_that_of_the_header(self, delimiter: str) -> None:
        report = import_rows(
            "", delimiter.join(["name", "email", "state", "type"]), ANN.replace(",", delimiter)
        )

        assert figures(report) == (1, 0, 0, 0)

    @pytest.mark.parametrize(
        "header", ['"a,b,c,d,e";name;email;state;type', '"a ""b"", c,,,";name;email;state;type']
    )
    def test_is_not_what_a_quoted_name_has(self, header: str) -> None:
        report = import_rows(header, f";{ANN}".replace(",", ";"))

        assert figures(report) == (1, 0, 0, 0)

    def test_is_not_what_the_rows_have(self) -> None:
        import_rows(REQUIRED, "Ann;;;;;;,ann@example.org,MD,farmer")

        assert Stakeholder.objects.get().name == "Ann;;;;;;"

    def test_parts_the_cells_of_a_row_that_is_not_csv(self) -> None:
        report = import_rows(REQUIRED.replace(",", ";"), '"Bob;bob@example.org;MD;farmer')

        assert report.rejected[0].row.cells == ['"Bob', "bob@example.org", "MD", "farmer"]


class TestPublication:
    def test_is_missed_where_nothing_says_that_somebody_agreed(self) -> None:
        make_stakeholder(email="known@example.org", is_public=False)
        make_stakeholder(email="same@example.org", is_public=False, name="S", type="farmer")
        make_stakeholder(email="shown@example.org", is_public=True)

        report = import_rows(
            f"{REQUIRED},is_public",
            "New,new@example.org,MD,farmer,",
            "Known,known@example.org,MD,farmer,",
            "S,same@example.org,MD,farmer,",
            "Shown,shown@example.org,MD,farmer,",
            "Agreed,agreed@example.org,MD,farmer,yes",
            "Bad,bad@example.org,XX,farmer,no",
        )

        assert figures(report) == (2, 2, 1, 1)
        assert report.not_public == 3

    def test_is_no_longer_missed_once_the_file_says_so(self) -> None:
        import_rows(REQUIRED, ANN)

        report = import_rows(f"{REQUIRED},is_public", f"{ANN},yes")

        assert report.not_public == 0

    @pytest.mark.parametrize("dry_run", [False, True])
    def test_is_missed_by_a_dry_run_too(self, dry_run: bool) -> None:
        make_stakeholder(email="known@example.org", is_public=False)

        report = import_rows(REQUIRED, ANN, "Known,known@example.org,MD,farmer", dry_run=dry_run)

        assert report.not_public == 2


class TestChosenColumns:
    def test_stand_for_fields(self) -> None:
        report = import_rows(
            "Market,email,state,type",
            "Ann's,ann@example.org,MD,farmer",
            name="Market",
            organization="market",
        )

        ann = Stakeholder.objects.get()
        assert (ann.name, ann.organization) == ("Ann's", "Ann's")
        assert report.columns.ignored == []

    def test_come_before_a_column_of_the_fields_name(self) -> None:
        report = import_rows(f"{REQUIRED},Market", f"{ANN},Ann's", name="Market")

        assert Stakeholder.objects.get().name == "Ann's"
        assert report.columns.ignored == ["name"]

    def test_serve_only_the_field_they_were_chosen_for(self) -> None:
        import_rows(f"{REQUIRED},role,title", f"{ANN},Ann's,Owner", organization="role")

        ann = Stakeholder.objects.get()
        assert (ann.organization, ann.role) == ("Ann's", "")

    def test_must_exist(self) -> None:
        with pytest.raises(UnusableTableError, match=r"from 'Mail': .* The columns are name, "):
            import_rows(REQUIRED, ANN, email="Mail")

    def test_must_stand_for_a_field(self) -> None:
        with pytest.raises(UnusableTableError, match=r"as 'phone': .* The fields are name, "):
            import_rows(REQUIRED, ANN, phone="name")


class TestDryRun:
    def test_reports_the_same_and_writes_nothing(self) -> None:
        make_stakeholder(email="ann@example.org")
        make_stakeholder(email="bob@example.org", name="Bob", type="farmer")
        before = list(Stakeholder.all_objects.values())
        rows = [
            REQUIRED,
            ANN,
            "Bob,bob@example.org,MD,farmer",
            "Cy,cy@example.org,MD,farmer",
            "Di,di@example.org,XX,farmer",
        ]

        tried = import_rows(*rows, dry_run=True)

        assert figures(tried) == (1, 1, 1, 1)
        assert list(Stakeholder.all_objects.values()) == before
        assert figures(import_rows(*rows)) == figures(tried)


class TestManyRows:
    def test_cost_four_queries_for_each_2000(self, django_assert_num_queries: Any) -> None:
        rows = [f"Farm {n},farm-{n}@example.org,MD,farmer" for n in range(20_000)]

        # The transaction, a savepoint here; the record; and ten times the keys of the known rows,
        # and the new ones with a savepoint of their own.
        with django_assert_num_queries(3 + 10 * (1 + 3)):
            report = import_rows(REQUIRED, *rows)

        assert figures(report) == (20_000, 0, 0, 0)

    def test_cost_two_queries_for_each_2000_that_are_known(
        self, django_assert_num_queries: Any
    ) -> None:
        rows = [f"Farm {n},farm-{n}@example.org,MD,farmer" for n in range(4_000)]
        import_rows(REQUIRED, *rows)

        with django_assert_num_queries(3 + 2 * 2):
            report = import_rows(REQUIRED, *rows)

        assert figures(report) == (0, 0, 4_000, 0)

    def test_cost_three_queries_for_each_2000_that_change(
        self, django_assert_num_queries: Any
    ) -> None:
        rows = [f"Farm {n},farm-{n}@example.org,MD,farmer" for n in range(4_000)]
        import_rows(REQUIRED, *rows)
        changed = [row.replace("MD", "VA") for row in rows]

        with django_assert_num_queries(3 + 2 * 3):
            report = import_rows(REQUIRED, *changed)

        assert figures(report) == (0, 4_000, 0, 0)
        assert Stakeholder.objects.filter(state="VA").count() == 4_000

    def test_are_looked_up_in_the_index_on_their_emails(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")

        plan = Stakeholder.objects.reachable_at("ann@example.org", "bob@example.org").explain()

        assert "unique_email" in plan


class TestAtomicity:
    def test_leaves_nothing_of_a_file_that_breaks_off(self) -> None:
        def lines() -> Iterator[str]:
            yield f"{REQUIRED}\n"
            for n in range(2500):
                yield f"Farm,farm-{n}@example.org,MD,farmer\n"
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

        with pytest.raises(UnusableTableError, match="It is not UTF-8"):
            import_stakeholders(lines=lines(), columns={}, by=None)

        assert not Stakeholder.all_objects.exists()


def work_in_thread(work: Callable[[], Any]) -> Any:
    """With a connection of its own."""
    try:
        return work()
    finally:
        connection.close()


def wait_until_somebody_waits(owner: Owner) -> None:
    """Until a transaction waits for a lock that another holds."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    for _ in range(200):
        if owner.execute(waiting).fetchone() != (0,):
            return
        time.sleep(0.02)
    pytest.fail("Nobody waits for a lock.")


@pytest.mark.django_db(transaction=True)
class TestBesideOthers:
    # One more than a statement writes.
    ROWS = [f"Farm {n},farm-{n:04}@example.org,MD,farmer" for n in range(2001)]

    def import_beside(
        self, owner: Owner, work: Callable[[], Any], *rows: str, batch: int = 1
    ) -> tuple[Report, Any]:
        """Import while another does `work`, which begins before a batch is written."""
        with ThreadPoolExecutor(1) as threads:
            begun: list[Future[Any]] = []

            def begin() -> None:
                begun.append(threads.submit(work_in_thread, work))
                wait_until_somebody_waits(owner)

            with before_query("INSERT", begin, number=batch):
                report = import_rows(REQUIRED, *rows)
            return report, begun[0].result()

    def test_waits_for_no_deletion_that_waits_for_it(self, owner: Owner) -> None:
        import_rows(REQUIRED, *self.ROWS)
        changed = [row.replace("MD", "VA") for row in reversed(self.ROWS)]

        report, deleted = self.import_beside(owner, Stakeholder.objects.all().delete, *changed)

        assert figures(report) == (0, 2001, 0, 0)
        assert deleted == (2001, {"coalition.Stakeholder": 2001})
        assert Stakeholder.all_objects.deleted().filter(state="VA").count() == 2001

    def test_waits_for_no_import_that_waits_for_it(self, owner: Owner) -> None:
        backwards = list(reversed(self.ROWS))

        first, second = self.import_beside(
            owner, lambda: import_rows(REQUIRED, *backwards), *self.ROWS, batch=2
        )

        assert figures(first) == (2001, 0, 0, 0)
        assert figures(second) == (0, 0, 0, 2001)

    def test_ends_like_all_that_import_and_delete_the_same(self) -> None:
        rows = self.ROWS[:30]
        works: list[Callable[[], Any]] = [
            lambda: import_rows(REQUIRED, *rows),
            lambda: import_rows(REQUIRED, *[row.replace("MD", "VA") for row in reversed(rows)]),
            lambda: Stakeholder.objects.all().delete(),
        ]

        with ThreadPoolExecutor(len(works)) as threads:
            done = [threads.submit(work_in_thread, work) for work in works * 20]

        assert [work.exception() for work in done] == [None] * 60

    def test_rejects_the_row_of_somebody_added_meanwhile(self, owner: Owner) -> None:
        def add_ann() -> None:
            owner.execute(
                "INSERT INTO stakeholders_stakeholder (name, email, state, type) "
                "VALUES ('Another Ann', 'ann@example.org', 'MD', 'farmer')"
            )

        with before_insert(add_ann):
            report = import_rows(REQUIRED, BAD, ANN, *self.ROWS, BAD)

        assert figures(report) == (2001, 0, 0, 3)
        assert [rejection.row.line for rejection in report.rejected] == [2, 3, 2005]
        assert "Import the row again." in report.rejected[1].reasons[0].message
        assert report.rejected[1].row.cells == ANN.split(",")
        assert Stakeholder.objects.get(email="ann@example.org").name == "Another Ann"

    def test_rejects_the_row_of_somebody_restored_meanwhile(self, owner: Owner) -> None:
        make_stakeholder(email="ann@example.org", name="Ann of old").delete()

        def restore_ann() -> None:
            owner.execute("UPDATE stakeholders_stakeholder SET deleted_at = NULL")

        with before_insert(restore_ann):
            report = import_rows(REQUIRED, ANN, "Bob,bob@example.org,MD,farmer")

        assert figures(report) == (1, 0, 0, 1)
        assert "restored" in reasons_of(report)[0]
        assert set(Stakeholder.objects.values_list("name", flat=True)) == {"Ann of old", "Bob"}

    def test_imports_a_rejected_row_the_second_time(self, owner: Owner) -> None:
        make_stakeholder(email="ann@example.org", name="Ann of old").delete()

        def restore_ann() -> None:
            owner.execute("UPDATE stakeholders_stakeholder SET deleted_at = NULL")

        with before_insert(restore_ann):
            import_rows(REQUIRED, ANN)

        assert figures(import_rows(REQUIRED, ANN)) == (0, 1, 0, 0)

    def test_makes_somebody_anew_who_is_deleted_meanwhile(self, owner: Owner) -> None:
        make_stakeholder(email="ann@example.org", name="Ann of old")

        def delete_ann() -> None:
            owner.execute("UPDATE stakeholders_stakeholder SET deleted_at = now()")

        with before_lock(delete_ann):
            report = import_rows(REQUIRED, ANN)

        assert figures(report) == (1, 0, 0, 0)
        assert Stakeholder.objects.get().name == "Ann"

    def test_lets_nobody_edit_a_row_that_it_has_read_but_all_endorse(self, owner: Owner) -> None:
        make_stakeholder(email="ann@example.org")
        owner.execute("SET lock_timeout = '50ms'")

        def edit_and_endorse() -> None:
            with pytest.raises(psycopg.errors.LockNotAvailable):
                owner.execute("UPDATE stakeholders_stakeholder SET name = 'Unseen'")
            # What a foreign key that refers to the row asks for.
            owner.execute("SELECT FROM stakeholders_stakeholder FOR KEY SHARE")

        with before_insert(edit_and_endorse):
            import_rows(REQUIRED, ANN)

        assert Stakeholder.objects.get().name == "Ann"

"""Stakeholders from a file that somebody sends."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from knox.models import AuthToken

from backend.http.forms import FORM, MAX_FILE_BYTES
from backend.models import Import, Stakeholder
from tests.conftest import DATA
from tests.contract.asking import ask
from tests.factories import make_stakeholder, make_user
from tests.manage.conftest import Staff

pytestmark = pytest.mark.django_db

IMPORTS = "/api/v1/manage/imports"
EXPORT = "/api/v1/manage/exports/stakeholders.csv"
REQUIRED = "name,email,state,type"
ANN = "Ann,ann@example.org,MD,farmer"
FIGURES = ("created", "updated", "unchanged", "refused")


def send(client: Any, text: str | bytes, *, dry_run: str = "false", **fields: Any) -> Any:
    content = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("people.csv", content, "text/csv")
    return client.post(IMPORTS, {"file": file, "dry_run": dry_run, **fields}, format="multipart")


def lines(*rows: str) -> str:
    return "".join(f"{row}\n" for row in rows)


def figures(response: Any) -> list[int]:
    report = response.json()
    return [report[name] for name in FIGURES]


def errors_of(response: Any) -> list[tuple[str, str]]:
    assert response.status_code == 400, response.content
    return [(each["pointer"], each["code"]) for each in response.json()["errors"]]


class TestReport:
    def test_says_what_became_of_the_rows(self, staff: Staff) -> None:
        make_stakeholder(email="ann@example.org", name="Old", state="MD", type="farmer")
        bob = make_stakeholder(email="bob@example.org", state="VA", type="waterman")

        response = send(
            staff("administrator"),
            lines(
                f"{REQUIRED},note",
                f"{ANN},x",
                f"{bob.name},bob@example.org,VA,waterman,y",
                "Cy,cy@example.org,MD,farmer,z",
                "Dee,dee@example.org,XX,farmer,z",
            ),
        )

        assert response.status_code == 200
        assert response.json() == {
            "dry_run": False,
            "rows": 4,
            "created": 1,
            "updated": 1,
            "unchanged": 1,
            "refused": 1,
            "not_public": 1,
            "encoding": "utf-8",
            "delimiter": ",",
            "ignored_columns": ["note"],
            "errors": [
                {
                    "row": 5,
                    "line": 5,
                    "column": "state",
                    "code": "invalid_choice",
                    "message": "Value 'XX' is not a valid choice.",
                }
            ],
            "more_errors": 0,
        }
        assert Stakeholder.objects.get(email="ann@example.org").name == "Ann"

    def test_of_a_dry_run_is_the_same_and_nothing_changes(self, staff: Staff) -> None:
        client = staff("administrator")
        text = lines(REQUIRED, ANN, "Bob,bob@example.org,XX,farmer")

        tried = send(client, text, dry_run="true")
        found = Stakeholder.objects.count()
        done = send(client, text)

        assert found == 0
        assert tried.json() | {"dry_run": False} == done.json()
        assert Stakeholder.objects.count() == 1

    def test_names_row_line_and_column_as_the_file_has_them(self, staff: Staff) -> None:
        text = (
            "Who;email;state;type;longitude;latitude\r\n"
            '"Ann\r\nLee";ann@example.org;MD;farmer;;\r\n'
            "\r\n"
            "Bob;bob@example.org;MD;farmer;-200;38\r\n"
            "Cy;cy;md;farmer;x;\r\n"
            "Dee\r\n"
            "Ed;ed@example.org;MD;cow;;\r\n"
        )

        response = send(staff("administrator"), text, columns=json.dumps({"name": "Who"}))

        found = [
            tuple(each[name] for name in ("row", "line", "column", "code"))
            for each in response.json()["errors"]
        ]
        assert found == [
            (2, 2, "Who", "control_character"),
            (4, 5, "longitude", "out_of_range"),
            (5, 6, "longitude", "not_number"),
            (5, 6, "latitude", "required"),
            (5, 6, "email", "invalid"),
            (6, 7, None, "cells"),
            (7, 8, "type", "invalid_choice"),
        ]

    def test_stays_short_however_many_rows_are_bad(self, staff: Staff) -> None:
        bad = "x" * 10_000
        text = lines(REQUIRED, *(f"Farm,{n},{bad},cow" for n in range(1_500)))

        response = send(staff("administrator"), text)

        report = response.json()
        assert (report["refused"], len(report["errors"])) == (1_500, 1_000)
        assert report["more_errors"] == 3 * 1_500 - 1_000
        assert len(response.content) < 500_000

    def test_names_no_option_of_a_command(self, staff: Staff) -> None:
        client = staff("administrator")

        answers = [
            send(client, text, **fields)
            for text, fields in (
                ("Name;Mail\n1;2\n", {}),
                (lines(REQUIRED, "Ann,ann,XX,cow", '"Bob'), {}),
                (lines(REQUIRED), {}),
                (lines(REQUIRED, ANN), {"columns": '{"role": "Rank"}'}),
            )
        ]

        assert not [each for each in answers if "--" in each.content.decode()]


class TestFile:
    def test_of_farmers_markets_goes_in(self, staff: Staff) -> None:
        text = (DATA / "farmers_markets_chesapeake.csv").read_bytes()

        response = send(staff("administrator"), text)

        assert figures(response) == [1591, 0, 0, 0]

    @pytest.mark.parametrize(
        ("encoding", "name"),
        [("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("windows-1252", "windows-1252")],
    )
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_may_be_as_excel_saves_it(
        self, staff: Staff, encoding: str, name: str, delimiter: str
    ) -> None:
        text = f"{REQUIRED}\r\nZoë Müller,ann@example.org,MD,farmer\r\n".replace(",", delimiter)

        response = send(staff("administrator"), text.encode(encoding))

        assert (response.json()["encoding"], response.json()["delimiter"]) == (name, delimiter)
        assert Stakeholder.objects.get().name == "Zoë Müller"

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "empty"),
            (b"\r\n\r\n", "empty"),
            (REQUIRED.encode(), "header alone"),
            (bytes(range(256)) * 100, "no text"),
            (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xd8", "no text"),
            (b"\xff\xfeN", "not UTF-16"),
            (b"\0" * 1000, "There is no column"),
            (REQUIRED.replace(",", "|").encode() + b"\nx|y|z|w\n", "Commas, semicolons or tabs"),
            (",".join(f"c{n}" for n in range(200_000)).encode() + b"\n1\n", "199,990 more"),
            (b"name,name,email,state,type\n1,2,3,4,5\n", "Two columns are called 'name'"),
            (b'"name,email,state,type\nAnn,a@b.org,MD,farmer\n', "header cannot be read"),
        ],
    )
    def test_that_is_no_table_is_refused_in_a_sentence(
        self, staff: Staff, content: bytes, words: str
    ) -> None:
        response = send(staff("administrator"), content)

        assert response.status_code == 400
        (error,) = response.json()["errors"]
        assert error["pointer"] == "#/file"
        assert words in error["message"]
        assert len(error["message"]) < 800
        assert not Stakeholder.objects.exists()
        assert not Import.objects.exists()

    def test_may_have_200_000_columns_if_the_required_are_among_them(self, staff: Staff) -> None:
        others = ",".join(f"c{n}" for n in range(200_000))
        text = lines(f"{REQUIRED},{others}", ANN + "," * 200_000)

        response = send(staff("administrator"), text)

        assert figures(response) == [1, 0, 0, 0]
        assert len(response.json()["ignored_columns"]) == 100

    def test_may_have_50_000_rows_of_which_3_are_bad(self, staff: Staff) -> None:
        rows = [f"Farm {n},farm-{n}@example.org,MD,farmer" for n in range(49_997)]
        bad = ["Bad,bad,MD,farmer", "Bad,bad@example.org,XX,farmer", "Bad"]
        text = lines(REQUIRED, *rows[:30_000], *bad, *rows[30_000:])

        response = send(staff("administrator"), text, dry_run="true")

        assert figures(response) == [49_997, 0, 0, 3]
        assert [each["row"] for each in response.json()["errors"]] == [30_002, 30_003, 30_004]

    def test_may_have_no_more_than_50_000_rows(self, staff: Staff) -> None:
        text = lines(REQUIRED, *(f"F,farm-{n}@example.org,MD,farmer" for n in range(50_001)))

        response = send(staff("administrator"), text)

        assert response.status_code == 413
        assert "more than 50,000 rows" in response.json()["detail"]
        assert not Stakeholder.objects.exists()

    @pytest.mark.parametrize("excess", [1, 1024 * 1024])
    def test_may_have_no_more_than_20_mib(self, staff: Staff, excess: int) -> None:
        response = send(staff("administrator"), b"x" * (MAX_FILE_BYTES + excess))

        assert response.status_code == 413
        assert "20,971,520 bytes" in response.json()["detail"]

    def test_is_gone_from_the_disk_afterwards(
        self, staff: Staff, settings: Any, tmp_path: Path
    ) -> None:
        settings.FILE_UPLOAD_TEMP_DIR = tmp_path

        send(staff("administrator"), lines(REQUIRED, ANN))

        assert Stakeholder.objects.count() == 1
        assert not list(tmp_path.iterdir())


class TestForm:
    def test_that_does_not_say_whether_it_is_a_dry_run_is_none(self, staff: Staff) -> None:
        file = SimpleUploadedFile("people.csv", lines(REQUIRED, ANN).encode())

        response = staff("administrator").post(IMPORTS, {"file": file}, format="multipart")

        assert (response.status_code, response.json()["dry_run"]) == (200, False)
        assert Stakeholder.objects.count() == 1

    @pytest.mark.parametrize(
        ("fields", "errors"),
        [
            ({"dry_run": "perhaps"}, [("#/dry_run", "invalid")]),
            ({"dry_run": ["true", "false"]}, [("#/dry_run", "repeated")]),
            ({"mode": "x"}, [("#/mode", "unknown")]),
            ({"file": "text"}, [("#/file", "invalid")]),
            ({"dry_run": BytesIO(b"true")}, [("#/dry_run", "invalid")]),
            ({"columns": "name=Who"}, [("#/columns", "invalid")]),
            ({"columns": "[1]"}, [("#/columns", "invalid")]),
            ({"columns": '{"name": 1}'}, [("#/columns/name", "invalid")]),
            ({"columns": '{"who": "Who"}'}, [("#/columns", "unknown")]),
            ({"columns": '{"name": "Who"}'}, [("#/columns", "unknown")]),
        ],
    )
    def test_that_is_not_valid_names_each_field(
        self, staff: Staff, fields: dict[str, Any], errors: list[tuple[str, str]]
    ) -> None:
        file = SimpleUploadedFile("people.csv", lines(REQUIRED, ANN).encode())
        form = {"file": file, "dry_run": "true"} | fields

        response = staff("administrator").post(IMPORTS, form, format="multipart")

        assert errors_of(response) == errors

    @pytest.mark.parametrize(
        ("content_type", "body", "status"),
        [
            ("multipart/form-data; boundary=x", "", 400),
            ("multipart/form-data; boundary=x", "nothing of the kind", 400),
            ("multipart/form-data", "--x--", 400),
            ("text/csv", lines(REQUIRED, ANN), 415),
            ("application/json", "{}", 415),
        ],
    )
    def test_is_asked_for(self, staff: Staff, content_type: str, body: str, status: int) -> None:
        response = staff("administrator").generic("POST", IMPORTS, body, content_type)

        assert response.status_code == status
        assert response["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("many", [{f"f{n}": "x" for n in range(2_000)}, {"f": "x" * 2**21}])
    def test_may_not_be_a_flood_of_fields(self, staff: Staff, many: dict[str, str]) -> None:
        response = send(staff("administrator"), lines(REQUIRED, ANN), **many)

        assert response.status_code in (400, 413)
        assert response["Content-Type"] == "application/problem+json"
        assert not Stakeholder.objects.exists()


class TestConsent:
    def test_refused_by_themselves_is_not_overridden(self, staff: Staff) -> None:
        consents = {"is_public": {"given": False, "version": "1", "sha256": "", "at": ""}}
        make_stakeholder(name="Old", email="ann@example.org", is_public=False, consents=consents)

        response = send(staff("administrator"), lines(f"{REQUIRED},is_public", f"{ANN},yes"))

        assert [each["code"] for each in response.json()["errors"]] == ["refused"]
        ann = Stakeholder.objects.get()
        assert (ann.name, ann.is_public) == ("Old", False)


class TestRoundTrip:
    def test_of_an_export_changes_nothing(self, staff: Staff) -> None:
        client = staff("administrator")
        for name in ("=cmd|' /C calc'!A0", "'=1", "@Ann", 'Ann "A", Lee', "O'Neill", "-1"):
            make_stakeholder(name=name, organization=name, is_public=name > "A")
        answer: Any = client.get(EXPORT)
        exported = b"".join(answer.streaming_content)

        response = send(client, exported)

        assert figures(response) == [0, 0, 6, 0]


class TestRecord:
    @pytest.mark.parametrize("dry_run", ["true", "false"])
    def test_tells_who_imported_how_much(self, staff: Staff, dry_run: str) -> None:
        client: Any = staff("administrator")

        send(client, lines(REQUIRED, ANN, "Bob"), dry_run=dry_run)

        record = Import.objects.get()
        assert (record.by, record.is_dry_run) == (client.user, dry_run == "true")
        assert [getattr(record, name) for name in FIGURES] == [1, 0, 0, 1]

    def test_is_of_what_was_imported_alone(self, staff: Staff) -> None:
        send(staff("administrator"), lines(REQUIRED))

        assert not Import.objects.exists()


def form_of(text: str) -> bytes:
    """A form with this file, its boundary an x."""
    return (
        '--x\r\nContent-Disposition: form-data; name="dry_run"\r\n\r\nfalse\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        f"{text}\r\n--x--\r\n"
    ).encode()


@pytest.fixture
def headers(transactional_db: None) -> dict[str, str]:
    """Those of an administrator who sends a form."""
    token = AuthToken.objects.create(make_user("administrator"))[1]
    return {"Authorization": f"Token {token}", "Content-Type": f"{FORM}; boundary=x"}


@pytest.mark.django_db(transaction=True)
class TestServer:
    @pytest.mark.parametrize("missing", [1, 12, 30])
    def test_imports_nothing_of_a_body_that_breaks_off(
        self, server: str, headers: dict[str, str], missing: int
    ) -> None:
        address = urlsplit(server)
        body = form_of(lines(REQUIRED, ANN))
        head = [f"POST {IMPORTS} HTTP/1.1", f"Host: {address.netloc}", "Connection: close"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        head += [f"Content-Length: {len(body)}", "", ""]

        with closing(socket.create_connection((address.hostname, address.port), 30)) as client:
            client.sendall("\r\n".join(head).encode() + body[:-missing])
            client.shutdown(socket.SHUT_WR)
            client.recv(1_000)

        assert not Stakeholder.objects.exists()
        assert not Import.objects.exists()

    def test_takes_the_same_file_twice_at_once(self, server: str, headers: dict[str, str]) -> None:
        rows = [f"Farm {n},farm-{n}@example.org,MD,farmer" for n in range(5_000)]
        body = form_of(lines(REQUIRED, *rows))

        with ThreadPoolExecutor() as pool:
            answers = pool.map(lambda _: ask(server, IMPORTS, body, headers).json(), range(2))
            reports = list(answers)

        assert Stakeholder.objects.count() == 5_000
        assert sum(report["created"] for report in reports) == 5_000
        assert all(sum(report[name] for name in FIGURES) == 5_000 for report in reports)

"""The command: its file in and out, what it says, how it exits."""

import codecs
import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from backend.models import Stakeholder
from backend.public import PublicStakeholder
from tests.conftest import DATA

pytestmark = pytest.mark.django_db

REQUIRED = "name,email,state,type"
ANN = "Ann,ann@example.org,MD,farmer"
BAD = "Bob,bob@example.org,XX,farmer"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "markets.csv"


@pytest.fixture
def rejected(tmp_path: Path) -> Path:
    return tmp_path / "markets.rejected.csv"


def write(file: Path, *lines: str) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def run(file: Path, *arguments: str) -> object:
    """Its exit status; other failures than rejected rows raise CommandError, for status 1."""
    try:
        call_command("import_stakeholders", str(file), *arguments)
    except SystemExit as left:
        return left.code
    return 0


def read(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


class TestFarmersMarkets:
    @pytest.fixture
    def markets(self, file: Path) -> Path:
        file.write_bytes((DATA / "farmers_markets_chesapeake.csv").read_bytes())
        return file

    def test_go_in_with_every_blemish(
        self, markets: Path, rejected: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        status = run(markets)

        assert status == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "1,591 rows: 1,591 created, 0 updated, 0 unchanged, 0 rejected."
        assert lines[1].startswith("Not shown to the public: 1,591 of these 1,591 stakeholders")
        assert not rejected.exists()
        assert Stakeholder.objects.count() == 1591
        mobile = Stakeholder.objects.get(email="fmid-2000001@markets.example.org")
        assert mobile.location is None
        assert Stakeholder.objects.filter(location=None).count() == 7
        assert not Stakeholder.objects.filter(name__regex=r"^\s|\s$").exists()
        assert not PublicStakeholder.objects.exists()

    def test_change_nothing_the_second_time(
        self, markets: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(markets)
        before = list(Stakeholder.objects.order_by("pk").values())

        run(markets)

        assert "0 created, 0 updated, 1,591 unchanged, 0 rejected." in capsys.readouterr().out
        assert list(Stakeholder.objects.order_by("pk").values()) == before


class TestFile:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    @pytest.mark.parametrize(
        ("mark", "encoding"),
        [
            (b"", "utf-8"),
            (codecs.BOM_UTF8, "utf-8"),
            (codecs.BOM_UTF16_LE, "utf-16-le"),
            (codecs.BOM_UTF16_BE, "utf-16-be"),
        ],
    )
    def test_is_read_as_spreadsheets_write_it(
        self, file: Path, mark: bytes, encoding: str, delimiter: str
    ) -> None:
        text = f"{REQUIRED}\r\nÄnn,ann@example.org,MD,farmer\r\n".replace(",", delimiter)
        file.write_bytes(mark + text.encode(encoding))

        run(file)

        assert Stakeholder.objects.get().name == "Änn"

    def test_may_be_in_windows_1252_and_then_says_so(
        self, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rows = "\n".join(f"Farm {n},{n}@example.org,MD,farmer" for n in range(3000))
        text = f"{REQUIRED}\n{rows}\nÄnn\u2019s,ann@example.org,MD,farmer\n"
        file.write_bytes(text.encode("windows-1252"))

        run(file)

        assert Stakeholder.objects.get(email="ann@example.org").name == "Änn\u2019s"
        assert "was read as Windows-1252" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("encoding", "end", "complaint"),
        [("latin-1", b"\0", "no text"), ("utf-16", b"\n", "not UTF-16")],
    )
    def test_must_be_in_one_encoding(
        self, file: Path, rejected: Path, encoding: str, end: bytes, complaint: str
    ) -> None:
        rows = "\n".join(f"Farm {n},{n}@example.org,MD,farmer" for n in range(3000))
        text = f"{REQUIRED}\n{rows}\nÄnn,ann@example.org,MD,farmer\n"
        file.write_bytes(text.encode(encoding) + end)

        with pytest.raises(CommandError, match=f"Nothing of .* was imported. It is {complaint}"):
            run(file)

        assert not Stakeholder.objects.exists()
        assert not rejected.exists()

    def test_must_exist(self, file: Path) -> None:
        with pytest.raises(CommandError, match=r"Cannot read .*markets.csv: No such file"):
            run(file)

    def test_must_not_be_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match=r"Cannot read .*: Is a directory"):
            run(tmp_path)

    def test_must_not_be_empty(self, file: Path) -> None:
        file.touch()

        with pytest.raises(CommandError, match="The file is empty"):
            run(file)

    def test_must_have_a_row(self, file: Path) -> None:
        write(file, REQUIRED)

        with pytest.raises(CommandError, match=r"Nothing of .* was imported. .* a header alone"):
            run(file)


class TestMap:
    @pytest.mark.parametrize(
        "arguments",
        [
            ["--map", "Market=name", "E=Mail=email"],
            ["--map", "Market=name", "--map", "E=Mail=email"],
            ["--map=Market=name", "--map=E=Mail=email"],
        ],
    )
    def test_names_the_columns_of_fields(self, file: Path, arguments: list[str]) -> None:
        write(file, "Market,E=Mail,state,type", ANN)

        run(file, *arguments)

        assert Stakeholder.objects.get().email == "ann@example.org"

    @pytest.mark.parametrize("choice", ["Market", "=name"])
    def test_needs_a_column_and_a_field(self, file: Path, choice: str) -> None:
        with pytest.raises(CommandError, match=f"--map {choice}: write it as COLUMN=FIELD"):
            run(file, "--map", choice)

    def test_takes_one_column_for_a_field(self, file: Path) -> None:
        with pytest.raises(CommandError, match="two columns for name"):
            run(file, "--map", "Market=name", "Farm=name")

    def test_is_explained_when_a_column_is_missing(self, file: Path) -> None:
        write(file, "name,mail,state,type", ANN)

        with pytest.raises(CommandError, match=r"no column email.*--map COLUMN=email"):
            run(file)


class TestHelp:
    @pytest.fixture
    def text(self, capsys: pytest.CaptureFixture[str]) -> str:
        """Its help, every white space a space."""
        with pytest.raises(SystemExit):
            call_command("import_stakeholders", "--help")
        return " ".join(capsys.readouterr().out.split())

    def test_lists_the_columns_and_marks_the_required(self, text: str) -> None:
        assert " name* up to 200 characters email* an address" in text
        assert " organization up to 200 characters role up to 100 characters " in text

    def test_lists_the_values_that_are_accepted(self, text: str) -> None:
        assert " state* a code or its name in full, as MD or Maryland: AL, AK, " in text
        assert " type* farmer, waterman, " in text
        assert " longitude east of Greenwich, in decimal degrees (WGS 84)" in text
        assert " is_public shown to the public? yes, true, 1; or no, false, 0; " in text


class TestOutput:
    def test_names_the_columns_it_ignores(
        self, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(file, f"{REQUIRED},Phone,Fax", f"{ANN},1,2")

        run(file)

        assert "Ignored columns: Phone, Fax.\n" in capsys.readouterr().out

    def test_names_few_of_the_thousand_columns_it_ignores(
        self, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        names = ["L" * 100, *(f"C{n}" for n in range(2, 2001))]
        write(file, ",".join([REQUIRED, *names]), ANN + "," * 2000)

        run(file)

        line = capsys.readouterr().out.splitlines()[0]
        assert line.startswith(f"Ignored columns: {'L' * 40}…, C2, C3, ")
        assert line.endswith(", C10, and 1,990 more.")

    def test_says_who_is_not_shown_and_how_that_is_changed(
        self, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(file, f"{REQUIRED},is_public", f"{ANN},yes", BAD.replace("XX", "MD") + ",")

        run(file)

        line = capsys.readouterr().out.splitlines()[1]
        assert line.startswith("Not shown to the public: 1 of these 2 stakeholders, since ")
        assert "write yes in a column is_public" in line
        assert 'tick "Shown to the public" in the admin' in line

    def test_speaks_of_nobody_hidden_if_all_are_shown(
        self, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(file, f"{REQUIRED},is_public", f"{ANN},yes")

        run(file)

        assert "public" not in capsys.readouterr().out

    def test_gives_the_first_reasons_and_says_where_all_are(
        self, file: Path, rejected: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(file, REQUIRED, *[BAD] * 1200)

        run(file)

        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "1,200 rows: 0 created, 0 updated, 0 unchanged, 1,200 rejected."
        assert str(rejected) in lines[1]
        assert lines[2] == "  line 2: state: Value 'XX' is not a valid choice."
        assert lines[-1] == "  and 1,195 more."
        assert len(lines) == 8

    def test_cuts_a_long_reason_short(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        write(file, REQUIRED, f"Bob,bob@example.org,{'X' * 1000},farmer")

        run(file)

        assert len(capsys.readouterr().out.splitlines()[-1]) < 250

    def test_shows_no_bar_where_nobody_watches(
        self, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(file, REQUIRED, ANN)

        run(file)

        assert capsys.readouterr().err == ""

    def test_shows_a_bar_on_a_terminal(
        self, file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        write(file, REQUIRED, ANN)

        run(file)

        assert "100%" in capsys.readouterr().err


class TestRejectedFile:
    def test_has_the_rows_as_they_were_with_line_and_reason(
        self, file: Path, rejected: Path
    ) -> None:
        write(file, f"{REQUIRED},Notes", f"{ANN},", '" Bob ",bob@example.org,XX,farmer,"=1+1\n"')

        status = run(file)

        assert status == 3
        assert read(rejected) == [
            ["line", "reason", "name", "email", "state", "type", "Notes"],
            [
                "3",
                "state: Value 'XX' is not a valid choice.",
                " Bob ",
                "bob@example.org",
                "XX",
                "farmer",
                "=1+1\n",
            ],
        ]

    def test_goes_in_once_it_is_mended(self, file: Path, rejected: Path) -> None:
        write(file, REQUIRED, ANN, BAD)
        run(file)
        rejected.write_text(rejected.read_text().replace(",XX,", ",VA,"))

        status = run(rejected)

        assert status == 0
        assert Stakeholder.objects.get(name="Bob").state == "VA"

    def test_has_the_delimiter_of_the_file(self, file: Path, rejected: Path) -> None:
        write(file, REQUIRED.replace(",", ";"), BAD.replace(",", ";"))

        run(file)

        assert rejected.read_text().startswith("line;reason;name;email;state;type\n")

    def test_is_replaced_by_the_next_run(self, file: Path, rejected: Path) -> None:
        write(file, REQUIRED, BAD, BAD)
        run(file)
        write(file, REQUIRED, BAD)

        run(file)

        assert [row[0] for row in read(rejected)] == ["line", "2"]

    def test_is_removed_when_no_row_is_rejected(self, file: Path, tmp_path: Path) -> None:
        write(file, REQUIRED, BAD)
        run(file)
        write(file, REQUIRED, ANN)

        status = run(file)

        assert status == 0
        assert list(tmp_path.iterdir()) == [file]

    def test_is_as_private_as_the_file(self, file: Path, rejected: Path) -> None:
        write(file, REQUIRED, BAD)
        file.chmod(0o600)

        run(file)

        assert rejected.stat().st_mode & 0o777 == 0o600

    def test_is_missed_if_it_cannot_be_written(self, file: Path, rejected: Path) -> None:
        write(file, REQUIRED, ANN, BAD)
        rejected.mkdir()

        with pytest.raises(CommandError, match=r"Cannot write the rejected rows to .*: Is a dir"):
            run(file)

    def test_is_written_by_a_dry_run_too(
        self, file: Path, rejected: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(file, REQUIRED, ANN, BAD)

        status = run(file, "--dry-run")

        assert status == 3
        assert len(read(rejected)) == 2
        assert not Stakeholder.objects.exists()
        output = capsys.readouterr().out
        assert "2 rows: 1 created, 0 updated, 0 unchanged, 1 rejected.\n" in output
        assert "This was a dry run" in output


@pytest.mark.django_db(transaction=True)
class TestDatabaseErrors:
    def test_are_a_sentence(self, file: Path, owner: "psycopg.Connection[tuple[Any, ...]]") -> None:
        write(file, REQUIRED, ANN)
        run(file)
        write(file, REQUIRED, ANN.replace("MD", "VA"))

        with owner.transaction(), transaction.atomic(), connection.cursor() as cursor:
            owner.execute("SELECT FROM stakeholders_stakeholder FOR UPDATE")
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
            with pytest.raises(CommandError, match=r"Nothing of .* due to lock timeout"):
                run(file)


class TestExitStatus:
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        ("lines", "status"),
        [([REQUIRED, ANN], 0), ([REQUIRED, ANN, BAD], 3), (["name"], 1), ([REQUIRED], 1), ([], 1)],
    )
    def test_is_0_if_all_went_in_3_if_some_1_if_none_could(
        self, file: Path, lines: list[str], status: int
    ) -> None:
        write(file, *lines)

        done = subprocess.run(
            [sys.executable, "manage.py", "import_stakeholders", file],
            cwd=settings.BASE_DIR,
            capture_output=True,
            check=False,
        )

        assert done.returncode == status
        assert b"Traceback" not in done.stderr

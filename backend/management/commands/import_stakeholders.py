import csv
import io
import os
import shutil
import sys
import textwrap
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    DjangoHelpFormatter,
)
from django.db import DatabaseError
from django.utils.text import capfirst
from tqdm import tqdm

from backend.actions.import_stakeholders import (
    FIELDS,
    REQUIRED,
    MissingColumnsError,
    Report,
    UnusableTableError,
    accepted_values,
    detect_encoding,
    enumerate_briefly,
    import_stakeholders,
)
from backend.models import Stakeholder

SOME_REJECTED = 3
# The file has the others, and the rest of a long reason.
REJECTIONS_SHOWN = 5
REASON_WIDTH = 200

SHOWN_LABEL = capfirst(Stakeholder._meta.get_field("is_public").verbose_name)


class HelpFormatter(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Leaves the lines of the epilog as they are."""


class Command(BaseCommand):
    help = "Create or update stakeholders, by e-mail, from a CSV file."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name,
            subcommand,
            epilog=describe_columns(),
            formatter_class=HelpFormatter,
            **kwargs,
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file",
            type=Path,
            metavar="FILE.csv",
            help="with a header; in UTF-8, Windows-1252, or UTF-16 with a byte order mark; "
            "its cells separated by commas, semicolons or tabs",
        )
        parser.add_argument(
            "--map",
            dest="choices",
            nargs="+",
            action="extend",
            default=[],
            metavar="COLUMN=FIELD",
            help="the column that holds a field, where it is not called like the field",
        )
        parser.add_argument("--dry-run", action="store_true", help="check all, import nothing")

    def handle(
        self, *, file: Path, choices: Sequence[str], dry_run: bool, **_options: object
    ) -> None:
        columns = parse_choices(choices)
        report = import_file(file, columns=columns, dry_run=dry_run)
        self._show_figures(report)
        if dry_run:
            self.stdout.write("This was a dry run: the database is as it was.")
        target = file.with_suffix(".rejected.csv")
        write_rejections(report, target, mode_of=file)
        if report.rejected:
            self._show_rejections(report, target)
            sys.exit(SOME_REJECTED)

    def _show_figures(self, report: Report) -> None:
        if report.encoding == "windows-1252":
            self.stdout.write("It is not UTF-8, and was read as Windows-1252: look at accents.")
        if ignored := report.columns.ignored:
            self.stdout.write(f"Ignored columns: {enumerate_briefly(ignored)}.")
        self.stdout.write(
            f"{report.rows:,} rows: {report.created:,} created, {report.updated:,} updated, "
            f"{report.unchanged:,} unchanged, {len(report.rejected):,} rejected."
        )
        if report.not_public:
            self.stdout.write(
                f"Not shown to the public: {report.not_public:,} of these "
                f"{report.accepted:,} stakeholders, since nothing says that they agreed to be "
                "listed. For those who did, write yes in a column is_public and import the file "
                f'again, or tick "{SHOWN_LABEL}" in the admin.'
            )

    def _show_rejections(self, report: Report, target: Path) -> None:
        self.stdout.write(f"Mend the rejected rows in {target}, then import that file:")
        for rejection in report.rejected[:REJECTIONS_SHOWN]:
            reasons = " ".join(map(str, rejection.reasons))
            cut = f"{reasons[:REASON_WIDTH]}…" if len(reasons) > REASON_WIDTH else reasons
            self.stdout.write(f"  line {rejection.row.line}: {cut}")
        if len(report.rejected) > REJECTIONS_SHOWN:
            self.stdout.write(f"  and {len(report.rejected) - REJECTIONS_SHOWN:,} more.")


def parse_choices(choices: Sequence[str]) -> dict[str, str]:
    """Each field's column, from `COLUMN=FIELD`; a column's name may have a = in it."""
    columns: dict[str, str] = {}
    for choice in choices:
        column, _, field = choice.rpartition("=")
        if not column:
            raise CommandError(f"--map {choice}: write it as COLUMN=FIELD.")
        if field in columns:
            raise CommandError(f"--map names two columns for {field}: keep one of them.")
        columns[field] = column
    return columns


def describe_columns() -> str:
    """The columns that are read, each with what its cells may say."""
    width = max(map(len, FIELDS)) + 4
    return "columns (* required), in any order:\n" + "\n".join(
        textwrap.fill(
            accepted_values(field),
            width=79,
            initial_indent=f"  {field}{'*' * (field in REQUIRED)}".ljust(width),
            subsequent_indent=" " * width,
        )
        for field in FIELDS
    )


def import_file(file: Path, *, columns: Mapping[str, str], dry_run: bool) -> Report:
    """Raises a CommandError if nothing could be imported."""
    try:
        with file.open("rb") as source:
            encoding = detect_encoding(source)
            return import_stakeholders(
                lines=read(source, encoding),
                encoding=encoding,
                columns=columns,
                by=None,
                dry_run=dry_run,
            )
    except OSError as error:
        raise CommandError(f"Cannot read {file}: {error.strerror}.") from error
    except MissingColumnsError as error:
        options = " ".join(f"COLUMN={field}" for field in error.fields)
        raise CommandError(
            f"Nothing of {file} was imported. {error} "
            f"Name the column to read instead: --map {options}"
        ) from error
    except UnusableTableError as error:
        raise CommandError(f"Nothing of {file} was imported. {error}") from error
    except DatabaseError as error:
        raise CommandError(
            f"Nothing of {file} was imported. "
            f"The database refused ({str(error).strip()}). Import it again."
        ) from error


def read(source: io.BufferedReader, encoding: str) -> Iterator[str]:
    """The lines, with their ends, while a terminal shows how much has been read."""
    size = os.fstat(source.fileno()).st_size
    with (
        io.TextIOWrapper(source, encoding=encoding, newline="") as lines,
        tqdm(total=size, unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar,
    ):
        for line in lines:
            bar.update(source.tell() - bar.n)
            yield line


def write_rejections(report: Report, target: Path, *, mode_of: Path) -> None:
    """Replace the file of the last run in one step; remove it if no row was rejected."""
    unfinished = target.with_suffix(".unfinished")
    try:
        if not report.rejected:
            target.unlink(missing_ok=True)
            return
        # It holds addresses: who may not read the original may not read it either.
        unfinished.touch(mode=0o600)
        shutil.copymode(mode_of, unfinished)
        with unfinished.open("w", encoding="utf-8", newline="") as output:
            table = csv.writer(output, delimiter=report.delimiter)
            table.writerow(["line", "reason", *report.columns.header])
            table.writerows(
                [rejection.row.line, " ".join(map(str, rejection.reasons)), *rejection.row.cells]
                for rejection in report.rejected
            )
        unfinished.replace(target)
    except OSError as error:
        raise CommandError(
            f"Cannot write the rejected rows to {target}: {error.strerror}. "
            "Make that possible and import the file again."
        ) from error

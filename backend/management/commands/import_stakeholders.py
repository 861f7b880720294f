import csv
import gc
import io
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from tqdm import tqdm

from backend.actions.import_stakeholders import Report, UnusableTableError, import_stakeholders

SOME_REJECTED = 3
# The file has the others, and the rest of a long reason.
REJECTIONS_SHOWN = 5
REASON_WIDTH = 200


class Command(BaseCommand):
    help = "Create or update stakeholders, by e-mail, from a CSV file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv", help="UTF-8, with a header")
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
        with uncollected_so_far():
            report = import_file(file, columns=columns, dry_run=dry_run)
        if ignored := report.columns.ignored:
            self.stdout.write(f"Ignored columns: {', '.join(ignored)}.")
        self.stdout.write(
            f"{report.rows:,} rows: {report.created:,} created, {report.updated:,} updated, "
            f"{report.unchanged:,} unchanged, {len(report.rejected):,} rejected."
        )
        if dry_run:
            self.stdout.write("This was a dry run: the database is as it was.")
        target = file.with_suffix(".rejected.csv")
        write_rejections(report, target, mode_of=file)
        if report.rejected:
            self._show_rejections(report, target)
            sys.exit(SOME_REJECTED)

    def _show_rejections(self, report: Report, target: Path) -> None:
        self.stdout.write(f"Mend the rejected rows in {target}, then import that file:")
        for rejection in report.rejected[:REJECTIONS_SHOWN]:
            reasons = " ".join(rejection.reasons)
            cut = f"{reasons[:REASON_WIDTH]}…" if len(reasons) > REASON_WIDTH else reasons
            self.stdout.write(f"  line {rejection.line}: {cut}")
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


@contextmanager
def uncollected_so_far() -> Iterator[None]:
    """Keep the garbage collector from what is in memory already, most of it Django."""
    # The many rows have it look around so often that it takes a quarter of the time.
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def import_file(file: Path, *, columns: Mapping[str, str], dry_run: bool) -> Report:
    """Raises a CommandError if nothing could be imported."""
    try:
        with file.open("rb") as source:
            return import_stakeholders(lines=read(source), columns=columns, dry_run=dry_run)
    except OSError as error:
        raise CommandError(f"Cannot read {file}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(
            f"Nothing of {file} was imported. It is not UTF-8: save it as CSV UTF-8."
        ) from error
    except UnusableTableError as error:
        raise CommandError(f"Nothing of {file} was imported. {error}") from error
    except DatabaseError as error:
        raise CommandError(f"Nothing of {file} was imported. {explain(error)}") from error


def read(source: io.BufferedReader) -> Iterator[str]:
    """The lines, with their ends, while a terminal shows how much has been read."""
    size = os.fstat(source.fileno()).st_size
    with (
        io.TextIOWrapper(source, encoding="utf-8-sig", newline="") as lines,
        tqdm(total=size, unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar,
    ):
        for line in lines:
            bar.update(source.tell() - bar.n)
            yield line


def explain(error: DatabaseError) -> str:
    if "unique_email" in str(error):
        return "Somebody has just added a stakeholder that is in it. Import it again."
    return f"The database refused ({str(error).strip()}). Import it again."


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
            table = csv.writer(output)
            table.writerow(["line", "reason", *report.columns.header])
            table.writerows(
                [rejection.line, " ".join(rejection.reasons), *rejection.cells]
                for rejection in report.rejected
            )
        unfinished.replace(target)
    except OSError as error:
        raise CommandError(
            f"Cannot write the rejected rows to {target}: {error.strerror}. "
            "Make that possible and import the file again."
        ) from error

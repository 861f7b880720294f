"""Stakeholders from a table: all rows that can be read, or nothing."""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

from django.contrib.auth.models import User
from django.db import transaction

from backend.actions.import_stakeholders.columns import (
    Columns,
    TooManyRowsError,
    UnusableTableError,
    match_columns,
)
from backend.actions.import_stakeholders.csv_rows import Row, read_rows
from backend.actions.import_stakeholders.dialect import detect_delimiter
from backend.actions.import_stakeholders.parsed_rows import ParsedRow, parse_row
from backend.actions.import_stakeholders.report import Reason, Report
from backend.actions.import_stakeholders.saving import save
from backend.models import Import


def import_stakeholders(
    *,
    lines: Iterable[str],
    columns: Mapping[str, str],
    by: User | None,
    encoding: str = "utf-8-sig",
    max_rows: int | None = None,
    keeps_cells: bool = True,
    dry_run: bool = False,
) -> Report:
    """Create or update stakeholders, by e-mail, from the lines of a CSV file with a header.

    `columns` names the columns of fields that are not called like the field. Live stakeholders
    alone are updated; a column that the file lacks leaves its field as it is. A row that breaks
    a rule is rejected, and stops no other. A dry run reports the same, and writes no stakeholder.
    Either is put on record; `by` is None for whoever may use the command line. Without
    `keeps_cells` the report lacks those of rejected rows, which may be larger than all else.
    Raises UnusableTableError if the lines are not in the encoding, the header will not do, or no
    row follows it, or more than `max_rows`.
    """
    try:
        report, valid = _read(lines, columns, encoding, max_rows, keeps_cells=keeps_cells)
    except UnicodeDecodeError as error:
        reason = f"It is not {error.encoding.upper()}: save it as CSV UTF-8."
        raise UnusableTableError(reason) from error
    with uncollected_so_far(), transaction.atomic():
        save(valid, report, dry_run=dry_run)
        _record(report, dry_run=dry_run, by=by)
    report.rejected.sort(key=lambda rejection: rejection.row.line)
    return report


def _read(
    lines: Iterable[str],
    columns: Mapping[str, str],
    encoding: str,
    max_rows: int | None,
    *,
    keeps_cells: bool,
) -> tuple[Report, list[ParsedRow]]:
    """All rows before any is saved: it is not the file that says in which order to lock."""
    delimiter, lines = detect_delimiter(lines)
    rows = read_rows(lines, delimiter)
    report = Report(_read_header(rows, columns), encoding, delimiter)
    with uncollected_so_far():
        rows = _at_most(rows, max_rows)
        valid = list(_valid_rows(rows, report, keeps_cells=keeps_cells))
    if not valid and not report.rejected:
        raise UnusableTableError("The file has a header alone: it needs a row per stakeholder.")
    return report, valid


def _at_most(rows: Iterator[Row], number: int | None) -> Iterator[Row]:
    yield from islice(rows, number)
    if next(rows, None):
        raise TooManyRowsError(f"It has more than {number:,} rows: split it into several files.")


def _record(report: Report, *, dry_run: bool, by: User | None) -> None:
    Import.objects.create(
        by=by,
        is_dry_run=dry_run,
        created=report.created,
        updated=report.updated,
        unchanged=report.unchanged,
        refused=len(report.rejected),
    )


@contextmanager
def uncollected_so_far() -> Iterator[None]:
    """Keep the garbage collector from what is in memory already: Django, and the rows."""
    # The many rows have it look around so often that it takes a third of the time.
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _read_header(rows: Iterator[Row], columns: Mapping[str, str]) -> Columns:
    header = next(rows, None)
    if header is None:
        raise UnusableTableError("The file is empty: it needs a header and a row per stakeholder.")
    if header.error:
        raise UnusableTableError(f"The header cannot be read. {header.error}")
    return match_columns(header.cells, columns)


def _valid_rows(rows: Iterator[Row], report: Report, *, keeps_cells: bool) -> Iterator[ParsedRow]:
    """The rows that break no rule; the others go to the report."""
    line_of: dict[str, int] = {}
    for row in rows:
        kept = row if keeps_cells else row._replace(cells=())
        if broken := _why_not_a_row(row, len(report.columns.header)):
            report.reject(kept, broken)
            continue
        parsed = parse_row(row, report.columns)._replace(source=kept)
        email = parsed.email
        if email in line_of:
            message = f"Line {line_of[email]} has it already."
            parsed.errors.append(Reason("email", "repeated", message))
        if parsed.errors:
            report.reject(kept, *parsed.errors)
        else:
            line_of[email] = row.line
            yield parsed


def _why_not_a_row(row: Row, width: int) -> Reason | None:
    if row.error:
        return Reason("", "not_csv", row.error)
    if len(row.cells) != width:
        return Reason("", "cells", f"It has {len(row.cells)} cells, the header {width}.")
    return None

"""Stakeholders from a table: all rows that can be read, or nothing."""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from backend.actions.import_stakeholders.columns import Columns, UnusableTableError, match_columns
from backend.actions.import_stakeholders.csv_rows import Row, read_rows
from backend.actions.import_stakeholders.dialect import detect_delimiter
from backend.actions.import_stakeholders.parsed_rows import ParsedRow, parse_row
from backend.actions.import_stakeholders.report import Report
from backend.actions.import_stakeholders.saving import save


def import_stakeholders(
    *, lines: Iterable[str], columns: Mapping[str, str], dry_run: bool = False
) -> Report:
    """Create or update stakeholders, by e-mail, from the lines of a CSV file with a header.

    `columns` names the columns of fields that are not called like the field. Live stakeholders
    alone are updated; a column that the file lacks leaves its field as it is. A row that breaks
    a rule is rejected, and stops no other. A dry run reports the same, and writes nothing.
    Raises UnusableTableError if the header will not do, or no row follows it.
    """
    delimiter, lines = detect_delimiter(lines)
    rows = read_rows(lines, delimiter)
    report = Report(_read_header(rows, columns), delimiter)
    # All of them before any is saved: it is not the file that says in which order to lock.
    with uncollected_so_far():
        valid = list(_valid_rows(rows, report))
    if not valid and not report.rejected:
        raise UnusableTableError("The file has a header alone: it needs a row per stakeholder.")
    with uncollected_so_far():
        save(valid, report, dry_run=dry_run)
    report.rejected.sort(key=lambda rejection: rejection.line)
    return report


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


def _valid_rows(rows: Iterator[Row], report: Report) -> Iterator[ParsedRow]:
    """The rows that break no rule; the others go to the report."""
    line_of: dict[str, int] = {}
    width = len(report.columns.header)
    for row in rows:
        if row.error or len(row.cells) != width:
            report.reject(row, row.error or f"It has {len(row.cells)} cells, the header {width}.")
            continue
        parsed = parse_row(row, report.columns)
        email = parsed.email
        repeated = [f"email: Line {line_of[email]} has it already."] if email in line_of else []
        if parsed.errors or repeated:
            report.reject(row, *parsed.errors, *repeated)
        else:
            line_of[email] = row.line
            yield parsed

"""Stakeholders from a table: all that can be read, or nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.db import transaction

from backend.actions.import_stakeholders.columns import Columns, UnusableTableError, match_columns
from backend.actions.import_stakeholders.csv_rows import Row, read_rows
from backend.actions.import_stakeholders.row_validation import Draft, draft
from backend.models import Stakeholder

# Few enough that a statement ends long before the time limit of coalition_app.
ROWS_PER_STATEMENT = 2000


@dataclass(frozen=True)
class Rejection:
    line: int
    cells: Sequence[str]
    reasons: Sequence[str]


@dataclass
class Report:
    """What became of each row of the table."""

    columns: Columns
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Rejection] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.created + self.updated + self.unchanged + len(self.rejected)

    def reject(self, row: Row, *reasons: str) -> None:
        self.rejected.append(Rejection(row.line, row.cells, reasons))


@transaction.atomic
def import_stakeholders(
    *, lines: Iterable[str], columns: Mapping[str, str], dry_run: bool = False
) -> Report:
    """Create or update stakeholders, by e-mail, from the lines of a CSV file with a header.

    `columns` names the columns of fields that are not called like the field. Live stakeholders
    alone are updated; a column that the file lacks leaves its field as it is. A row that breaks
    a rule is rejected, and stops no other. A dry run reports the same, and writes nothing.
    Raises UnusableTableError if the header will not do.
    """
    rows = read_rows(lines)
    report = Report(_read_header(rows, columns))
    drafts = _acceptable(rows, report)
    while some := list(islice(drafts, ROWS_PER_STATEMENT)):
        _save(some, report, dry_run=dry_run)
    return report


def _read_header(rows: Iterator[Row], columns: Mapping[str, str]) -> Columns:
    header = next(rows, None)
    if header is None:
        raise UnusableTableError("The file is empty: it needs a header and a row per stakeholder.")
    if header.flaw:
        raise UnusableTableError(f"The header cannot be read. {header.flaw}")
    return match_columns(header.cells, columns)


def _acceptable(rows: Iterator[Row], report: Report) -> Iterator[Draft]:
    """The rows that break no rule; the others go to the report."""
    line_of: dict[str, int] = {}
    width = len(report.columns.header)
    for row in rows:
        if row.flaw or len(row.cells) != width:
            report.reject(row, row.flaw or f"It has {len(row.cells)} cells, the header {width}.")
            continue
        read = draft(report.columns.trimmed(row.cells))
        email = read.stakeholder.email
        repeated = [f"email: Line {line_of[email]} has it already."] if email in line_of else []
        if read.flaws or repeated:
            report.reject(row, *read.flaws, *repeated)
        else:
            line_of[email] = row.line
            yield read


def _save(drafts: Sequence[Draft], report: Report, *, dry_run: bool) -> None:
    emails = [draft.stakeholder.email for draft in drafts]
    rows = Stakeholder.objects.reachable_at(*emails).defer("public_location")
    if not dry_run:
        # Nobody's edit is overwritten unseen, and endorsements can still refer to the rows.
        rows = rows.select_for_update(no_key=True)
    stored = {row.email: row for row in rows}
    new = [draft.stakeholder for draft in drafts if draft.stakeholder.email not in stored]
    known = [
        (draft, stored[email]) for draft in drafts if (email := draft.stakeholder.email) in stored
    ]
    changed = [row for draft, row in known if draft.change(row)]
    report.created += len(new)
    report.updated += len(changed)
    report.unchanged += len(known) - len(changed)
    if not dry_run:
        _write(new, changed, fields=frozenset().union(*(draft.given for draft in drafts)))


def _write(new: list[Stakeholder], changed: list[Stakeholder], fields: frozenset[str]) -> None:
    Stakeholder.objects.bulk_create(new)
    # An INSERT whose every row conflicts: several times as fast as bulk_update().
    Stakeholder.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=[*fields, "updated_at"],
    )

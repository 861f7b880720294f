"""Rows into the database, within a transaction, beside others who write."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db import IntegrityError, transaction

from backend.actions.import_stakeholders.parsed_rows import ParsedRow
from backend.actions.import_stakeholders.report import Reason, Report
from backend.models import Stakeholder

# Few enough that a statement ends long before the time limit of coalition_app.
ROWS_PER_STATEMENT = 2000

ADDED_MEANWHILE = Reason(
    "email",
    "added_meanwhile",
    "Somebody has just added or restored a stakeholder with it. Import the row again.",
)
REFUSES_LISTING = Reason(
    "is_public",
    "refused",
    "They said themselves that they are not to be listed. Leave the cell blank.",
)


def save(rows: Sequence[ParsedRow], report: Report, *, dry_run: bool) -> None:
    """Update the stakeholders with the rows' e-mail addresses, create those that are missing.

    No address may be in two rows. A row that somebody else has added meanwhile is rejected.
    """
    # Whoever waits for another does so in one order, or two would wait for each other: first for
    # the rows to update, by their key as soft deletion has it, then for the new, by their e-mail.
    keys = _find_keys(rows)
    known = sorted((row for row in rows if row.email in keys), key=lambda row: keys[row.email])
    new = [row for row in rows if row.email not in keys]
    for batch in _batches(known):
        new += _update(batch, keys, report, dry_run=dry_run)
    for batch in _batches(sorted(new, key=lambda row: row.email)):
        if dry_run:
            _count_created(batch, report)
        else:
            _create(batch, report)


def _batches(rows: Sequence[ParsedRow]) -> Iterator[Sequence[ParsedRow]]:
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        yield rows[start : start + ROWS_PER_STATEMENT]


def _emails(rows: Iterable[ParsedRow]) -> list[str]:
    return [row.email for row in rows]


def _find_keys(rows: Sequence[ParsedRow]) -> dict[str, int]:
    """The key of the stakeholder with each e-mail."""
    keys: dict[str, int] = {}
    for batch in _batches(rows):
        found = Stakeholder.objects.reachable_at(*_emails(batch))
        keys |= dict(found.values_list("email", "pk"))
    return keys


def _update(
    rows: Sequence[ParsedRow], keys: Mapping[str, int], report: Report, *, dry_run: bool
) -> list[ParsedRow]:
    """Returns the rows whose stakeholder has been deleted, or got another e-mail, meanwhile."""
    emails = _emails(rows)
    found = Stakeholder.objects.filter(pk__in=[keys[email] for email in emails])
    found = found.reachable_at(*emails).defer("public_location").order_by("pk")
    if not dry_run:
        # Nobody's edit is overwritten unseen, and endorsements can still refer to the rows.
        found = found.select_for_update(no_key=True)
    stored = {stakeholder.email: stakeholder for stakeholder in found}
    known = list(_without_refusals(rows, stored, report))
    changed = [stakeholder for row, stakeholder in known if row.apply_to(stakeholder)]
    report.updated += len(changed)
    report.unchanged += len(known) - len(changed)
    report.not_public += sum(not stakeholder.is_public for _, stakeholder in known)
    if not dry_run:
        _write(changed, {field for row in rows for field in row.values})
    return [row for row in rows if row.email not in stored]


def _without_refusals(
    rows: Sequence[ParsedRow], stored: Mapping[str, Stakeholder], report: Report
) -> Iterator[tuple[ParsedRow, Stakeholder]]:
    """The known rows; one that would list somebody against their own word is rejected."""
    for row in rows:
        stakeholder = stored.get(row.email)
        if stakeholder and stakeholder.refuses_listing and row.values.get("is_public"):
            report.reject(row.source, REFUSES_LISTING)
        elif stakeholder:
            yield row, stakeholder


def _write(changed: Sequence[Stakeholder], fields: Iterable[str]) -> None:
    # An INSERT whose every row conflicts: several times as fast as bulk_update().
    Stakeholder.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=[*fields, "updated_at"],
    )


def _create(rows: Sequence[ParsedRow], report: Report, *, attempts: int = 5) -> None:
    try:
        with transaction.atomic():
            Stakeholder.objects.bulk_create([Stakeholder(**row.values) for row in rows])
    except IntegrityError:
        found = Stakeholder.objects.reachable_at(*_emails(rows))
        added = set(found.values_list("email", flat=True))
        # There is none where somebody has just deleted the stakeholder who was in the way.
        if not added and attempts == 1:
            raise
        for row in rows:
            if row.email in added:
                report.reject(row.source, ADDED_MEANWHILE)
        left = [row for row in rows if row.email not in added]
        _create(left, report, attempts=attempts if added else attempts - 1)
    else:
        _count_created(rows, report)


def _count_created(rows: Sequence[ParsedRow], report: Report) -> None:
    report.created += len(rows)
    report.not_public += sum(not row.values.get("is_public") for row in rows)

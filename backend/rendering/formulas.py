"""Text that spreadsheets would take for a formula."""

# What spreadsheets take for the beginning of a formula, and what some of them skip before one;
# the last four are full-width.
FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001  # for what they look like
# Begins a cell that is text, whatever follows.
GUARD = "'"

_STARTS = ", ".join(str(ord(character)) for character in FORMULA_STARTS)
# A cell that begins like a guarded one is guarded as well: to take guards away is then to read
# what was written. ascii() is the first code point, of most cells a letter: a regular expression
# for each would take as long as all else.
GUARD_SQL = (
    "CASE WHEN ascii({column}) BETWEEN 65 AND 65280 THEN NULL "
    f"WHEN ascii({{column}}) IN ({_STARTS}) THEN '''' "
    f"WHEN ascii({{column}}) = {ord(GUARD)} "
    f"AND ascii(ltrim({{column}}, '''')) IN ({_STARTS}) THEN '''' END"
)


def unguarded(cell: str) -> str:
    """The text of a cell, without the guard that an export may have put before it."""
    is_guarded = cell.startswith(GUARD) and cell.lstrip(GUARD).startswith(tuple(FORMULA_STARTS))
    return cell[1:] if is_guarded else cell

"""Tables as CSV (RFC 4180) or as JSON, their rows made in the database."""

from collections.abc import Callable, Generator, Mapping
from typing import Any, NamedTuple

from django.db import DatabaseError, InterfaceError
from django.db.models import QuerySet

from backend.rendering.formulas import GUARD_SQL
from backend.rendering.json_objects import RowText, object_sql
from backend.rendering.statements import SEPARATOR, render_all


class Kind(NamedTuple):
    """How values of a kind are written: as arguments of concat(), for which nulls are empty."""

    csv: str
    json: str


TEXT = Kind(
    f"""'"', {GUARD_SQL}, replace({{column}}, '"', '""'), '"'""",
    "to_json({column})",
)
WORD = Kind("{column}", """'"', {column}, '"'""")  # a constraint knows it
INTEGER = Kind("{column}", "{column}")
BOOLEAN = Kind("CASE WHEN {column} THEN 'yes' ELSE 'no' END", "{column}::text")
MOMENT = Kind(
    "replace(({column} AT TIME ZONE 'UTC')::text, ' ', 'T'), 'Z'",
    """'"', replace(({column} AT TIME ZONE 'UTC')::text, ' ', 'T'), 'Z"'""",
)
LONGITUDE, LATITUDE = (
    Kind(degrees, f"coalesce({degrees}::text, 'null')")
    for degrees in ("ST_X({column}::geometry)", "ST_Y({column}::geometry)")
)


# By name, what kind of values stands in a column, and whose: a field's, or an annotation's.
Columns = Mapping[str, tuple[Kind, str]]


def csv_line(values: Mapping[str, str]) -> str:
    """Arguments of concat() for a line, its end with it, of those for its cells."""
    return ", ',', ".join(values.values()) + ", E'\\r\\n'"


def csv_header(columns: Columns) -> bytes:
    # By the mark, spreadsheets know UTF-8.
    return "\ufeff{}\r\n".format(",".join(columns)).encode()


class Format(NamedTuple):
    """A form of a table: how a row is made of its values, and what stands around the rows."""

    name: str
    media_type: str
    row_sql: Callable[[Mapping[str, str]], str]
    before: Callable[[Columns], bytes]
    between: bytes
    after: bytes
    # Instead of the rest.
    broken_off: bytes

    def row_text(self, columns: Columns) -> RowText:
        sources = dict.fromkeys(source for _, source in columns.values())
        values = {
            name: getattr(kind, self.name).format(column=f'"{source}"')
            for name, (kind, source) in columns.items()
        }
        return RowText(tuple(sources), self.row_sql(values))


CSV = Format(
    "csv",
    "text/csv",
    csv_line,
    csv_header,
    between=b"",
    after=b"",
    # It has no end of its own: who reads half of a table would take it for the whole.
    broken_off=b"This export broke off here and lacks rows. Export again.\r\n",
)
JSON = Format(
    "json",
    "application/json",
    object_sql,
    lambda _columns: b"[\n",
    between=SEPARATOR,
    after=b"\n]\n",
    broken_off=b"",
)


def render_table(
    queryset: QuerySet[Any], columns: Columns, form: Format
) -> Generator[tuple[int, bytes], None, None]:
    """The text of all rows of an ordered queryset, some thousands at a time, with their number.

    If reading fails in the middle, JSON does not end, and CSV ends with a line that says so.
    """
    text = form.before(columns)
    is_begun = False
    try:
        for rows in render_all(queryset, form.row_text(columns)):
            yield len(rows), text + form.between.join(rows)
            text, is_begun = form.between, True
    except (DatabaseError, InterfaceError):
        if is_begun:
            yield 0, form.broken_off
        raise
    yield 0, form.after if is_begun else text + form.after

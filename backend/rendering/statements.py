"""JSON made in the database: nothing is read into objects and written out again."""

# What is put into statements are names of ours and what Django has compiled; values are
# parameters.
# ruff: noqa: S608

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connections, transaction
from django.db.models import QuerySet
from django.db.models.options import Options
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler

from backend.database.libpq import fetch
from backend.rendering.json_objects import JsonObject, RowText
from backend.rendering.keyset import Ordering, Position, next_and_previous

# Between rows. JSON escapes a line end in a string, so that none stands within a row.
SEPARATOR = b",\n"
ROWS_PER_FETCH = 2_000


class Sql(NamedTuple):
    """A part of a statement, and the values of its placeholders."""

    text: str
    values: tuple[Any, ...] = ()


class RenderedPage(NamedTuple):
    """Some rows, and the positions of the pages before and after them, if there are any."""

    rows: bytes
    returned: int
    matched: int
    next: Position | None
    previous: Position | None


def render_page(
    queryset: QuerySet[Any],
    row_json: JsonObject,
    *,
    limit: int,
    position: Position | None,
    matched: Sql,
) -> RenderedPage:
    """At most `limit` rows of an ordered queryset, from `position`, by a single statement.

    `matched` is the number of rows on all pages, as count_of() has it.
    """
    statement = _page_statement(queryset, row_json, limit=limit, position=position, matched=matched)
    ((number, found, rows, *keys),) = fetch(*statement)
    if rows is None:
        return RenderedPage(b"", 0, int(number), None, None)
    has_more = int(found) > limit
    is_backward = position is not None and position.is_backward
    if has_more:
        rows = rows.partition(SEPARATOR)[2] if is_backward else rows.rpartition(SEPARATOR)[0]
    values = [key.decode() for key in keys]
    bounds = values[: len(keys) // 2], values[len(keys) // 2 :]
    pages = next_and_previous(position, bounds, has_more=has_more)
    return RenderedPage(rows, min(int(found), limit), int(number), *pages)


def _page_statement(
    queryset: QuerySet[Any],
    row_json: JsonObject,
    *,
    limit: int,
    position: Position | None,
    matched: Sql,
) -> Sql:
    """How many rows match and how many are read, their JSON, and the keys of first and last.

    One row more than asked for is read: it shows whether there is another page.
    """
    ordering = Ordering.of(queryset)
    page = _walk(queryset, row_json, ordering, position, limit + 1)
    if position is None:
        # The rows of an only page have been counted.
        text = f"CASE WHEN count(*) > {limit} THEN {matched.text} ELSE count(*) END"
        matched = matched._replace(text=text)
    skipped = f"greatest(count(*) - {limit}, 0)"
    ends = ("1", f"count(*) - {skipped}")
    if position is not None and position.is_backward:
        ends = (f"1 + {skipped}", "count(*)")
    keys = ", ".join(
        f'(array_agg("{column}"))[{end}]' for end in ends for column in ordering.columns
    )
    return Sql(
        f"SELECT {matched.text}, count(*), string_agg(json, ',' || chr(10)), {keys} "
        f"FROM ({page.text}) AS page",
        (*matched.values, *page.values),
    )


def count_of(queryset: QuerySet[Any], *, at_most: int | None) -> Sql:
    """The number of rows of a queryset, counted up to `at_most`."""
    source = _source(queryset)
    bound = "" if at_most is None else f" LIMIT {at_most}"
    return source._replace(text=f"(SELECT count(*) FROM (SELECT {source.text}{bound}) AS each)")


def render_row(queryset: QuerySet[Any], row_json: JsonObject) -> bytes | None:
    """The one row of a queryset; None if it is empty."""
    rows = _rows(queryset, row_json.columns)
    found = fetch(f"SELECT concat({row_json.sql}) FROM ({rows.text}) AS whole", rows.values)
    return found[0][0] if found else None


def render_all(queryset: QuerySet[Any], row_text: RowText) -> Iterator[list[bytes]]:
    """All rows of a queryset, some thousands at a time, as they were at one moment.

    The transaction, and the server connection with it, end with the iterator.
    """
    ordering = Ordering.of(queryset)
    rows = _rows(queryset, (*row_text.columns, *ordering.columns))
    # Outside a transaction the pool would lose the cursor between two fetches.
    with transaction.atomic(using=queryset.db), connections[queryset.db].chunked_cursor() as cursor:
        cursor.execute(
            f"SELECT concat({row_text.sql}) FROM ({rows.text}) AS each ORDER BY {ordering.sql}",
            rows.values,
        )
        while fetched := cursor.fetchmany(ROWS_PER_FETCH):
            yield [row.encode() for (row,) in fetched]


def array_of(queryset: QuerySet[Any], row_json: JsonObject, *, key: str) -> str:
    """The array of an ordered queryset's rows that `key`, of theirs, ties to the whole row."""
    ordering = Ordering.of(queryset)
    rows = _rows(queryset, (*row_json.columns, *ordering.columns, key))
    if rows.values:
        raise ValueError("An array is part of an object, which has no parameters.")
    array = f"string_agg(concat({row_json.sql}), ',' ORDER BY {ordering.sql})"
    return (
        f"(SELECT concat('[', {array}, ']') "
        f'FROM ({rows.text}) AS part WHERE part."{key}" = whole.id)'
    )


def object_of(queryset: QuerySet[Any], row_json: JsonObject) -> str:
    """The object of a queryset's one row, which stands by itself."""
    rows = _rows(queryset, row_json.columns)
    if rows.values:
        raise ValueError("An object is part of another, which has no parameters.")
    return f"(SELECT concat({row_json.sql}) FROM ({rows.text}) AS part)"


def _walk(
    queryset: QuerySet[Any],
    row_json: JsonObject,
    ordering: Ordering,
    position: Position | None,
    limit: int,
) -> Sql:
    """The JSON and the keys of the rows that follow a position, in order."""
    rows = _rows(queryset, (*row_json.columns, *ordering.columns))
    keys = ", ".join(f'"{column}"' for column in ordering.columns)
    text = f"SELECT concat({row_json.sql}) AS json, {keys} FROM ({rows.text}) AS each"
    if position is None:
        return Sql(f"{text} ORDER BY {ordering.sql} LIMIT {limit}", rows.values)
    walked = ordering.reversed() if position.is_backward else ordering
    # A comparison of rows, which an index answers; spelled out with OR it would not.
    sign = "<" if walked.is_descending else ">"
    placeholders = ", ".join("%s" for _ in walked.columns)
    text += f" WHERE ({keys}) {sign} ({placeholders}) ORDER BY {walked.sql} LIMIT {limit}"
    if position.is_backward:
        text = f"SELECT * FROM ({text}) AS walked ORDER BY {ordering.sql}"
    return Sql(text, (*rows.values, *position.values))


def _rows(queryset: QuerySet[Any], columns: tuple[str, ...]) -> Sql:
    """The statement that reads these columns of a queryset's rows, in any order."""
    annotations = queryset.query.annotation_select
    annotated = [name for name in dict.fromkeys(columns) if name in annotations]
    stored = tuple(name for name in dict.fromkeys(columns) if name not in annotations)
    selected = [_select(queryset.model._meta, stored)]
    values: list[Any] = []
    compiler = _compiler(queryset)
    for name in annotated:
        expression, parameters = compiler.compile(annotations[name])
        selected.append(f'{expression} AS "{name}"')
        values += parameters
    source = _source(queryset)
    return Sql(f"SELECT {', '.join(selected)} {source.text}", (*values, *source.values))


def _source(queryset: QuerySet[Any]) -> Sql:
    """FROM and WHERE of a queryset: Django takes twice as long for the whole of it."""
    _require_plain(queryset.query)
    queryset.query.get_initial_alias()  # without a filter nothing has asked for the table yet
    compiler = _compiler(queryset)
    tables, values = compiler.get_from_clause()
    where: Any = queryset.query.where
    try:
        condition, parameters = compiler.compile(where)
    except EmptyResultSet:  # Django knows that no row can have the key, such as 10**30
        condition, parameters = "false", ()
    except FullResultSet:  # there is no condition
        condition, parameters = "true", ()
    return Sql(f"FROM {' '.join(tables)} WHERE {condition}", (*values, *parameters))


def _require_plain(query: Query) -> None:
    """Raises ValueError for what is more than FROM and WHERE, and would be left out."""
    unsupported = {
        "a slice": query.is_sliced,
        "distinct()": query.distinct,
        "grouping": query.group_by is not None,
        "a combination": query.combinator,
        "only(), defer()": query.deferred_loading != (frozenset(), True),
        "values()": query.values_select,
        "extra()": query.extra,
        "select_for_update()": query.select_for_update,
    }
    if found := [name for name, is_used in unsupported.items() if is_used]:
        raise ValueError(f"A query with {', '.join(found)} cannot be rendered.")


def _compiler(queryset: QuerySet[Any]) -> SQLCompiler:
    # Not django.db's `connection`, which looks for the thread's at each of a hundred uses.
    compiler: SQLCompiler = queryset.query.get_compiler(connection=connections[queryset.db])
    return compiler


@cache
def _select(table: "Options[Any]", names: tuple[str, ...]) -> str:
    fields: dict[str, Any] = {name: table.get_field(name) for name in names}
    return ", ".join(
        f'"{table.db_table}"."{field.column}" AS "{name}"' for name, field in fields.items()
    )

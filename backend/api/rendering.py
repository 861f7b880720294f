"""Features as text made in the database: nothing is read into objects and written out again."""

# What is put into statements are columns' names of ours and what Django has compiled; values
# are parameters.
# ruff: noqa: S608

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Func, QuerySet, TextField, Value

from backend.api.pagination import Ordering, Position, beside

COORDINATE_DECIMALS = 6  # some 0.1 m
# Between features. JSON escapes a line end in a string, so that none stands within a feature.
SEPARATOR = ",\n"
ROWS_PER_FETCH = 2_000

# How a property is written that is no text.
WRITTEN = {
    "created_at": """rtrim(to_json(created_at AT TIME ZONE 'UTC')::text, '"'), 'Z"'""",
    "distance_m": "coalesce(round(distance_m::numeric, 1)::text, 'null')",
}


class RenderedPage(NamedTuple):
    """Some features, and the positions of the pages before and after them, if there are any."""

    features: str
    returned: int
    matched: int
    next: Position | None
    previous: Position | None


def render_page(
    queryset: QuerySet[Any],
    properties: tuple[str, ...],
    *,
    limit: int,
    position: Position | None,
    count_to: int,
) -> RenderedPage:
    """At most `limit` features of an ordered queryset, from `position`, by a single statement.

    `matched` counts the features of all pages, and stops at one more than `count_to`.
    """
    ordering = Ordering.of(queryset)
    is_backward = position is not None and position.is_backward
    # One row more than asked for shows whether there is another page.
    walk = (queryset if position is None else ordering.walk(queryset, position))[: limit + 1]
    rows, arguments = _columns(walk, properties, ordering)
    if is_backward:
        rows = f"SELECT * FROM ({rows}) AS walked ORDER BY {ordering.sql}"
    counted, count_arguments = _compile(queryset.order_by().values("pk")[: count_to + 1])
    skipped = f"greatest(count(*) - {limit}, 0)"
    first, last = (f"1 + {skipped}", "count(*)") if is_backward else ("1", f"count(*) - {skipped}")
    ends = ", ".join(
        f"(array_agg({column}))[{place}]" for place in (first, last) for column in ordering.columns
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT (SELECT count(*) FROM ({counted}) AS counted), count(*), "
            f"string_agg({_feature(properties)}, ',' || chr(10)), {ends} FROM ({rows}) AS page",
            [*count_arguments, *arguments],
        )
        matched, found, features, *keys = cursor.fetchone()
    has_more = found > limit
    if not found:
        return RenderedPage("", 0, matched, None, None)
    if has_more:
        features = (
            features.partition(SEPARATOR)[2] if is_backward else features.rpartition(SEPARATOR)[0]
        )
    bounds = keys[: len(keys) // 2], keys[len(keys) // 2 :]
    pages = beside(position, bounds, has_more=has_more)
    return RenderedPage(features, min(found, limit), matched, *pages)


def render_feature(queryset: QuerySet[Any], properties: tuple[str, ...]) -> str | None:
    """The one feature of a queryset; None if it is empty."""
    try:
        rows, arguments = _columns(queryset, properties)
    except EmptyResultSet:  # Django knows that no row can have the key, such as 10**30
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_feature(properties)} FROM ({rows}) AS page", arguments)
        found = cursor.fetchone()
    return found[0] if found else None


def render_all(queryset: QuerySet[Any], properties: tuple[str, ...]) -> Iterator[str]:
    """All features of a queryset, some thousands at a time, as they were at one moment.

    The transaction, and the server connection with it, end with the iterator.
    """
    rows, arguments = _columns(queryset, properties, Ordering.of(queryset))
    # Outside a transaction the pool would lose the cursor between two fetches.
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT {_feature(properties)} FROM ({rows}) AS page", arguments)
        while fetched := cursor.fetchmany(ROWS_PER_FETCH):
            yield SEPARATOR.join(feature for (feature,) in fetched)


@cache
def _feature(properties: tuple[str, ...]) -> str:
    """The SQL expression of a Feature, over columns that have the names of its properties."""
    members = ", ',".join(
        f""""{name}":', {WRITTEN.get(name, f"to_json({name})")}""" for name in properties
    )
    return (
        """concat('{"id":', id, ',"type":"Feature","geometry":', coalesce(geometry, 'null'), """
        f"""',"properties":{{{members}, '}}}}')"""
    )


def _columns(
    queryset: QuerySet[Any], properties: tuple[str, ...], ordering: Ordering | None = None
) -> tuple[str, tuple[Any, ...]]:
    """A statement for the columns that features, and the bounds of a page, are made of."""
    names = dict.fromkeys(["id", *properties, *(ordering.columns if ordering else ())])
    geometry = Func(
        "public_location",
        Value(COORDINATE_DECIMALS),
        function="ST_AsGeoJSON",
        output_field=TextField(),
    )
    return _compile(queryset.values(*names, geometry=geometry))


def _compile(queryset: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    compiled: tuple[str, tuple[Any, ...]] = queryset.query.sql_with_params()
    return compiled

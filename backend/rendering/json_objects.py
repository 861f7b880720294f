"""How rows become JSON in the database: as their serializers would write them."""

from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any, NamedTuple

from rest_framework import serializers

# Arguments of concat(), by the field of a serializer; one may bring its own as `sql`. To have
# PostgreSQL write all of them with to_json() takes a third longer.
VALUE_SQL: dict[type[serializers.Field[Any, Any, Any, Any]], str] = {
    serializers.DateTimeField: (
        """'"', replace(({column} AT TIME ZONE 'UTC')::text, ' ', 'T'), 'Z"'"""
    ),
    serializers.IntegerField: "{column}",
    serializers.ChoiceField: """'"', {column}, '"'""",  # a constraint knows its words
}
OTHER_VALUE_SQL = "to_json({column})"


class RowText(NamedTuple):
    """What is read of a row, as values() names it, and its text as arguments of concat()."""

    columns: tuple[str, ...]
    sql: str


class JsonObject(RowText):
    """The text of a row is an object."""


def json_object_of(
    serializer: serializers.BaseSerializer[Any],
    members: Mapping[str, str] | None = None,
) -> JsonObject:
    """The object that a serializer writes; `members` has the SQL of those from other views."""
    columns: list[str] = []
    values: dict[str, str] = {}
    for name, field in serializer.fields.items():  # type: ignore[attr-defined]  # it has no base
        if members and name in members:
            values[name] = members[name]
        elif isinstance(field, serializers.BaseSerializer):
            if field.source != "*":
                raise TypeError(f"{name} is of another row: give its SQL in `members`.")
            nested = json_object_of(field)
            columns += nested.columns
            values[name] = nested.sql
        else:
            columns.append(name)
            values[name] = value_sql(field, name)
    return JsonObject(tuple(columns), object_sql(values))


def value_sql(field: serializers.Field[Any, Any, Any, Any], column: str) -> str:
    if getattr(field, "allow_null", False) and not hasattr(field, "sql"):
        raise TypeError(f"concat() would leave out a null: give {column} its own SQL.")
    usual = next(
        (sql for kind, sql in VALUE_SQL.items() if isinstance(field, kind)), OTHER_VALUE_SQL
    )
    return str(getattr(field, "sql", usual)).format(column=f'"{column}"')


def object_sql(members: Mapping[str, str]) -> str:
    """Arguments of concat() for an object, of those for the values of its members."""
    marks = chain("{", repeat(","))
    pairs = (
        f"""'{mark}"{name}":', {value}"""
        for mark, (name, value) in zip(marks, members.items(), strict=False)
    )
    return f"{', '.join(pairs)}, '}}'"

"""Places in an ordered list, by the values of a row there: a keyset, not a number of rows.

However deep a page, its query starts at a place in an index; and a row that comes or goes
meanwhile never makes another row appear twice or not at all.
"""

from typing import Any, NamedTuple

from django.db.models import Func, QuerySet, TextField, Value
from django.db.models.lookups import GreaterThan, LessThan


class Position(NamedTuple):
    """Where a page starts: after, or before, the row with these values of the ordering.

    They are as PostgreSQL writes them.
    """

    values: list[str]
    is_backward: bool = False


class Ordering(NamedTuple):
    """The columns that a queryset is ordered by, all in the same direction, the key last."""

    columns: list[str]
    is_descending: bool

    @classmethod
    def of(cls, queryset: QuerySet[Any]) -> "Ordering":
        names = [str(name) for name in queryset.query.order_by]
        directions = {name.startswith("-") for name in names}
        if not names or names[-1].lstrip("-") != "pk" or len(directions) != 1:
            raise ValueError(f"A keyset needs one direction, and pk at the end: {names}")
        return cls(
            [*(name.lstrip("-") for name in names[:-1]), "id"],
            # reverse() leaves the names alone and turns their direction.
            directions.pop() == queryset.query.standard_ordering,
        )

    def reversed(self) -> "Ordering":
        return Ordering(self.columns, not self.is_descending)

    @property
    def sql(self) -> str:
        direction = " DESC" if self.is_descending else ""
        return ", ".join(f'"{column}"{direction}' for column in self.columns)


class _Row(Func):
    """Expressions to be compared as a row, which an index answers; spelled with OR it would not."""

    template = "(%(expressions)s)"
    output_field = TextField()


def rows_from(queryset: QuerySet[Any], position: Position | None) -> QuerySet[Any]:
    """The rows of an ordered queryset from a position, those before it last row first."""
    if position is None:
        return queryset
    ordering = Ordering.of(queryset)
    if position.is_backward:
        queryset, ordering = queryset.reverse(), ordering.reversed()
    beyond = LessThan if ordering.is_descending else GreaterThan
    here = _Row(*(Value(value) for value in position.values))
    return queryset.filter(beyond(_Row(*ordering.columns), here))


def next_and_previous(
    position: Position | None, bounds: tuple[list[str], list[str]], *, has_more: bool
) -> tuple[Position | None, Position | None]:
    """The positions of the next and the previous page, if there are any.

    `bounds` are the values of the page's first and last row. A client came to `position`
    from the page beside it, on one side; `has_more` says whether there is one on the other.
    """
    first, last = bounds
    is_backward = position is not None and position.is_backward
    has_next, has_previous = (True, has_more) if is_backward else (has_more, position is not None)
    return (
        Position(last) if has_next else None,
        Position(first, is_backward=True) if has_previous else None,
    )

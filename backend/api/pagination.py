"""Paging by keyset: a page starts after a row, not after a number of rows.

However deep the page, its query starts at a place in an index; and a row that comes or goes
meanwhile never makes another row appear twice or not at all.
"""

from datetime import datetime
from typing import Any, NamedTuple

from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from backend.api.errors import InvalidParameters


class Position(NamedTuple):
    """Where a page starts: after, or before, the row with these values of the ordering."""

    values: list[Any]
    is_backward: bool = False


class Ordering(NamedTuple):
    """The columns that a queryset is ordered by, all in the same direction, the key last."""

    names: list[str]
    is_descending: bool

    @classmethod
    def of(cls, queryset: QuerySet[Any]) -> "Ordering":
        names = [str(name) for name in queryset.query.order_by]
        directions = {name.startswith("-") for name in names}
        if not names or names[-1].lstrip("-") != "pk" or len(directions) != 1:
            raise ValueError(f"A keyset needs one direction, and pk at the end: {names}")
        return cls(
            [name.lstrip("-") for name in names],
            # reverse() leaves the names alone and turns their direction.
            directions.pop() == queryset.query.standard_ordering,
        )

    @property
    def columns(self) -> list[str]:
        return ["id" if name == "pk" else name for name in self.names]

    @property
    def sql(self) -> str:
        return ", ".join(
            f"{column} DESC" if self.is_descending else column for column in self.columns
        )

    def values_of(self, row: Any) -> list[Any]:
        return [getattr(row, name) for name in self.names]

    def walk(self, queryset: QuerySet[Any], position: Position) -> QuerySet[Any]:
        """The rows after a position, or those before it from the nearest on."""
        # A comparison of rows, which an index answers; spelled out with OR it would not.
        is_below = self.is_descending != position.is_backward
        lookup = TupleLessThan if is_below else TupleGreaterThan
        columns = Tuple(*(F(name) for name in self.names))
        walk = queryset.reverse() if position.is_backward else queryset
        return walk.filter(lookup(columns, position.values))


class Page(NamedTuple):
    """Some rows, and the positions of the pages before and after them, if there are any."""

    rows: list[Any]
    next: Position | None
    previous: Position | None


def fetch_page(queryset: QuerySet[Any], limit: int, position: Position | None) -> Page:
    """At most `limit` rows of an ordered queryset, from `position` or from its start."""
    is_backward = position is not None and position.is_backward
    ordering = Ordering.of(queryset)
    walk = queryset if position is None else ordering.walk(queryset, position)
    rows = list(walk[: limit + 1])
    has_more = len(rows) > limit
    rows = rows[:limit]
    if is_backward:
        rows.reverse()
    if not rows:
        return Page([], None, None)
    bounds = ordering.values_of(rows[0]), ordering.values_of(rows[-1])
    return Page(rows, *beside(position, bounds, has_more=has_more))


def beside(
    position: Position | None, bounds: tuple[list[Any], list[Any]], *, has_more: bool
) -> tuple[Position | None, Position | None]:
    """The positions of the next and the previous page, if there are any.

    `bounds` are the values of the page's first and last row. Whoever came to `position` came
    from the page beside it, on one side; `has_more` says whether there is one on the other.
    """
    first, last = bounds
    is_backward = position is not None and position.is_backward
    has_next, has_previous = (True, has_more) if is_backward else (has_more, position is not None)
    return (
        Position(last) if has_next else None,
        Position(first, is_backward=True) if has_previous else None,
    )


def encode(position: Position, scope: str) -> str:
    """An opaque token, valid for this scope alone."""
    values = [
        value.isoformat() if isinstance(value, datetime) else value for value in position.values
    ]
    return _signer(scope).sign_object([values, position.is_backward])


def decode(token: str, scope: str) -> Position:
    """Raises InvalidParameters if the token was changed, or made for another list."""
    try:
        values, is_backward = _signer(scope).unsign_object(token)
    except (signing.BadSignature, ValueError) as error:
        message = "This cursor was not made for this list. Start again without it."
        raise InvalidParameters({"cursor": [ValidationError(message, code="invalid")]}) from error
    return Position(values, is_backward)


def _signer(scope: str) -> signing.Signer:
    return signing.Signer(sep="~", salt=f"cursor of {scope}")


class KeysetPagination(BasePagination):
    """Pages as `{"count", "next", "previous", "results"}`.

    Reads `limit` and `cursor` from the filter set that StrictFilterBackend left in the view.
    """

    request: Request
    count: int
    page: Any

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        limit, position = self.read(request, view)
        self.count = queryset.count()
        self.page = fetch_page(queryset, limit, position)
        rows: list[Any] = self.page.rows
        return rows

    def read(self, request: Request, view: Any) -> tuple[int, Position | None]:
        """The limit, and the position that the cursor stands for."""
        self.request = request
        self.scope = f"{request.path}?{view.filterset.scope}"
        parameters = view.filterset.values
        token = parameters["cursor"]
        position = None if token is None else decode(token, self.scope)
        return parameters["limit"], position

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "count": self.count,
                "next": self.link(self.page.next),
                "previous": self.link(self.page.previous),
                "results": data,
            },
            headers=self.link_header(),
        )

    def link_header(self) -> dict[str, str]:
        """The header `Link` of the pages before and after this one (RFC 8288)."""
        links = {"next": self.link(self.page.next), "prev": self.link(self.page.previous)}
        header = ", ".join(f'<{url}>; rel="{rel}"' for rel, url in links.items() if url)
        return {"Link": header} if header else {}

    def link(self, position: Position | None) -> str | None:
        """The URL of the page that starts at `position`."""
        if position is None:
            return None
        url = self.request.build_absolute_uri()
        return replace_query_param(url, "cursor", encode(position, self.scope))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        properties = {
            "count": {"type": "integer", "minimum": 0},
            "next": link,
            "previous": link,
            "results": schema,
        }
        return {"type": "object", "required": [*properties], "properties": properties}

"""Pages of lists, with links to the pages beside them."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from backend.http.cursors import decode, encode
from backend.http.errors import InvalidParameters
from backend.http.invalid_values import invalid_values
from backend.rendering.keyset import Ordering, Position, next_and_previous, rows_from
from backend.rendering.statements import RenderedPage, Sql, count_of, render_page


class KeysetPagination(BasePagination):
    """Pages as `{"count", "next", "previous", "results"}`.

    Reads `limit` and `cursor` from the filter set that StrictFilterBackend left in the view.
    """

    # How far rows are counted whose number is not known; None is to the end.
    count_to: int | None = None
    page: RenderedPage
    # Of the pages before and after this one, by their relation to it.
    cursors: dict[str, str]
    urls: dict[str, str]

    def paginate(
        self, queryset: QuerySet[Any], request: Request, view: Any, *, total: str | None = None
    ) -> None:
        """Read a page of an ordered queryset; `total` is SQL for the number of rows, if known."""
        limit, position = self._asked(request, view)
        with view.searching():
            self.page = render_page(
                view.candidates(queryset, limit, position),
                view.row_json,
                limit=limit,
                position=position,
                matched=Sql(total) if total else count_of(queryset, at_most=self.count_to),
            )
        self._link(self.page.next, self.page.previous)

    def _asked(self, request: Request, view: Any) -> tuple[int, Position | None]:
        """How many rows, and from where; raises InvalidParameters for another list's cursor."""
        self.request = request
        self.here = request.build_absolute_uri()
        self.scope = f"{request.path}?{view.filterset.scope}"
        token = view.filterset.values["cursor"]
        try:
            position = None if token is None else decode(token, self.scope)
        except ValidationError as error:
            location = view.filterset.locate("cursor")
            raise InvalidParameters(invalid_values(location, error)) from error
        return view.filterset.values["limit"], position

    def _link(self, following: Position | None, previous: Position | None) -> None:
        adjacent = {"next": following, "prev": previous}
        self.cursors = {rel: encode(place, self.scope) for rel, place in adjacent.items() if place}
        self.urls = {
            rel: replace_query_param(self.here, "cursor", cursor)
            for rel, cursor in self.cursors.items()
        }

    def pages(self) -> dict[str, str | None]:
        """The URLs of the pages beside this one."""
        return {"next": self.urls.get("next"), "previous": self.urls.get("prev")}

    def document(self) -> bytes:
        return self.collection({"count": self.page.matched, **self.pages()}, "results")

    def collection(self, head: dict[str, Any], name: str) -> bytes:
        """A JSON object with the members of `head`, and the rows as the member `name`."""
        members = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
        return b"".join((f'{members[:-1]},"{name}":['.encode(), self.page.rows, b"]}"))

    def link_header(self) -> dict[str, str]:
        """The header `Link` of the pages before and after this one (RFC 8288)."""
        header = ", ".join(f'<{url}>; rel="{rel}"' for rel, url in self.urls.items())
        return {"Link": header} if header else {}

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        properties = {
            "count": {"type": "integer", "minimum": 0},
            "next": link,
            "previous": link,
            "results": schema,
        }
        return {"type": "object", "required": [*properties], "properties": properties}


class ObjectPagination(KeysetPagination):
    """The same of rows that are read into objects, for serializers that say more than a row has."""

    objects: list[Any]

    def paginate_objects(self, queryset: QuerySet[Any], request: Request, view: Any) -> None:
        """Read a page of an ordered queryset, and how many rows match, by two queries."""
        limit, position = self._asked(request, view)
        self.count = queryset.count()
        found = list(rows_from(queryset, position)[: limit + 1])
        page = found[:limit]
        if position is not None and position.is_backward:
            page.reverse()
        ordering = Ordering.of(queryset)
        bounds = ([], []) if not page else (_place(ordering, page[0]), _place(ordering, page[-1]))
        self.objects = page
        self._link(
            *(
                next_and_previous(position, bounds, has_more=len(found) > limit)
                if page
                else (None, None)
            )
        )

    def object_document(self, results: list[Any]) -> dict[str, Any]:
        return {"count": self.count, **self.pages(), "results": results}


def _place(ordering: Ordering, row: Any) -> list[str]:
    """The values that a row is ordered by, as PostgreSQL reads them."""
    return [str(getattr(row, column)) for column in ordering.columns]

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
        self.request = request
        self.here = request.build_absolute_uri()
        scope = f"{request.path}?{view.filterset.scope}"
        parameters = view.filterset.values
        limit, token = parameters["limit"], parameters["cursor"]
        try:
            position = None if token is None else decode(token, scope)
        except ValidationError as error:
            location = view.filterset.locate("cursor")
            raise InvalidParameters(invalid_values(location, error)) from error
        self.page = render_page(
            view.candidates(queryset, limit, position),
            view.row_json,
            limit=limit,
            position=position,
            matched=Sql(total) if total else count_of(queryset, at_most=self.count_to),
        )
        adjacent = {"next": self.page.next, "prev": self.page.previous}
        self.cursors = {rel: encode(place, scope) for rel, place in adjacent.items() if place}
        self.urls = {
            rel: replace_query_param(self.here, "cursor", cursor)
            for rel, cursor in self.cursors.items()
        }

    def document(self) -> bytes:
        links = {"next": self.urls.get("next"), "previous": self.urls.get("prev")}
        return self.collection({"count": self.page.matched, **links}, "results")

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

from collections.abc import Generator
from contextlib import closing
from itertools import chain, islice

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from backend.api.feature_schemas import WHOLE_SET
from backend.api.features import GEO_JSON
from backend.api.stakeholders import ExportFilterSet, FeatureViewSet
from backend.http.overload import EXPORTS
from backend.public import PublicStakeholder
from backend.rendering.json_objects import JsonObject
from backend.rendering.statements import ROWS_PER_FETCH, SEPARATOR, render_all

# A set of no more features is made before it is sent, in as many chunks, and the end.
MAX_AT_ONCE = 10_000
CHUNKS_AT_ONCE = MAX_AT_ONCE // ROWS_PER_FETCH + 1


class ExportViewSet(FeatureViewSet):
    """All stakeholders the public may see, as one document."""

    filterset_class = ExportFilterSet
    pagination_class = None

    @extend_schema(
        operation_id="exportStakeholders",
        summary="Export stakeholders",
        description="All of the list in one document: what GDAL, QGIS and geopandas open.",
        tags=["stakeholders"],
        filters=True,
        responses={(200, GEO_JSON): WHOLE_SET},
    )
    @action(detail=False)
    def stream(self, _request: Request) -> HttpResponseBase:
        queryset = self.filter_queryset(self.get_queryset())
        chunks = stream_collection(queryset, self.row_json)
        # No larger than the largest page, it is sent and kept like one; and what fails by then
        # is an error, not half of an answer.
        start = list(islice(chunks, CHUNKS_AT_ONCE))
        beyond = next(chunks, None)
        if beyond is None:
            return self.rendered(b"".join(start))
        # More holds its thread for as long as it takes, and needs a place for that.
        chunks = in_place(beyond, chunks)
        start.append(next(chunks))
        # It closes the chunks, and their transaction with them, before Django looks whether the
        # connection is fit for another request; a chain would leave them to the collector.
        response = StreamingHttpResponse(chunks, content_type=GEO_JSON)
        response.streaming_content = chain(start, chunks)
        # Half of it, which the server ends like the whole, would be confirmed by its ETag.
        response["Cache-Control"] = "no-store"
        return response

    def head_of_stream(self, _request: Request) -> StreamingHttpResponse:
        is_large = self.filter_queryset(self.get_queryset())[MAX_AT_ONCE:].exists()
        # An empty stream has no length to tell.
        response = StreamingHttpResponse([], content_type=GEO_JSON)
        if is_large:
            response["Cache-Control"] = "no-store"
        return response


def in_place(first: bytes, others: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    """The chunks, in one of the places for exports; the first raises a 503 if there is none."""
    with closing(others), EXPORTS.place():
        yield first
        yield from others


def stream_collection(
    queryset: QuerySet[PublicStakeholder], row_json: JsonObject
) -> Generator[bytes, None, None]:
    """All features of an ordered queryset as one FeatureCollection."""
    # Without a name GDAL would call the layer something else when the URL has a query.
    before = b'{"type":"FeatureCollection","name":"stakeholders","features":[\n'
    for features in render_all(queryset, row_json):
        yield before + SEPARATOR.join(features)
        before = SEPARATOR
    yield b"\n]}\n" if before == SEPARATOR else before + b"]}\n"

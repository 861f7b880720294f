"""Tables that staff take away, from the API or from the admin: on record, and streamed."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import chain, islice
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from backend.actions.exports import finish_export, record_export
from backend.http.compression import compress, encoding_for
from backend.http.overload import EXPORTS
from backend.models import Export
from backend.rendering.staff_tables import without_private
from backend.rendering.tables import Columns, Format, render_table

PRIVATE = "coalition.export_private_details"


class Table(NamedTuple):
    """All columns of a table, the private ones too, and what it is on record as."""

    resource: Export.Resource
    columns: Columns


def recorded(
    rows: QuerySet[Any], table: Table, form: Format, *, filters: Mapping[str, Any], by: User
) -> Iterator[bytes]:
    """The table, on record before anything of it is read, and again at its end.

    The first chunk raises a 503 where too many are made at once.
    """
    is_private = by.has_perm(PRIVATE)
    columns = table.columns if is_private else without_private(table.columns)
    with EXPORTS.place():
        record = record_export(
            resource=table.resource,
            form=form.name,
            filters=filters,
            has_private_details=is_private,
            by=by,
        )
        number = 0
        with closing(render_table(rows, columns, form)) as chunks:
            for rendered, text in chunks:
                number += rendered
                yield text
        finish_export(export=record, rows=number)


def download(
    chunks: Iterator[bytes], table: Table, form: Format, *, accept_encoding: str
) -> StreamingHttpResponse:
    """The answer that browsers save; its first chunk is read before there is one."""
    # What fails by then is an error, not half of an answer.
    start = list(islice(chunks, 1))
    response = StreamingHttpResponse(chunks, content_type=form.media_type)
    # It closes the chunks, and their transaction with them; a chain would leave them to the
    # collector.
    response.streaming_content = chain(start, chunks)
    name = f"{table.resource}-{timezone.now():%Y-%m-%d}.{form.name}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    compress(response, encoding_for(accept_encoding))
    return response

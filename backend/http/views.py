"""What all views share."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache, lru_cache, partial
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from psycopg.errors import QueryCanceled
from rest_framework import status
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from backend.database.reading import chosen
from backend.database.replica import FAILURES, replica
from backend.http.caching import conditional_response, held_position
from backend.http.errors import InvalidParameters, Problem
from backend.http.invalid_values import at_parameter, unknown
from backend.http.pagination import KeysetPagination
from backend.public import PublicModel
from backend.public.revisions import revision_of
from backend.rendering.json_objects import JsonObject, json_object_of
from backend.rendering.keyset import Position
from backend.rendering.statements import render_row

JSON = "application/json"

Handler = TypeVar("Handler", bound=Callable[..., Any])


class JSONNegotiation(DefaultContentNegotiation):
    """The one representation there is, for whoever accepts it by its own name or as JSON."""

    def select_renderer(
        self,
        request: Request,
        renderers: Sequence[BaseRenderer],  # type: ignore[override]  # the stubs ask for less
        format_suffix: str | None = None,  # noqa: ARG002  # the signature is DRF's
    ) -> tuple[BaseRenderer, str]:
        renderer = renderers[0]
        media_type = str(renderer.media_type)
        if not accepts(request.META.get("HTTP_ACCEPT", "*/*"), media_type):
            raise NotAcceptable(available_renderers=renderers)
        return renderer, media_type


# Most clients send one of a few headers, and reading one takes as long as all else of a 304.
@lru_cache(maxsize=32)
def accepts(accept: str, media_type: str) -> bool:
    """Whether a header Accept allows the media type, by its own name or as JSON."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT"] = accept
    # GDAL does not know geo+json: it asks for text/plain and application/json.
    return request.accepts(media_type) or request.accepts(JSON)


class JSONView(APIView):
    """What answers JSON, and says of itself what its clients must know.

    `backend.http.openapi` reads it from here. Each attribute but `is_page` can be another for one
    route, by `as_view(attribute=…)`, or for one action, by `@action(attribute=…)`. Who may call a
    view is in its `permission_classes`: nobody, unless it says otherwise.
    """

    content_negotiation_class: type[BaseContentNegotiation] = JSONNegotiation
    # Problems, by status, that it can answer beside those that any view of its kind can.
    problems: ClassVar[Collection[int]] = ()
    # None is what DRF's generic views answer: 201 creates, 204 deletes, 200 is anything else.
    success_status: ClassVar[int | None] = None
    # Whether a GET has an ETag, and is answered by 304 to whoever has the answer already.
    is_revalidated: ClassVar[bool] = False
    # Whether the answer has an ETag for the If-Match of whoever changes what it shows.
    is_tagged: ClassVar[bool] = False
    # Schemas of the same answer in other media types than JSON, for whoever prefers those.
    representations: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    # Whether a request may not leave out the body that is described.
    needs_body: ClassVar[bool] = True
    # Whether the request may have an Idempotency-Key.
    takes_idempotency_key: ClassVar[bool] = False
    # Whether a browser shows it, so that the middleware of pages matters.
    is_page: ClassVar[bool] = False
    # Whether it cannot answer without the database.
    asks_database: ClassVar[bool] = True
    # Whether a 409 names the fields whose values another row has: that tells the client of a
    # row which it may not be allowed to know of.
    names_taken_values: ClassVar[bool] = False
    # What the OpenAPI document says of the variables in the path, by name.
    path_parameters: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not hasattr(self, "filterset_class") or getattr(self, "action", "") == "retrieve":
            errors = unknown(request.query_params, (), at_parameter)
            if errors:
                raise InvalidParameters(errors)

    def options(self, *_args: Any, **_kwargs: Any) -> Response:
        """The methods allowed here, in the header Allow."""
        return Response(status=status.HTTP_204_NO_CONTENT)


def operation(**declared: Any) -> Callable[[Handler], Handler]:
    """Decorate a method of a JSONView that differs from the view in some of what it declares."""

    def declare(handler: Handler) -> Handler:
        vars(handler).update(declared)
        return handler

    return declare


def declared(view: Any, method: str, name: str) -> Any:
    """What the view's handler of the method declares by `operation`, or else the view."""
    handler = getattr(view, getattr(view, "action", None) or method.lower(), view)
    return getattr(handler, name, getattr(view, name))


class PublicView(JSONView):
    """Readable by everybody, and kept by any cache that asks whether its copy is current."""

    permission_classes = [AllowAny]
    is_revalidated = True
    cache_control: ClassVar[str] = "public, no-cache"
    # The headers of a request that the answer depends on.
    vary: ClassVar[Sequence[str]] = ["Accept-Encoding"]
    # The database views whose rows the answers show.
    shown: ClassVar[Sequence[type[PublicModel]]] = ()
    # Of the look-up that comes before the view's own work.
    _outage: Exception | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer with what the client or the cache has, before DRF does any work."""
        handler = partial(self._rendered, request, *args, **kwargs)
        is_read = request.method in {"GET", "HEAD"}
        if not (is_read and self.is_revalidated and self.is_acceptable(request)):
            return handler()
        answer = partial(self._known_or_made, request, handler)
        try:
            if replica.is_used:
                return replica.answered(held_position(request), answer)
            return answer()
        except FAILURES as error:
            self._outage = error
            return handler()

    def _known_or_made(
        self, request: HttpRequest, handler: Callable[[], HttpResponseBase]
    ) -> HttpResponseBase:
        return conditional_response(request, self.revision(request), handler, self.vary)

    def handle_exception(self, exc: Exception) -> Response:
        if chosen() and isinstance(exc, FAILURES) and not isinstance(exc.__cause__, QueryCanceled):
            raise exc  # another server may answer
        return super().handle_exception(exc)

    def initial(self, *args: Any, **kwargs: Any) -> None:
        super().initial(*args, **kwargs)
        if self._outage:
            # To ask again would be to wait as long again.
            raise self._outage

    def _rendered(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response.render() if isinstance(response, SimpleTemplateResponse) else response

    def revision(self, request: HttpRequest) -> str:
        """What stands for the rows that the answer shows."""
        return revision_of(*self.shown_by(request))

    def shown_by(self, _request: HttpRequest) -> Sequence[type[PublicModel]]:
        return self.shown

    def is_acceptable(self, request: HttpRequest) -> bool:
        media_type = str(self.renderer_classes[0].media_type)
        return accepts(request.META.get("HTTP_ACCEPT", "*/*"), media_type)

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(*args, **kwargs)
        if response.status_code == status.HTTP_200_OK:
            response.setdefault("Cache-Control", self.cache_control)
        return response


@cache
def _json_object_of(serializer_class: type[BaseSerializer[Any]]) -> JsonObject:
    return json_object_of(serializer_class())


class RenderedViewSet(PublicView, GenericViewSet[Any]):
    """Rows of a queryset as JSON that the database renders; the serializer describes it."""

    renderer_classes = [JSONRenderer]
    pagination_class: Any = KeysetPagination

    @property
    def row_json(self) -> JsonObject:
        """How the database writes a row: as the serializer would."""
        serializer_class: Any = self.get_serializer_class()
        return _json_object_of(serializer_class)

    def list(self, request: Request, *_args: Any, **_kwargs: Any) -> HttpResponse:
        queryset = self.filter_queryset(self.get_queryset())
        page: KeysetPagination = self.pagination_class()
        page.paginate(queryset, request, self, total=self.total())
        return self.rendered(page.document(), page.link_header())

    def rendered(self, body: bytes, headers: dict[str, str] | None = None) -> HttpResponse:
        return HttpResponse(body, str(self.renderer_classes[0].media_type), headers=headers)

    def candidates(
        self,
        queryset: QuerySet[Any],
        _limit: int,
        _position: Position | None,
    ) -> QuerySet[Any]:
        """The rows among which a page is looked for."""
        return queryset

    def searching(self) -> AbstractContextManager[None]:
        """What the search for a page is made in."""
        return nullcontext()

    def total(self) -> str | None:
        """SQL for the number of rows on all pages, if that is kept somewhere."""
        return None

    def retrieve(self, *_args: Any, **kwargs: Any) -> HttpResponse:
        row = render_row(self.get_queryset().filter(**kwargs), self.row_json)
        if row is None:
            raise Problem(HTTPStatus.NOT_FOUND)
        return self.rendered(row)

"""What all public views share."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from django.db import DatabaseError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.cache import patch_cache_control
from rest_framework import status
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.api.caching import answer
from backend.api.parameters import read_query, refuse_unknown
from backend.models import Revision

JSON = "application/json"


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
        # GDAL does not know geo+json: it asks for text/plain and application/json.
        if not request.accepts(media_type) and not request.accepts(JSON):
            raise NotAcceptable(available_renderers=renderers)
        return renderer, media_type


class PublicView(APIView):
    """Readable by everybody, and kept by any cache that asks whether its copy is current."""

    content_negotiation_class: type[BaseContentNegotiation] = JSONNegotiation
    cache_control: ClassVar[dict[str, bool]] = {"public": True, "no_cache": True}
    # The models whose rows the answers show; None if an answer is good for one moment only.
    shown_models: ClassVar[tuple[type[Model], ...] | None] = ()

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        make = partial(super().dispatch, request, *args, **kwargs)
        if request.method not in {"GET", "HEAD"} or self.shown_models is None:
            return make()
        if not self.is_acceptable(request):
            return make()  # or rather the problem that this is
        try:
            revision = self.revision(request)
        except DatabaseError:
            return make()  # it will fail too, and say so
        return answer(request, revision, make)

    def revision(self, request: HttpRequest) -> str:  # noqa: ARG002  # for those that need it
        """What stands for the rows that the answer shows."""
        tables = (model._meta.db_table for model in self.shown_models or ())
        return Revision.objects.of(*tables) if self.shown_models else ""

    def is_acceptable(self, request: HttpRequest) -> bool:
        return request.accepts(str(self.renderer_classes[0].media_type)) or request.accepts(JSON)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not hasattr(self, "filterset_class") or getattr(self, "action", "") == "retrieve":
            refuse_unknown(read_query(request.query_params), {})

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(*args, **kwargs)
        if response.status_code == status.HTTP_200_OK:
            patch_cache_control(response, **self.cache_control)
        return response

    def options(self, *_args: Any, **_kwargs: Any) -> Response:
        """The methods allowed here, in the header Allow."""
        return Response(status=status.HTTP_204_NO_CONTENT)

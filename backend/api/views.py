"""What all public views share."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.utils.cache import patch_cache_control
from rest_framework import status
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.api.parameters import read_query, refuse_unknown

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

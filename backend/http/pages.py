"""Documents that are not JSON, pages of HTML among them."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer, TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from backend.http.views import JSON, PublicView


class DocumentView(PublicView):
    """A document that is not JSON; its problems are."""

    content_negotiation_class = DefaultContentNegotiation
    vary = ["Accept", "Accept-Encoding"]

    def is_acceptable(self, _request: HttpRequest) -> bool:
        return True  # or a problem, which is not kept

    def revision(self, request: HttpRequest) -> str:
        """There may be several representations."""
        return request.headers.get("Accept", "")

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        if response.status_code != status.HTTP_200_OK:
            request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSON
        return super().finalize_response(request, response, *args, **kwargs)


class PageView(DocumentView):
    """A page of HTML, which the Content-Security-Policy holds to what this machine serves."""

    is_page = True
    renderer_classes = [TemplateHTMLRenderer]
    template_name: str

    @extend_schema(exclude=True)
    def get(self, _request: Request) -> Response:
        return Response(self.context())

    def context(self) -> dict[str, Any]:
        return {"title": settings.SPECTACULAR_SETTINGS["TITLE"]}

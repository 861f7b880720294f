"""The OpenAPI document, its two readers, and the page that explains the problems."""

from functools import cache
from pathlib import Path
from typing import Any

import markdown
from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString, mark_safe
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
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

    @classmethod
    def is_acceptable(cls, _request: HttpRequest) -> bool:
        return True  # or a problem, which is not kept

    @classmethod
    def revision(cls, request: HttpRequest) -> str:
        """There may be several representations."""
        return request.headers.get("Accept", "")

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        if response.status_code != status.HTTP_200_OK:
            request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSON
        return super().finalize_response(request, response, *args, **kwargs)


class SchemaView(DocumentView, SpectacularAPIView):
    """The OpenAPI document of this API, as YAML or JSON."""


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


class SwaggerView(PageView):
    """The document, to read and to try out."""

    template_name = "backend/swagger.html"


# Its search runs in a worker that it makes out of its own text.
@method_decorator(csp_update({"worker-src": ["blob:"]}), name="dispatch")
class RedocView(PageView):
    """The document, to read."""

    template_name = "backend/redoc.html"
    # It makes its styles as it runs, and the policy lets it by a nonce: one for each page.
    cache_control = "no-store"
    is_revalidated = False


class ProblemsView(PageView):
    """What the `type` of a problem points to."""

    template_name = "backend/problems.html"

    def context(self) -> dict[str, Any]:
        return super().context() | {"explanations": explanations()}


@cache
def explanations() -> SafeString:
    """docs/problems.md as HTML; each heading's id is the fragment of a problem's `type`."""
    text = (Path(settings.BASE_DIR) / "docs" / "problems.md").read_text(encoding="utf-8")
    html = markdown.markdown(text, extensions=["fenced_code", "tables", "toc"])
    return mark_safe(html)  # noqa: S308  # the text is ours

"""The OpenAPI document, its two readers, and the page that explains the problems."""

from functools import cache
from pathlib import Path
from typing import Any

import markdown
from csp.decorators import csp_update
from django.conf import settings
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString, mark_safe
from drf_spectacular.views import SpectacularAPIView

from backend.http.pages import DocumentView, PageView


class SchemaView(DocumentView, SpectacularAPIView):
    """The OpenAPI document of this API, as YAML or JSON."""


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

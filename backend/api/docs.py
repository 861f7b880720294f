"""The OpenAPI document, and its two readers."""

from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)


class SchemaView(SpectacularAPIView):
    """The OpenAPI document of this API."""


class SwaggerView(SpectacularSwaggerSplitView):
    """The document, to read and to try out."""

    url_name = "schema"


class RedocView(SpectacularRedocView):
    """The document, to read."""

    url_name = "schema"

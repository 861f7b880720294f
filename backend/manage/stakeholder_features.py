"""Staff's stakeholders as GeoJSON features, for whoever asks by `Accept: application/geo+json`."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from backend.api.features import GEO_JSON, GeoJSONRenderer
from backend.http.openapi_components import ref
from backend.http.views import JSON, JSONNegotiation
from backend.manage.schemas import COUNT, answer, array_of

FEATURE = answer(
    type={"type": "string", "const": "Feature"},
    id={"type": "integer"},
    geometry={
        "description": "The `location`.",
        "oneOf": [ref("schemas/Point"), {"type": "null"}],
    },
    properties={
        "type": "object",
        "description": "All else of the stakeholder, as in JSON.",
        "additionalProperties": True,
    },
)
LINK = {"type": ["string", "null"], "format": "uri"}
FEATURES = answer(
    type={"type": "string", "const": "FeatureCollection"},
    count=COUNT | {"description": "How many there are on all pages."},
    next=LINK,
    previous=LINK,
    features=array_of(FEATURE, "In the order of the list."),
)


class FeatureRenderer(GeoJSONRenderer):
    """A row, or a page of rows, as a Feature or a FeatureCollection."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if renderer_context and renderer_context["response"].status_code == HTTPStatus.OK:
            data = _collection(data) if "results" in data else _feature(data)
        return super().render(data, accepted_media_type, renderer_context)


class FeatureNegotiation(JSONNegotiation):
    """JSON, or GeoJSON for whoever likes that better."""

    def select_renderer(
        self,
        request: Request,
        renderers: Sequence[BaseRenderer],  # type: ignore[override]  # the stubs ask for less
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        preferred = request.get_preferred_type([JSON, GEO_JSON])
        asked = [each for each in renderers if each.media_type == preferred]
        return super().select_renderer(request, asked or renderers, format_suffix)


def _collection(page: dict[str, Any]) -> dict[str, Any]:
    pages = {name: page[name] for name in ("count", "next", "previous")}
    features = [_feature(row) for row in page["results"]]
    return {"type": "FeatureCollection", **pages, "features": features}


def _feature(row: Mapping[str, Any]) -> dict[str, Any]:
    properties = {name: value for name, value in row.items() if name not in {"id", "location"}}
    identity = {"type": "Feature", "id": row["id"], "geometry": row["location"]}
    return identity | {"properties": properties}

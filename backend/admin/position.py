"""A place on Earth in a form: two numbers, and beside them a map that changes both."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.templatetags.static import static

from backend.models.fields import WGS84

# Of a degree: a tenth of a metre.
DIGITS = 6


class PositionWidget(forms.MultiWidget):
    """Latitude and longitude, in the order that other maps copy them, and a marker to drag."""

    template_name = "admin/coalition/position.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        numbers = {"step": "any", "inputmode": "decimal"}
        super().__init__(
            {
                "latitude": forms.NumberInput(numbers | {"aria-label": "Latitude"}),
                "longitude": forms.NumberInput(numbers | {"aria-label": "Longitude"}),
            },
            attrs,
        )

    @property
    def media(self) -> forms.Media:
        return forms.Media(
            css={"all": ["leaflet/leaflet.css"]},
            js=["leaflet/leaflet.js", "backend/admin/position.js"],
        )

    def decompress(self, value: Any) -> list[float | None]:
        if value is None:
            return [None, None]
        return [round(value.y, DIGITS), round(value.x, DIGITS)]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        config: dict[str, Any] = settings.LEAFLET_CONFIG
        _, tiles, options = config["TILES"][0]
        return super().get_context(name, value, attrs) | {
            "map": {
                "tiles": tiles,
                "options": options,
                "centre": config["DEFAULT_CENTER"],
                "zoom": config["DEFAULT_ZOOM"],
                "outlines": static("backend/admin/outlines.json"),
                "images": static("leaflet/images/"),
            }
        }


class PositionFormField(forms.MultiValueField):
    """A point of WGS 84, or None where both numbers are left out."""

    widget = PositionWidget

    def __init__(self, **kwargs: Any) -> None:
        fields = (
            forms.FloatField(min_value=-90, max_value=90, required=False),
            forms.FloatField(min_value=-180, max_value=180, required=False),
        )
        super().__init__(fields, require_all_fields=False, required=False, **kwargs)

    def compress(self, data_list: list[float | None]) -> Point | None:
        latitude, longitude = data_list or (None, None)
        if latitude is None and longitude is None:
            return None
        if latitude is None or longitude is None:
            raise ValidationError("Give both, the latitude and the longitude.", code="incomplete")
        return Point(longitude, latitude, srid=WGS84)

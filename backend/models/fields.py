"""Fields that hold what they promise whichever way a value is written."""

# The ignored type-arg errors: the fields of Django take type arguments in its stubs alone.

import math
import re
from typing import Any

import nh3
from django.contrib.gis.db.models import PointField
from django.contrib.gis.geos import GEOSGeometry, Point
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.forms import Field as FormField

WGS84 = 4326

# Text that may be left out, in Python, in forms and in SQL alike: it is then empty, never null.
OPTIONAL_TEXT: dict[str, Any] = {"blank": True, "default": "", "db_default": ""}

RICH_TEXT_URL_SCHEMES = {"https", "mailto", "tel"}
# nh3 does not judge the URLs of citations, which browsers do not show.
RICH_TEXT_ATTRIBUTES = {tag: names - {"cite"} for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}


def clean_rich_text(html: str) -> str:
    """HTML without scripts, handlers, forms, styles, or links to another site but by https."""
    return nh3.clean(
        html,
        attributes=RICH_TEXT_ATTRIBUTES,
        url_schemes=RICH_TEXT_URL_SCHEMES,
        url_relative=_drop_protocol_relative_url,
    )


def _drop_protocol_relative_url(url: str) -> str | None:
    # As browsers read it (URL Standard, 4.4): a backslash is a slash; tabs and line ends, and
    # control characters and spaces at the start, are not there.
    as_read = re.sub(r"^[\x00-\x20]+|[\t\n\r]", "", url).replace("\\", "/")
    return None if as_read.startswith("//") else url


class RichTextField(models.TextField):  # type: ignore[type-arg]
    """HTML, sanitised before every write."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        html = super().pre_save(model_instance, add)
        # Neither a null, which the database refuses, nor an expression.
        if isinstance(html, str):
            html = clean_rich_text(html)
            setattr(model_instance, self.attname, html)
        return html

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        # QuerySet.update() comes here without passing pre_save().
        html = clean_rich_text(value) if isinstance(value, str) else value
        return super().get_db_prep_save(html, connection)


class LowercaseEmailField(models.EmailField):  # type: ignore[type-arg]
    """An e-mail address, stored and looked up in lower case."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value.lower() if isinstance(value, str) else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        email = super().pre_save(model_instance, add)
        if isinstance(email, str):
            email = email.lower()
            setattr(model_instance, self.attname, email)
        return email


class ConsentsField(models.JSONField):
    """Consents by name, each an object: `given`, and the `version`, `sha256` and time (`at`).

    `version` and `sha256` are those of the text that was agreed to, or not; empty if nobody asked.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        fixed: dict[str, Any] = {
            "default": dict,
            "blank": True,
            "db_default": models.Value({}, models.JSONField()),
            "editable": False,
        }
        super().__init__(*args, **{**kwargs, **fixed})


class HttpsURLField(models.URLField):  # type: ignore[type-arg]
    """An absolute https URL."""

    default_validators = [URLValidator(schemes=["https"])]

    def formfield(self, **kwargs: Any) -> FormField | None:
        return super().formfield(**{"assume_scheme": "https", **kwargs})


def validate_position(point: GEOSGeometry) -> None:
    """A longitude in -180..180 and a latitude in -90..90; NaN and infinities are neither."""
    is_wgs84 = point.srid in (None, WGS84)
    if not isinstance(point, Point) or point.empty or point.hasz or not is_wgs84:
        raise ValidationError("Give a longitude and a latitude in WGS 84.", code="invalid")
    x, y = point.x, point.y
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValidationError("Longitude and latitude must be finite numbers.", code="invalid")
    outside = [
        ValidationError(
            f"{name} {degrees} is out of range (-{limit} to {limit}).", code="out_of_range"
        )
        for name, degrees, limit in (("Longitude", x, 180), ("Latitude", y, 90))
        if abs(degrees) > limit
    ]
    if outside:
        raise ValidationError(outside)


class PositionField(PointField):  # type: ignore[type-arg]
    """A point on the Earth's surface: `geography(Point, 4326)`."""

    # PostGIS folds a latitude of 138.9 into 41.1 when it casts to geography, so a check
    # constraint sees only the folded value: the range must hold before the value leaves.
    default_validators = [validate_position]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "geography": True, "srid": WGS84})

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        # An expression is left to the database.
        if value is not None and not hasattr(value, "as_sql"):
            # Text too becomes a geometry here.
            validate_position(self.get_prep_value(value))
        return super().get_db_prep_save(value, connection)

"""Images in forms: a URL, and beside it a file that takes its place, with a look at what is there.

Files are brought before the form is read, and outside its transaction; so one that is fine stays
when another field is wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from csp.decorators import csp_update
from django import forms
from django.conf import settings
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from backend.actions.uploads import bring_image
from backend.admin.history import HistoryAdmin
from backend.images.inspection import InvalidImage
from backend.images.stores import StoreDown
from backend.images.types import IMAGE_TYPES, MAX_BYTES
from backend.models.upload import ImageURLField

UPLOAD = "coalition.add_upload"
FILE = "-file"
DOWN = "Images cannot be kept right now. Try again in a minute, or save the rest without it."


@dataclass(frozen=True)
class Refused:
    """A file that cannot be shown, why, and the URL that stood beside it."""

    why: str
    url: str


# What became of the files of a form, by the names of their fields: a URL, or none.
Brought = Mapping[str, str | Refused]


class ImageWidget(forms.URLInput):
    """The URL, the picture if it is one of our own, and a field for another file."""

    template_name = "admin/image.html"
    needs_multipart_form = True

    def __init__(self, brought: Brought) -> None:
        super().__init__({"class": "vURLField"})
        self.brought = brought

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return self.brought.get(name) or super().value_from_datadict(data, files, name)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        url = value.url if isinstance(value, Refused) else value or ""
        return super().get_context(name, url, attrs) | {
            "shown": url if url.startswith(own_images()) else "",
            "file": f"{name}{FILE}",
            "types": ",".join(IMAGE_TYPES),
            "megabytes": MAX_BYTES // 1_000_000,
        }


class ImageFormField(forms.URLField):
    """The URL of an image that everybody can see, or none."""

    def clean(self, value: Any) -> str:
        if isinstance(value, Refused):
            raise ValidationError(value.why, code="invalid_image")
        url: str = super().clean(value)
        return url


class ImageFields(BaseModelAdmin):  # type: ignore[type-arg]  # it takes one in its stubs alone
    """Has files for its images, for those who may upload any."""

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if isinstance(db_field, ImageURLField) and request.user.has_perm(UPLOAD):
            widget = ImageWidget(getattr(request, "brought_images", {}))
            kwargs |= {"form_class": ImageFormField, "widget": widget}
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class ImagesAdmin(ImageFields, HistoryAdmin):
    """Brings the files of its form, those of its inlines too."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if request.method == "POST" and request.user.has_perm(UPLOAD):
            request.brought_images = _bring(request)  # type: ignore[attr-defined]  # for formfield_for_dbfield
        view = with_own_images(super().changeform_view)
        return view(request, object_id, form_url, extra_context)


def own_images() -> str:
    """What the URLs of images in our store begin with: no page shows those from elsewhere."""
    return f"{settings.IMAGES_PUBLIC_URL}/"


def with_own_images(view: Any) -> Any:
    """A view whose page may show the images of our store."""

    def shown(*args: Any, **options: Any) -> Any:
        return csp_update({"img-src": [own_images()]})(view)(*args, **options)

    return shown


def _bring(request: HttpRequest) -> Brought:
    by = cast("User", request.user)
    fields = {name.removesuffix(FILE): name for name in request.FILES if name.endswith(FILE)}
    return {
        field: _outcome(request.FILES[name], request.POST.get(field, ""), by)
        for field, name in fields.items()
    }


def _outcome(file: Any, url: str, by: User) -> str | Refused:
    try:
        return str(bring_image(content=file.read(MAX_BYTES + 1), by=by).image_url)
    except InvalidImage as error:
        return Refused(str(error), url)
    except StoreDown:
        return Refused(DOWN, url)

"""Images that are kept in a folder: the API does for them what S3 does for those in a bucket."""

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from backend.http.errors import InvalidParameters, Problem
from backend.http.invalid_values import at_pointer
from backend.http.parsers import PayloadTooLarge
from backend.http.views import JSONView
from backend.images.folder import Folder, FormRefused
from backend.images.stores import FOR_GOOD, image_store
from backend.images.types import IMAGE_TYPES, MAX_BYTES

# Of the file, and of the fields before it.
MAX_FORM_BYTES = MAX_BYTES + 64 * 1024

MEDIA_TYPES = {image_type.extension: name for name, image_type in IMAGE_TYPES.items()}


class BoundedMultiPartParser(MultiPartParser):
    """A form with an image at most; a larger one is refused by its declared length, unread."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        length = int(parser_context["request"].META.get("CONTENT_LENGTH") or 0)
        if length > MAX_FORM_BYTES:
            raise PayloadTooLarge(f"The form is larger than {MAX_FORM_BYTES} bytes.")
        return super().parse(stream, media_type, parser_context)


class ImageFormView(JSONView):
    """Takes the forms that the folder gave out. Whoever has one may post it."""

    permission_classes = [AllowAny]
    parser_classes = [BoundedMultiPartParser]

    @extend_schema(exclude=True)
    def post(self, request: Request) -> Response:
        file = request.FILES.get("file")
        if file is None:
            error = {**at_pointer("file"), "code": "required", "message": "This is missing."}
            raise InvalidParameters([error])
        try:
            _folder().accept(request.POST, file.read())
        except FormRefused as error:
            raise Problem(HTTPStatus.FORBIDDEN, str(error)) from error
        return Response(status=HTTPStatus.NO_CONTENT)


class ImageView(JSONView):
    """A verified image, as any browser may keep it for ever."""

    permission_classes = [AllowAny]

    @extend_schema(exclude=True)
    def get(self, _request: Request, name: str) -> HttpResponse:
        content = _folder().published(name)
        if content is None:
            raise Problem(HTTPStatus.NOT_FOUND)
        media_type = MEDIA_TYPES[name.rpartition(".")[2]]
        return HttpResponse(content, media_type, headers={"Cache-Control": FOR_GOOD})

    def perform_content_negotiation(self, *_args: Any, **_kwargs: Any) -> tuple[Any, str]:
        """An image is one whatever is asked for; only problems are JSON."""
        renderer = self.get_renderers()[0]
        return renderer, str(renderer.media_type)


def _folder() -> Folder:
    """The store, if it is none that shows its images itself."""
    store = image_store()
    if not isinstance(store, Folder):
        raise Problem(HTTPStatus.NOT_FOUND)
    return store

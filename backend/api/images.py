"""Images that are kept in a folder: the API does for them what S3 does for those in a bucket."""

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from backend.http.errors import InvalidParameters, Problem
from backend.http.forms import FormParser
from backend.http.invalid_values import at_pointer
from backend.http.views import JSONView
from backend.images.folder import Folder, FormRefused
from backend.images.stores import FOR_GOOD, image_store
from backend.images.types import IMAGE_TYPES, MAX_BYTES

MEDIA_TYPES = {image_type.extension: name for name, image_type in IMAGE_TYPES.items()}


class ImageFormParser(FormParser):
    max_file_bytes = MAX_BYTES


class ImageFormView(JSONView):
    """Takes the forms that the folder gave out. Whoever has one may post it."""

    permission_classes = [AllowAny]
    parser_classes = [ImageFormParser]

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

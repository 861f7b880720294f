from http import HTTPStatus
from typing import cast

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.actions.errors import NothingUploaded, UnknownUpload, UploadExpired
from backend.actions.uploads import request_upload, verify_upload
from backend.http.errors import InvalidParameters, Problem
from backend.http.invalid_values import at_parameter
from backend.http.json_schemas import JSONBody
from backend.http.staff import StaffView
from backend.http.views import operation
from backend.images.inspection import InvalidImage
from backend.images.types import IMAGE_TYPES, MAX_BYTES
from backend.manage.schemas import MOMENT, answer

CONTENT_TYPE = {"type": "string", "enum": [*IMAGE_TYPES]}
BYTES = {"type": "integer", "minimum": 1, "maximum": MAX_BYTES}
PIXELS = {"type": "integer", "minimum": 1}
ID = {"type": "string", "format": "uuid"}

PROMISED = JSONBody(
    {
        "type": "object",
        "properties": {
            "content_type": CONTENT_TYPE,
            "size": BYTES | {"description": "Of the file, in bytes."},
        },
        "required": ["content_type", "size"],
        "additionalProperties": False,
    },
    explanations={
        ("content_type", "enum"): ("invalid_choice", f"Give one of {', '.join(IMAGE_TYPES)}."),
        ("size", "minimum"): ("min_value", "Give the size of a file that is not empty."),
        ("size", "maximum"): ("max_value", f"An image may have {MAX_BYTES:,} bytes at most."),
    },
)
REQUESTED = answer(
    id=ID,
    url={"type": "string", "format": "uri", "description": "Where the form is posted."},
    fields={
        "type": "object",
        "additionalProperties": {"type": "string"},
        "description": "Of the form, before its last one: `file`.",
    },
    expires_at=MOMENT | {"description": "Until when the form can be posted."},
    image_url={"type": "null", "description": "Once it is verified."},
)
VERIFIED = answer(
    id=ID,
    image_url={"type": "string", "format": "uri", "description": "Where everybody sees it."},
    content_type=CONTENT_TYPE,
    size=BYTES | {"description": "Of the image that is shown, in bytes."},
    width=PIXELS,
    height=PIXELS,
)


def _user(request: Request) -> User:
    """Whom the view's permission lets in: nobody else than a person who signed in."""
    return cast("User", request.user)


class UploadsView(StaffView):
    permission = "coalition.add_upload"

    @extend_schema(
        operation_id="requestUpload",
        summary="Ask to upload an image",
        description=(
            "Post the file to `url` as `multipart/form-data`, with the `fields` before it, and "
            "have it verified then."
        ),
        request={"application/json": PROMISED.schema},
        responses={201: REQUESTED},
    )
    def post(self, request: Request) -> Response:
        promised = PROMISED.read(request)
        upload, form = request_upload(
            content_type=promised["content_type"],
            size=int(promised["size"]),  # 1.0 is an integer in JSON
            by=_user(request),
        )
        return Response(
            {"id": upload.pk, **vars(form), "image_url": None}, status=HTTPStatus.CREATED
        )


class UploadVerificationView(StaffView):
    permission = "coalition.add_upload"
    path_parameters = {
        "id": {
            "description": "The upload's id.",
            "schema": ID,
            "example": "8b0f1f0e-4d1c-4b7a-9d5e-2f1a6c3b9e77",
        }
    }

    @extend_schema(
        operation_id="verifyUpload",
        summary="Verify an upload",
        description=(
            "Looks at what was posted, shows the picture to everybody at `image_url`, upright and "
            "without what a camera wrote beside it, and answers the same when asked again. Nobody "
            "but administrators can verify another's."
        ),
        request=None,
        responses={200: VERIFIED},
    )
    @operation(problems=[409, 410])
    def post(self, request: Request, id: str) -> Response:  # noqa: A002  # as in the path
        try:
            upload = verify_upload(upload_id=id, by=_user(request))
        except UnknownUpload as error:
            raise Problem(HTTPStatus.NOT_FOUND) from error
        except UploadExpired as error:
            detail = "It was not verified within an hour. Ask for another upload."
            raise Problem(HTTPStatus.GONE, detail) from error
        except NothingUploaded as error:
            detail = "No file has been posted to the upload's url yet."
            raise Problem(HTTPStatus.CONFLICT, detail) from error
        except InvalidImage as error:
            invalid = {**at_parameter("id"), "code": error.code, "message": str(error)}
            raise InvalidParameters([invalid]) from error
        return Response({name: getattr(upload, name) for name in VERIFIED["properties"]})

"""Images of the staff's, which are verified, then shown.

A client asks for an upload and posts its file to the store. The admin has the file already.
"""

from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models.functions import Now

from backend.actions.errors import NothingUploaded, UnknownUpload, UploadExpired
from backend.images.inspection import InvalidImage, rewritten, size_of, type_of
from backend.images.stores import Form, Store, image_store
from backend.images.types import MAX_BYTES
from backend.models import Upload


def request_upload(*, content_type: str, size: int, by: User) -> tuple[Upload, Form]:
    """A new upload, and the form by which its file is posted; raises StoreDown."""
    upload = Upload(content_type=content_type, size=size, created_by=by)
    form = image_store().form(upload.key, content_type=content_type, size=size)
    upload.save(force_insert=True)
    return upload, form


def verify_upload(*, upload_id: UUID | str, by: User) -> Upload:
    """Show what was posted to everybody, if it is what it was said to be; again, the same.

    Raises UnknownUpload, UploadExpired, NothingUploaded, InvalidImage or StoreDown. Whichever line
    the process dies at, it can be called again, or `purge_images` removes what there is.
    """
    try:
        upload = Upload.objects.accessible_to(by).get(pk=upload_id)
    except (Upload.DoesNotExist, ValidationError) as error:  # the latter of what is no UUID
        raise UnknownUpload from error
    store = image_store()
    if upload.verified_at is None:
        _verify(upload, store)
    store.remove(keys=[upload.key])
    return upload


def bring_image(*, content: bytes, by: User) -> Upload:
    """Show everybody a picture that is here already; raises InvalidImage or StoreDown.

    Outside of a transaction: what it takes back, `purge_images` would not find in the store.
    """
    if len(content) > MAX_BYTES:
        raise InvalidImage("too_large", f"An image may have {MAX_BYTES:,} bytes at most.")
    content_type = type_of(content)
    picture = rewritten(content, content_type=content_type, size=len(content))
    upload = Upload.objects.create(content_type=content_type, size=len(content), created_by=by)
    _show(upload, image_store(), picture)
    upload.refresh_from_db()
    return upload


def _verify(upload: Upload, store: Store) -> None:
    waiting = Upload.objects.verifiable().filter(pk=upload.pk)
    content = store.incoming(upload.key) if waiting.exists() else None
    if content is not None:
        _show(upload, store, _picture(upload, store, content))
    upload.refresh_from_db()
    if upload.verified_at is None:
        # Unless somebody who was faster has verified it.
        raise NothingUploaded if waiting.exists() else UploadExpired


def _show(upload: Upload, store: Store, picture: bytes) -> None:
    shown = store.publish(upload.name, picture, content_type=upload.content_type)
    width, height = size_of(shown)
    Upload.objects.verifiable().filter(pk=upload.pk).update(
        size=len(shown), width=width, height=height, verified_at=Now()
    )


def _picture(upload: Upload, store: Store, content: bytes) -> bytes:
    """What is shown of a file, which is removed if it cannot be; raises InvalidImage."""
    try:
        return rewritten(content, content_type=upload.content_type, size=upload.size)
    except InvalidImage:
        store.remove(keys=[upload.key])
        raise

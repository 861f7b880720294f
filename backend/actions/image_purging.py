"""Removing images that nobody verified, or that nothing shows any more."""

import logging
from collections.abc import Iterator

from django.apps import apps
from django.db.models import Model
from django.db.models.functions import Now

from backend.images.stores import StoreDown, image_store
from backend.models import Upload
from backend.models.fields import RichTextField
from backend.models.upload import ImageURLField, uploads_named_in

logger = logging.getLogger(__name__)

# S3 removes a thousand objects at once, of which an upload has two.
BATCH = 500
# Fields in which an image may be shown, by its URL or in rich text.
SHOWING = (ImageURLField, RichTextField)


def purge_images() -> int:
    """Remove them, and say how many. At any time, by anybody."""
    _keep_unused_since()
    try:
        return sum(_removed())
    except StoreDown as error:
        logger.warning("Images are removed later: %s", error)
        return 0


def models_with_images() -> Iterator[type[Model]]:
    """Those whose rows may show an image."""
    for model in apps.get_app_config("coalition").get_models():
        fields = model._meta.concrete_fields
        if model._meta.managed and any(isinstance(each, SHOWING) for each in fields):
            yield model


def _keep_unused_since() -> None:
    # Of all rows: what is deleted softly, or not shown at present, may be again.
    used = {
        upload
        for model in models_with_images()
        for upload in uploads_named_in(model._base_manager.all())
    }
    verified = Upload.objects.exclude(verified_at=None)
    verified.filter(pk__in=used).exclude(unused_since=None).update(unused_since=None)
    verified.filter(unused_since=None).exclude(pk__in=used).update(unused_since=Now())


def _removed() -> Iterator[int]:
    """How many of each batch. Objects go before the rows by which they are found."""
    store = image_store()
    while uploads := list(Upload.objects.past_their_time().order_by("pk")[:BATCH]):
        store.remove(
            keys=[upload.key for upload in uploads],
            names=[upload.name for upload in uploads],
        )
        removed, _ = Upload.objects.filter(pk__in=[upload.pk for upload in uploads]).delete()
        yield removed

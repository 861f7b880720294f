from datetime import timedelta
from typing import Self
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Concat, Now

from backend.images.types import IMAGE_TYPES
from backend.models.fields import HttpsURLField

# From its request. One that is removed has been out of reach of everybody for long.
VERIFIABLE = timedelta(hours=1)
REMOVED_UNVERIFIED = timedelta(days=1)
# From the moment that nothing shows it any more. Nothing may begin to, a day before it goes.
RETIRED_UNUSED = timedelta(days=30)
REMOVED_UNUSED = timedelta(days=31)


class UploadQuerySet(models.QuerySet["Upload"]):
    """Questions one can ask about uploads; answers chain."""

    def accessible_to(self, user: User) -> Self:
        """A user's own; all, to those who may see uploads."""
        return self if user.has_perm("coalition.view_upload") else self.filter(created_by=user)

    def verifiable(self) -> Self:
        return self.filter(verified_at=None, created_at__gt=Now() - VERIFIABLE)

    def usable(self) -> Self:
        """Those whose URL may be written: verified, and not about to be removed."""
        return self.exclude(verified_at=None).exclude(unused_since__lt=Now() - RETIRED_UNUSED)

    def past_their_time(self) -> Self:
        unverified = Q(verified_at=None, created_at__lt=Now() - REMOVED_UNVERIFIED)
        return self.filter(unverified | Q(unused_since__lt=Now() - REMOVED_UNUSED))


class Upload(models.Model):
    """An image that somebody of the staff brings: asked for, posted to the store, then verified."""

    # It cannot be guessed, and names the image in the store.
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    content_type = models.CharField(max_length=20, choices=[(each, each) for each in IMAGE_TYPES])
    # In bytes: of what is to come, and once it is verified of what is shown.
    size = models.IntegerField()
    width = models.IntegerField(null=True)
    height = models.IntegerField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    created_at = models.DateTimeField(db_default=Now())
    verified_at = models.DateTimeField(null=True)
    # Kept by actions/image_purging.py.
    unused_since = models.DateTimeField(null=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        db_table = "core_upload"
        default_permissions = ("add", "view")
        constraints = [
            models.CheckConstraint(
                condition=Q(content_type__in=["image/jpeg", "image/png", "image/webp"]),
                name="valid_upload_type",
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="positive_upload_size"),
            models.CheckConstraint(
                condition=Q(verified_at=None, width=None, height=None, unused_since=None)
                # A null is not less than 1, and would pass.
                | Q(
                    verified_at__isnull=False,
                    width__isnull=False,
                    height__isnull=False,
                    width__gt=0,
                    height__gt=0,
                ),
                name="verified_upload_has_dimensions",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """What it is called in the store until it is verified."""
        return self.id.hex

    @property
    def name(self) -> str:
        """What it is called in the store, and at the end of its URL, once it is verified."""
        return f"{self.id.hex}.{IMAGE_TYPES[self.content_type].extension}"

    @property
    def image_url(self) -> str | None:
        """Where everybody sees it; None until it is verified."""
        return f"{settings.IMAGES_PUBLIC_URL}/{self.name}" if self.verified_at else None


def uploads_named_in(rows: models.QuerySet[models.Model]) -> set[UUID]:
    """Those whose names stand anywhere in the texts of rows, under whichever address."""
    texts = [
        F(field.name)
        for field in rows.model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
    ]
    names = Func(
        Concat(Value(""), *texts, output_field=models.TextField()),
        Value(
            rf"([0-9a-f]{{32}})\.(?:{'|'.join(each.extension for each in IMAGE_TYPES.values())})"
        ),
        Value("g"),
        function="regexp_matches",
        output_field=ArrayField(models.TextField()),
        set_returning=True,
    )
    return {UUID(name) for (name,) in rows.values_list(names, flat=True)}


def validate_image_url(url: str) -> None:
    """Any https URL; of our own store, that of an image that is verified and will stay."""
    own = settings.IMAGES_PUBLIC_URL
    if not _is_below(own, url):
        URLValidator(schemes=["https"])(url)
        return
    name = url.removeprefix(f"{own}/")
    try:
        upload = Upload.objects.usable().filter(pk=UUID(name.partition(".")[0])).first()
    except ValueError:
        upload = None
    if upload is None or url != upload.image_url:
        message = (
            "There is no verified image at this URL. Upload it, or give the URL you were told."
        )
        raise ValidationError(message, code="unverified")


def _is_below(base: str, url: str) -> bool:
    try:
        own, asked = urlsplit(base), urlsplit(url)
    except ValueError:
        return False
    is_same_host = asked.netloc.lower() == own.netloc.lower()
    return is_same_host and asked.path.startswith(f"{own.path}/")


class ImageURLField(HttpsURLField):
    """Where an image is: elsewhere by https, or in our own store."""

    default_validators = [validate_image_url]

"""What came in and went out in bulk, who did it and when. No record has personal data in it."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class TransferQuerySet(models.QuerySet[Any]):
    """Questions one can ask about imports and exports; answers chain."""

    def newest_first(self) -> Self:
        return self.order_by("-pk")


class Import(models.Model):
    """Stakeholders that came from a file, or could have: a dry run changed none."""

    # Null is whoever may use the command line.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    created_at = models.DateTimeField(db_default=Now())
    is_dry_run = models.BooleanField("dry run")
    created = models.IntegerField()
    updated = models.IntegerField()
    unchanged = models.IntegerField()
    refused = models.IntegerField()

    objects: ClassVar = models.Manager.from_queryset(TransferQuerySet)()

    class Meta:
        db_table = "coalition_import"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"Import of {self.created_at:%Y-%m-%d %H:%M}"


class Export(models.Model):
    """A table that was asked for. The record is older than the first byte that was sent."""

    class Resource(models.TextChoices):
        ENDORSEMENTS = "endorsements"
        STAKEHOLDERS = "stakeholders"

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())
    resource = models.CharField(max_length=12, choices=Resource)
    format = models.CharField(max_length=4)
    filters = models.JSONField(
        help_text="As they were asked for, but for text that was searched: that may be a name."
    )
    has_private_details = models.BooleanField(
        "private details", help_text="E-mail addresses and exact locations."
    )
    rows = models.IntegerField(null=True, help_text="None if it never came to its end.")
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar = models.Manager.from_queryset(TransferQuerySet)()

    class Meta:
        db_table = "coalition_export"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"Export of {self.resource}, {self.created_at:%Y-%m-%d %H:%M}"

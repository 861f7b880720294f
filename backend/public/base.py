from typing import ClassVar

from django.db import models


class PublicModel(models.Model):
    """A row of a view. It is read over the connection `public`, and cannot be written."""

    # Where `backend.database.routing` reads it.
    read_from: ClassVar[str] = "public"
    # The view's SELECT.
    definition: ClassVar[str]

    class Meta:
        abstract = True
        managed = False
        default_permissions = ()

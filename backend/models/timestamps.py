from django.db import models
from django.db.models.functions import Now


class TimestampedModel(models.Model):
    """Knows when it was created and last saved."""

    # The defaults in the database serve those who insert by SQL.
    created_at = models.DateTimeField(auto_now_add=True, db_default=Now())
    updated_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        abstract = True

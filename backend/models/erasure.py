from datetime import datetime
from typing import ClassVar

from django.db import models

from backend.models.keyed_digests import keyed_digest


class ErasureQuerySet(models.QuerySet["Erasure"]):
    """Questions one can ask about erasures; answers chain."""

    def record(self, digest: bytes, erased_at: datetime) -> None:
        """Note that an address was erased, or that it was once more."""
        self.bulk_create(
            [Erasure(digest=digest, erased_at=erased_at)],
            update_conflicts=True,
            unique_fields=["digest"],
            update_fields=["erased_at"],
        )


class Erasure(models.Model):
    """That all about whoever read an address was removed; only a digest of it, and when.

    A backup from before brings back what was removed. With this it can be removed again.
    """

    digest = models.BinaryField(max_length=16, primary_key=True)
    erased_at = models.DateTimeField()

    objects: ClassVar = models.Manager.from_queryset(ErasureQuerySet)()

    class Meta:
        db_table = "stakeholders_erasure"
        default_permissions = ()

    def __str__(self) -> str:
        return f"Erased at {self.erased_at}"

    @staticmethod
    def digest_of(email: str) -> bytes:
        """What stands for the address, whatever its case."""
        return keyed_digest("erasure", email.lower())

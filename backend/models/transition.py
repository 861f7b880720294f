from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from backend.models.endorsement import Endorsement
from backend.models.fields import OPTIONAL_TEXT


class TransitionQuerySet(models.QuerySet["Transition"]):
    """Questions one can ask about transitions; answers chain."""

    def in_order(self) -> Self:
        """The first first, with who made them."""
        return self.select_related("by").order_by("created_at", "pk")


class Transition(models.Model):
    """A change of an endorsement's status: who made it, when and why. None is changed or removed.

    From pending to pending means that new words replaced those that waited for a reviewer;
    from approved to approved, that a reviewer accepted new words.
    """

    endorsement = models.ForeignKey(
        Endorsement, on_delete=models.PROTECT, related_name="transitions", db_index=False
    )
    # Empty when the endorsement was made.
    from_status = models.CharField(max_length=10, choices=Endorsement.Status, blank=True)
    to_status = models.CharField(max_length=10, choices=Endorsement.Status)
    # Null is the supporter.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    reason = models.TextField(**OPTIONAL_TEXT)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar = models.Manager.from_queryset(TransitionQuerySet)()

    class Meta:
        db_table = "endorsements_transition"
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["endorsement", "created_at"], name="idx_transition_endorsement")
        ]

    def __str__(self) -> str:
        return f"{self.from_status or 'new'} to {self.to_status}"

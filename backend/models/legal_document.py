from typing import ClassVar, Self

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models

from backend.models import revision_triggers
from backend.models.fields import RichTextField
from backend.models.revision_sql import RowTrigger
from backend.models.timestamps import TimestampedModel

NEVER_CHANGES = "What was published never changes: publish a new version."


class LegalDocumentQuerySet(models.QuerySet["LegalDocument"]):
    """Questions one can ask about legal documents; answers chain."""

    def drafts(self) -> Self:
        return self.filter(published_at=None)

    def current(self) -> Self:
        """The newest that is published, of each kind."""
        published = self.exclude(published_at=None)
        return published.order_by("kind", "-published_at", "-pk").distinct("kind")


class LegalDocument(TimestampedModel):
    """A version of the terms, or of the privacy text, that supporters agree to."""

    class Kind(models.TextChoices):
        TERMS = "terms"
        PRIVACY = "privacy"

    kind = models.CharField(max_length=7, choices=Kind)
    version = models.CharField(
        max_length=20, help_text="As it is put on record with each consent, such as 2026-11."
    )
    title = models.CharField(max_length=200)
    content = RichTextField()
    # Null is a draft, which nobody but staff sees.
    published_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = models.Manager.from_queryset(LegalDocumentQuerySet)()

    class Meta:
        db_table = "core_legaldocument"
        triggers = [
            *revision_triggers.OF_LEGAL_DOCUMENTS,
            RowTrigger(
                name="published_never_changes",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.published_at IS NOT NULL"),
                func=f"RAISE restrict_violation USING MESSAGE = '{NEVER_CHANGES}';",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "-published_at", "-id"], name="idx_legaldocument_current")
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="unique_legal_version"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["terms", "privacy"]), name="valid_legal_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.version}"

    def clean(self) -> None:
        if self.published_at is not None:
            raise ValidationError(NEVER_CHANGES, code="published")

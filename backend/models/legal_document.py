from typing import TYPE_CHECKING, Self

import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Case, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Now

from backend.models import revision_triggers
from backend.models.fields import RichTextField
from backend.models.revision_sql import RowTrigger
from backend.models.timestamps import TimestampedModel

# It stands in URLs, and beside the name of whoever accepted it.
VERSION = r"^[0-9A-Za-z][0-9A-Za-z._-]*\Z"


class LegalDocumentQuerySet(models.QuerySet["LegalDocument"]):
    """Questions one can ask about legal documents; answers chain."""

    def drafts(self) -> Self:
        return self.filter(published_at=None)

    def published(self) -> Self:
        return self.exclude(published_at=None)

    def current(self, kind: str) -> Self:
        """The document of a kind that was published last; empty if none was."""
        newest = LegalDocument.objects.published().filter(kind=kind).newest_first()
        return self.filter(pk=newest.values("pk")[:1])

    def with_state(self) -> Self:
        """Annotate `state`: draft, current or superseded."""
        newest = LegalDocument.objects.published().filter(kind=OuterRef("kind")).newest_first()
        return self.annotate(
            state=Case(
                When(published_at=None, then=Value("draft")),
                When(pk=Subquery(newest.values("pk")[:1]), then=Value("current")),
                default=Value("superseded"),
            )
        )

    def newest_first(self) -> Self:
        """Drafts before all others."""
        return self.order_by("-published_at", "-pk")


class LegalDocument(TimestampedModel):
    """A version of the terms or of the privacy text. It never changes once it is published.

    The one of a kind that was published last is current: what supporters accept.
    """

    class Kind(models.TextChoices):
        TERMS = "terms"
        PRIVACY = "privacy"

    kind = models.CharField(max_length=10, choices=Kind)
    version = models.CharField(
        max_length=20,
        validators=[RegexValidator(VERSION, "Give letters, digits, dots, hyphens or underscores.")],
        help_text="A short name for it, such as 2026-11.",
    )
    title = models.CharField(max_length=200)
    content = RichTextField(
        help_text="HTML. Scripts, forms, styles and links other than https are removed.",
    )
    # actions/legal_documents.py sets it.
    published_at = models.DateTimeField(null=True, editable=False)

    objects = LegalDocumentQuerySet.as_manager()

    if TYPE_CHECKING:
        state: str  # with_state()

    class Meta:
        db_table = "core_legaldocument"
        triggers = [
            *revision_triggers.OF_LEGAL_DOCUMENTS,
            RowTrigger(
                name="keep_published",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Condition("(OLD.published_at IS NOT NULL)"),
                func="""
                    RAISE EXCEPTION 'A published legal document cannot be changed or deleted.'
                    USING ERRCODE = 'integrity_constraint_violation',
                        HINT = 'Write a new version, and publish that.';
                """,
            ),
        ]
        indexes = [
            # The current document of a kind.
            models.Index(
                fields=["kind", "-published_at", "-id"],
                condition=Q(published_at__isnull=False),
                name="idx_legal_current",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="unique_legal_version"),
            models.CheckConstraint(
                condition=Q(kind__in=["terms", "privacy"]), name="valid_legal_kind"
            ),
            models.CheckConstraint(condition=Q(version__regex=VERSION), name="valid_legal_version"),
            # What is true of a moment now stays true, so the check need not be immutable.
            models.CheckConstraint(
                condition=Q(published_at__lte=Now()), name="valid_legal_published_at"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.version})"

    def closed_gates(self) -> list[str]:
        """Why it is not what the public is shown first; empty if it is. Reads with_state()."""
        return [] if self.state == "current" else [self.state]

    def clean(self) -> None:
        """Whoever read it must find what they have read."""
        if self.published_at is not None:
            message = "A published document cannot be changed. Write a new version."
            raise ValidationError(message, code="published")

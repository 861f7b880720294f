from typing import Self

from django.db import models
from django.db.models import Subquery

from backend.models import LegalDocument
from backend.public.base import PublicModel, column


class PublicLegalDocumentQuerySet(models.QuerySet["PublicLegalDocument"]):
    """Questions anybody may ask about legal documents; answers chain."""

    def current(self) -> Self:
        """The newest of each kind."""
        return self.order_by("kind", "-published_at", "-pk").distinct("kind")

    def of_kind(self, kind: str) -> Self:
        return self.filter(kind=kind)

    def of_version(self, version: str) -> Self:
        return self.filter(version=version)

    def newest(self) -> Self:
        """One at most."""
        newest = self.order_by("-published_at", "-pk").values("pk")[:1]
        return self.filter(pk=Subquery(newest))


class PublicLegalDocument(PublicModel):
    """A published version of the terms or of the privacy text."""

    definition = """
        SELECT id, kind, version, title, content, published_at
        FROM core_legaldocument
        WHERE published_at IS NOT NULL
    """

    Kind = LegalDocument.Kind

    kind = column(LegalDocument, "kind")
    version = column(LegalDocument, "version")
    title = column(LegalDocument, "title")
    content = column(LegalDocument, "content")
    published_at = models.DateTimeField()

    objects = PublicLegalDocumentQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        db_table = "public_legaldocument"

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"

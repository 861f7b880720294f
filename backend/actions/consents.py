"""What somebody agreed to, in which words, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from backend.models import LegalDocument
from backend.models.consents import CURRENT

Kind = LegalDocument.Kind


@dataclass(frozen=True)
class LegalTexts:
    """The current terms and privacy text, as far as they are published."""

    terms: LegalDocument | None
    privacy: LegalDocument | None

    @classmethod
    def current(cls) -> "LegalTexts":
        by_kind = {text.kind: text for text in LegalDocument.objects.current().defer("content")}
        return cls(by_kind.get(Kind.TERMS), by_kind.get(Kind.PRIVACY))

    @property
    def are_published(self) -> bool:
        return self.terms is not None and self.privacy is not None

    @property
    def terms_version(self) -> str | None:
        return self.terms.version if self.terms else None


def consents_of(
    values: Mapping[str, Any], texts: LegalTexts, *, at: datetime
) -> dict[str, dict[str, Any]]:
    """The consents among the values of a submission that accepts the terms, by name."""
    asked = {
        name: {"given": values[name], "version": text.version, "sha256": text.sha256}
        for name, text in CURRENT.items()
        # Of the terms, the documents themselves tell more.
        if name in values and name != "terms_version"
    }
    accepted = {
        document.kind: {
            "given": True,
            "version": document.version,
            "sha256": _sha256(document.pk),
        }
        for document in (texts.terms, texts.privacy)
        if document is not None
    }
    return {name: {**consent, "at": at.isoformat()} for name, consent in (asked | accepted).items()}


# What is published never changes.
@lru_cache(maxsize=16)
def _sha256(document_id: int) -> str:
    content = LegalDocument.objects.values_list("content", flat=True).get(pk=document_id)
    return sha256(content.encode()).hexdigest()

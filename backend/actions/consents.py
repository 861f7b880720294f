"""What somebody agreed to, in which words, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from backend.models import LegalDocument
from backend.models.consents import CURRENT


@dataclass(frozen=True)
class LegalText:
    """A published version of a legal document; both are None where none is published."""

    kind: str
    id: int | None
    version: str | None


def consents_of(
    values: Mapping[str, Any], texts: tuple[LegalText, ...], *, at: datetime
) -> dict[str, dict[str, Any]]:
    """The consents among the values of a submission that accepts the texts, by name."""
    asked = {
        name: {"given": values[name], "version": text.version, "sha256": text.sha256}
        for name, text in CURRENT.items()
        # Of the terms, the documents themselves tell more.
        if name in values and name != "terms_version"
    }
    accepted = {
        text.kind: {"given": True, "version": text.version, "sha256": _sha256(text.id)}
        for text in texts
    }
    return {name: {**consent, "at": at.isoformat()} for name, consent in (asked | accepted).items()}


# What is published never changes.
@lru_cache(maxsize=16)
def _sha256(document_id: int) -> str:
    content = LegalDocument.objects.values_list("content", flat=True).get(pk=document_id)
    return sha256(content.encode()).hexdigest()

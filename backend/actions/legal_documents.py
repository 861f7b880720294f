"""Publishing the terms and the privacy text."""

from django.db.models.functions import Now

from backend.actions.errors import NotAllowed
from backend.models import LegalDocument


def publish(*, document_id: int) -> LegalDocument:
    """Make a draft the current document of its kind, for good.

    Raises NotAllowed if it is none: somebody else was faster.
    """
    now = Now()
    draft = LegalDocument.objects.drafts().filter(pk=document_id)
    if not draft.update(published_at=now, updated_at=now):
        raise NotAllowed
    return LegalDocument.objects.get(pk=document_id)

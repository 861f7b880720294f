"""What becomes of legal documents."""

from django.db.models.functions import Now

from backend.actions.errors import NotAllowed
from backend.models import LegalDocument


def publish(*, document_id: int) -> None:
    """Make a draft what everybody agrees to from now on; raises NotAllowed if it is none."""
    if not LegalDocument.objects.drafts().filter(pk=document_id).update(published_at=Now()):
        raise NotAllowed

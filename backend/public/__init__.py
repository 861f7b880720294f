"""What anybody may see: read-only models on database views, and the questions to ask of them.

The role that serves the public may read these views and the revisions, and nothing else. Each
model's `definition` is the SQL of its view; migrations carry it, a test compares the two.
"""

from backend.public.base import PublicModel
from backend.public.campaigns import PublicCampaign
from backend.public.endorsements import PublicEndorsement
from backend.public.homepage import PublicContentBlock, PublicHomePage
from backend.public.legal_documents import PublicLegalDocument
from backend.public.stakeholders import PublicStakeholder
from backend.public.totals import PublicTotals

__all__ = [
    "PublicCampaign",
    "PublicContentBlock",
    "PublicEndorsement",
    "PublicHomePage",
    "PublicLegalDocument",
    "PublicModel",
    "PublicStakeholder",
    "PublicTotals",
]

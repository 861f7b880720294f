from backend.models.campaign import PolicyCampaign
from backend.models.desk import Desk
from backend.models.endorsement import Endorsement
from backend.models.endorsement_tally import EndorsementDailyTally, EndorsementTally
from backend.models.erasure import Erasure
from backend.models.homepage import ContentBlock, HomePage
from backend.models.idempotent_request import IdempotentRequest
from backend.models.legal_document import LegalDocument
from backend.models.outgoing_mail import OutgoingMail, Suppression
from backend.models.personal_link import PersonalLink
from backend.models.quota import Quota
from backend.models.revision import Revision
from backend.models.stakeholder import Stakeholder
from backend.models.stakeholder_tally import StakeholderTally
from backend.models.submission import RedeemedToken, Submission
from backend.models.transfers import Export, Import
from backend.models.transition import Transition
from backend.models.upload import Upload
from backend.models.us_states import State

__all__ = [
    "ContentBlock",
    "Desk",
    "Endorsement",
    "EndorsementDailyTally",
    "EndorsementTally",
    "Erasure",
    "Export",
    "HomePage",
    "IdempotentRequest",
    "Import",
    "LegalDocument",
    "OutgoingMail",
    "PersonalLink",
    "PolicyCampaign",
    "Quota",
    "RedeemedToken",
    "Revision",
    "Stakeholder",
    "StakeholderTally",
    "State",
    "Submission",
    "Suppression",
    "Transition",
    "Upload",
]

from backend.models.campaign import PolicyCampaign
from backend.models.endorsement import Endorsement
from backend.models.endorsement_tally import EndorsementTally
from backend.models.homepage import ContentBlock, HomePage
from backend.models.revision import Revision
from backend.models.stakeholder import Stakeholder
from backend.models.stakeholder_tally import StakeholderTally
from backend.models.us_states import State

__all__ = [
    "ContentBlock",
    "Endorsement",
    "EndorsementTally",
    "HomePage",
    "PolicyCampaign",
    "Revision",
    "Stakeholder",
    "StakeholderTally",
    "State",
]

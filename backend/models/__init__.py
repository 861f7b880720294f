from backend.models.campaign import PolicyCampaign
from backend.models.endorsement import Endorsement
from backend.models.homepage import ContentBlock, HomePage
from backend.models.stakeholder import Stakeholder
from backend.models.us_states import State

__all__ = [
    "ContentBlock",
    "Endorsement",
    "HomePage",
    "PolicyCampaign",
    "Stakeholder",
    "State",
]

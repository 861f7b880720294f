from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from backend.http.staff import ANY_RIGHT, StaffView
from backend.manage.auth import USER, described
from backend.manage.schemas import COUNT, MOMENT, answer
from backend.models import Desk

# Each for whoever may see what it leads to.
LINKS = {
    "endorsements": "coalition.view_endorsement",
    "groups": "coalition.view_endorsement",
    "stakeholders": "coalition.view_stakeholder",
    "campaigns": "coalition.view_policycampaign",
    "homepages": "coalition.view_homepage",
    "legal_documents": "coalition.view_legaldocument",
    "imports": "coalition.view_import",
    "exports": "coalition.view_export",
}
LINK = {"type": ["string", "null"], "format": "uri", "description": "Null for who may not see it."}

DESK = answer(
    user=USER,
    waiting=COUNT | {"description": "Endorsements to decide, and new words of approved ones."},
    oldest_at=MOMENT | {"type": ["string", "null"], "description": "Since when the first waits."},
    flagged=COUNT | {"description": "Of what waits, what has a flag."},
    unconfirmed=COUNT | {"description": "What was sent and can still be confirmed by its sender."},
    mails_not_sent=COUNT | {"description": "Given up, tried in vain, or late by ten minutes."},
    links=answer(**dict.fromkeys(LINKS, LINK)),
)


class DeskView(StaffView):
    permission = ANY_RIGHT

    @extend_schema(
        operation_id="getDesk",
        summary="Get the desk",
        description="What waits for the coalition's own people, and where it is.",
        responses={200: DESK},
    )
    def get(self, request: Request) -> Response:
        links = {
            name: reverse(f"manage-{name}", request=request)
            if request.user.has_perm(permission)
            else None
            for name, permission in LINKS.items()
        }
        return Response({"user": described(request.user), **vars(Desk.now()), "links": links})

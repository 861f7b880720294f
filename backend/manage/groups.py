from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.actions.flags import SHARED_MAIL_DOMAINS
from backend.http.staff import StaffView
from backend.manage.schemas import COUNT, MOMENT, answer, array_of
from backend.models.submission_groups import GROUPINGS, groups

GROUP = answer(
    by={"type": "string", "enum": [*GROUPINGS]},
    key={"type": "string", "description": "What they have in common; of a statement, an id."},
    size=COUNT,
    first_at=MOMENT,
    last_at=MOMENT,
    statement={"type": "string", "description": "One of theirs."},
    endorsement_ids=array_of({"type": "integer"}, "For `POST /manage/endorsements/decide`."),
)
GROUPS = answer(
    groups=array_of(GROUP, "The largest of each kind first. An endorsement may be in several.")
)


class GroupsView(StaffView):
    permission = "coalition.view_endorsement"

    @extend_schema(
        operation_id="listGroups",
        summary="List what waits in groups of alike",
        description=(
            "Two or more with nearly the same statement; three of a mail domain that is not a "
            "provider's, or of a network; five of a minute."
        ),
        responses={200: GROUPS},
    )
    def get(self, _request: Request) -> Response:
        found = [
            group._asdict()
            for by in GROUPINGS
            for group in groups(by, shared_domains=SHARED_MAIL_DOMAINS)
        ]
        return Response({"groups": found})

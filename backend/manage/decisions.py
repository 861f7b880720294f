from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.actions.decisions import Outcome, decide, foresee
from backend.actions.errors import NotAllowed, Superseded
from backend.actions.reviews import approve, reject, reopen
from backend.http.errors import Problem
from backend.http.json_schemas import JSONBody
from backend.http.staff import StaffView
from backend.http.staff_resources import StaffViewSet
from backend.http.views import operation
from backend.manage.endorsements import ReviewedEndorsementSerializer
from backend.manage.schemas import COUNT, answer, array_of
from backend.models import Endorsement, PolicyCampaign

MOST_AT_ONCE = 500
DECIDE = "coalition.change_endorsement"

REASON = {
    "type": "string",
    "minLength": 1,
    "maxLength": 1_000,
    "pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$",
    "description": "The supporter reads it, in a mail.",
}
BLANK = {("reason", "pattern"): ("blank", "Say why: the supporter reads it, in a mail.")}
SUBMISSION = {
    "type": "integer",
    "description": (
        "The `submission.id` that waited when it was looked at: 409 if it was decided since, or "
        "its supporter has sent something newer."
    ),
}
APPROVAL = JSONBody(
    {
        "type": "object",
        "properties": {"submission": SUBMISSION},
        "additionalProperties": False,
    },
    {},
)
REJECTION = JSONBody(
    {
        "type": "object",
        "properties": {"reason": REASON, "submission": SUBMISSION},
        "required": ["reason"],
        "additionalProperties": False,
    },
    BLANK,
)
DECISION = JSONBody(
    {
        "type": "object",
        "properties": {
            "ids": {
                "type": "array",
                "items": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
                "minItems": 1,
                "maxItems": MOST_AT_ONCE,
                "uniqueItems": True,
            },
            "decision": {"type": "string", "enum": ["approve", "reject"]},
            "reason": REASON | {"description": "Required to reject: the supporters read it."},
            "submissions": {
                "type": "array",
                "items": {"type": "integer"},
                "maxItems": MOST_AT_ONCE,
                "description": (
                    "Each `submission.id` that waited when it was looked at: an endorsement is a "
                    "conflict if that was decided since, or something newer waits."
                ),
            },
            "dry_run": {
                "type": "boolean",
                "default": False,
                "description": "Whether only to say what would be done.",
            },
        },
        "required": ["ids", "decision"],
        "additionalProperties": False,
        "if": {"properties": {"decision": {"const": "reject"}}, "required": ["decision"]},
        "then": {
            "properties": {"reason": REASON},
            "required": ["reason"],
            "additionalProperties": True,
        },
    },
    BLANK
    | {
        ("ids", "maxItems"): ("max_length", f"Give at most {MOST_AT_ONCE} ids."),
        ("ids", "minItems"): ("min_length", "Give at least one id."),
        ("ids", "uniqueItems"): ("repeated", "Give each id once."),
        ("decision", "enum"): ("invalid_choice", "Give approve or reject."),
    },
)
DECIDED = answer(
    dry_run={"type": "boolean"},
    results=array_of(
        answer(
            id={"type": "integer"},
            outcome={"type": "string", "enum": ["decided", "conflict", "not_found"]},
            status={
                "type": ["string", "null"],
                "enum": [*Endorsement.Status.values, None],
                "description": "As it is now: with `dry_run`, before the decision.",
            },
        ),
        "One for each id, in the order of the ids. A conflict was decided before, was "
        "withdrawn, or its supporter has sent something newer.",
    ),
    campaigns=array_of(
        answer(
            id={"type": "integer"},
            slug={"type": "string"},
            title={"type": "string"},
            endorsement_count=COUNT | {"description": "As it is now."},
            change={"type": "integer", "description": "By how much the decision would change it."},
        ),
        "Whose counts would change; empty without `dry_run`.",
    ),
)


class DecisionView(StaffViewSet):
    """A decision about one endorsement: 409 where another was faster."""

    queryset = Endorsement.objects.with_review().with_history()
    filter_backends = []
    serializer_class = ReviewedEndorsementSerializer

    @extend_schema(
        operation_id="approveEndorsement",
        summary="Approve an endorsement",
        description=(
            "Makes it count, or its new words, and applies what its supporter sent of themselves. "
            "The supporter is told in 30 seconds, unless it is reopened before."
        ),
        request={"application/json": APPROVAL.schema},
        responses={200: ReviewedEndorsementSerializer},
    )
    @operation(problems=[409], permission=DECIDE, needs_body=False)
    def approve(self, request: Request, pk: int) -> Response:
        return self._decide(
            approve, request, pk, seen=_seen(APPROVAL.read(request, is_needed=False))
        )

    @extend_schema(
        operation_id="rejectEndorsement",
        summary="Reject an endorsement",
        description=(
            "Turns it down; of an approved one with new words, the words. The supporter is told, "
            "with the reason, in 30 seconds, unless it is reopened before."
        ),
        request={"application/json": REJECTION.schema},
        responses={200: ReviewedEndorsementSerializer},
    )
    @operation(problems=[409], permission=DECIDE)
    def reject(self, request: Request, pk: int) -> Response:
        body = REJECTION.read(request)
        return self._decide(reject, request, pk, reason=body["reason"], seen=_seen(body))

    @extend_schema(
        operation_id="reopenEndorsement",
        summary="Reopen a decided endorsement",
        description="Lets it wait again. What was withdrawn, its supporter alone can reopen.",
        request=None,
        responses={200: ReviewedEndorsementSerializer},
    )
    @operation(problems=[409], permission=DECIDE)
    def reopen(self, request: Request, pk: int) -> Response:
        return self._decide(reopen, request, pk)

    def _decide(
        self, action: Callable[..., Endorsement], request: Request, pk: int, **values: Any
    ) -> Response:
        try:
            action(endorsement_id=pk, by=request.user, **values)
        except Superseded as error:
            detail = "Its supporter has sent something newer: look at that first."
            raise Problem(HTTPStatus.CONFLICT, detail) from error
        except NotAllowed as error:
            # Or there is none of that id.
            status = self.row(Endorsement.objects.all(), pk).status
            detail = f"It is {status}: that does not allow this. Somebody else may have decided."
            raise Problem(HTTPStatus.CONFLICT, detail) from error
        return self.answer(pk)


class DecideView(StaffView):
    """One decision about many endorsements."""

    permission = DECIDE

    @extend_schema(
        operation_id="decideEndorsements",
        summary="Decide many endorsements at once",
        description=(
            "Approves or rejects each by itself, and says what became of it. With `dry_run`, it "
            "changes nothing, and says what it would do to the counts."
        ),
        request={"application/json": DECISION.schema},
        responses={200: DECIDED},
    )
    def post(self, request: Request) -> Response:
        body = DECISION.read(request)
        ids = [int(each) for each in body["ids"]]  # to JSON, 5.0 is the number 5
        decision, reason = body["decision"], body.get("reason", "")
        seen = body.get("submissions")
        if body.get("dry_run"):
            outcomes, changes = foresee(endorsement_ids=ids, decision=decision, seen=seen)
        else:
            user: Any = request.user
            outcomes = decide(
                endorsement_ids=ids, decision=decision, by=user, reason=reason, seen=seen
            )
            changes = []
        return Response(_described(outcomes, changes, is_dry_run=bool(body.get("dry_run"))))


def _seen(body: dict[str, Any]) -> list[int] | None:
    return [body["submission"]] if "submission" in body else None


def _described(
    outcomes: list[Outcome], changes: list[tuple[PolicyCampaign, int]], *, is_dry_run: bool
) -> dict[str, Any]:
    return {
        "dry_run": is_dry_run,
        "results": [vars(outcome) for outcome in outcomes],
        "campaigns": [
            {
                "id": campaign.pk,
                "slug": campaign.slug,
                "title": campaign.title,
                "endorsement_count": campaign.endorsement_count,
                "change": change,
            }
            for campaign, change in changes
        ],
    }

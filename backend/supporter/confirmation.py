from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.actions import errors
from backend.actions.confirmation import Confirmation, confirm, decline
from backend.actions.submissions import resend
from backend.http.json_schemas import JSONBody
from backend.http.limits import limit_submissions
from backend.models import Endorsement
from backend.supporter.problems import (
    AlreadyConfirmed,
    EndorsementsClosed,
    TokenExpired,
    UnknownToken,
)
from backend.supporter.submission_schema import EXPLANATIONS, PROPERTIES
from backend.supporter.views import SupporterView

T = TypeVar("T")

PROBLEMS = {
    errors.UnknownToken: UnknownToken,
    errors.TokenExpired: TokenExpired,
    errors.AlreadyConfirmed: AlreadyConfirmed,
    errors.EndorsementsClosed: EndorsementsClosed,
}


TOKEN = JSONBody(
    {
        "type": "object",
        "properties": {
            "token": {
                "type": "string",
                "minLength": 1,
                "maxLength": 200,
                "description": "From the link in the mail. White space in it does not count.",
            }
        },
        "required": ["token"],
        "additionalProperties": False,
    },
    explanations={},
)
RESEND = JSONBody(
    {
        "type": "object",
        "properties": {
            "email": PROPERTIES["email"] | {"title": "E-mail", "description": "Where to send it."},
            "campaign": {
                "type": "string",
                "pattern": "^[-a-zA-Z0-9_]{1,200}$",
                "description": "The campaign's slug.",
            },
        },
        "required": ["email", "campaign"],
        "additionalProperties": False,
    },
    EXPLANATIONS,
)


CONFIRMED = {
    "type": "object",
    "required": ["status", "campaign", "endorsement"],
    "properties": {
        "status": {"type": "string", "enum": ["confirmed", "already_confirmed"]},
        "campaign": {
            "type": "object",
            "required": ["slug", "title"],
            "properties": {"slug": {"type": "string"}, "title": {"type": "string"}},
        },
        "endorsement": {
            "type": "object",
            "required": ["statement", "public_display", "status"],
            "properties": {
                "statement": {"type": "string"},
                "public_display": {"type": "boolean"},
                "status": {"type": "string", "enum": Endorsement.Status.values},
            },
        },
    },
}
ACCEPTED = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"type": "string", "const": "accepted"}},
}


def answered(action: Callable[..., T], token: str) -> T:
    """What the action returns; what it raises, as the problem that it is."""
    try:
        return action(token=token)
    except tuple(PROBLEMS) as error:
        raise PROBLEMS[type(error)] from error


class ConfirmView(SupporterView):
    """Whoever got the mail says that they sent what it is about."""

    body = TOKEN
    problems = [404, 409, 410, 429]

    @extend_schema(
        operation_id="confirmEndorsement",
        summary="Confirm an endorsement",
        description=(
            "Makes what was sent an endorsement, for a person to review; later once more, the "
            "answer says so. Only send it when somebody pressed a button: programs follow links."
        ),
        tags=["endorsements"],
        request={"application/json": TOKEN.schema},
        responses={200: CONFIRMED},
    )
    def post(self, request: Request) -> Response:
        return Response(_described(answered(confirm, self.sent(request)["token"])))


class DeclineView(SupporterView):
    """Whoever got the mail says that they did not send what it is about."""

    body = TOKEN
    problems = [404, 409, 429]

    @extend_schema(
        operation_id="declineEndorsement",
        summary="Decline an endorsement",
        description=(
            "Removes what was sent in another's name; the address gets no more mail about the "
            "campaign."
        ),
        tags=["endorsements"],
        request={"application/json": TOKEN.schema},
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        answered(decline, self.sent(request)["token"])
        return Response(status=HTTPStatus.NO_CONTENT)


class ResendView(SupporterView):
    """Whoever lost the mail asks for it once more."""

    body = RESEND
    success_status = 202
    problems = [429]

    @extend_schema(
        operation_id="resendConfirmation",
        summary="Send the mail once more",
        description=(
            "Sends the mail to confirm once more, if something waits to be confirmed. The answer "
            "is the same in any case."
        ),
        tags=["endorsements"],
        request={"application/json": RESEND.schema},
        responses={202: ACCEPTED},
    )
    def post(self, request: Request) -> Response:
        values = self.sent(request)
        limit_submissions(request)
        resend(email=values["email"], campaign_slug=values["campaign"])
        return Response({"status": "accepted"}, HTTPStatus.ACCEPTED)


def _described(confirmation: Confirmation) -> dict[str, Any]:
    endorsement = confirmation.endorsement
    said = confirmation.waiting or endorsement
    return {
        "status": "confirmed" if confirmation.is_new else "already_confirmed",
        "campaign": {"slug": endorsement.campaign.slug, "title": endorsement.campaign.title},
        "endorsement": {
            "statement": said.statement,
            "public_display": said.public_display,
            "status": "pending" if confirmation.waiting else endorsement.status,
        },
    }

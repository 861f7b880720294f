import re
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib.gis.geos import Point
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.actions.consents import consents_of
from backend.actions.quotas import Limit
from backend.actions.submissions import EndorsableCampaign, submit
from backend.api.endorsements import CampaignEndorsementsViewSet
from backend.http.errors import Problem
from backend.http.idempotency import IdempotencyKey, read_key
from backend.http.limits import TooManyRequests, client_network, limit_requests
from backend.http.views import operation
from backend.models import Submission
from backend.models.fields import WGS84
from backend.models.keyed_digests import keyed_digest
from backend.supporter.problems import EndorsementsClosed
from backend.supporter.submission_schema import SCHEMA, submission_body, values_of

HONEYPOT = "website"
# A language tag of at most 35 characters (RFC 5646, section 4.4.1).
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}(?![A-Za-z0-9-])")
# Of these, `consents` tells more.
NOT_STORED = {HONEYPOT, "is_authorized", "terms_version"}

SENT = {
    "type": "object",
    "required": ["status", "expires_at"],
    "properties": {
        "status": {"type": "string", "const": "confirmation_sent"},
        "expires_at": {
            "type": "string",
            "format": "date-time",
            "description": "Until when the mail can be answered.",
        },
    },
}


class EndorsementsView(CampaignEndorsementsViewSet):
    """A campaign's endorsements: those that anybody may see, and what is sent to endorse it."""

    @extend_schema(
        operation_id="endorseCampaign",
        summary="Endorse a campaign",
        description=(
            "Takes an endorsement, which its sender confirms by a mail, and a person then reviews. "
            "The answer is the same whether the e-mail address is known or not. Send the same "
            "`Idempotency-Key` with each attempt: within 24 hours nothing is done twice."
        ),
        request={"application/json": SCHEMA},
        responses={202: SENT},
    )
    @operation(success_status=202, problems=[409, 422, 429], takes_idempotency_key=True)
    def create(self, request: Request, slug: str) -> Response:
        """The order of these checks is part of the contract."""
        campaign = EndorsableCampaign.find(slug)
        if campaign is None:
            raise Problem(HTTPStatus.NOT_FOUND)
        limit_requests(request)
        key, errors = read_key(request)
        body = submission_body(campaign.terms.version).read(request, errors)
        if not campaign.is_open:
            raise EndorsementsClosed
        answer, is_replay = self._accept(request, key, body, campaign)
        headers = {"Idempotency-Replayed": "true"} if is_replay else {}
        return Response(
            answer, HTTPStatus.ACCEPTED, headers=headers | {"Cache-Control": "no-store"}
        )

    @transaction.atomic
    def _accept(
        self,
        request: Request,
        text: str | None,
        body: dict[str, Any],
        campaign: EndorsableCampaign,
    ) -> tuple[Any, bool]:
        """The answer, and whether it was given before."""
        key = IdempotencyKey(request, text, body) if text is not None else None
        if key and (earlier := key.earlier_answer()):
            return earlier, True
        client = client_network(request)
        submission = _submission(body, client, campaign)
        submission.language = _language(request)
        if not submit(submission=submission, client=client, is_bot=bool(body.get(HONEYPOT))):
            limit = Limit.named("address")
            raise TooManyRequests(limit, limit.reset_seconds(client))
        answer = {
            "status": "confirmation_sent",
            "expires_at": _rfc3339(submission.expires_at),
        }
        if key:
            key.keep(answer)
        return answer, False


def _submission(body: dict[str, Any], network: str, campaign: EndorsableCampaign) -> Submission:
    values = values_of(body)
    now = timezone.now()
    fields = {name: value for name, value in values.items() if name not in NOT_STORED}
    return Submission(
        **fields | {"location": _point(values["location"])},
        campaign_id=campaign.id,
        consents=consents_of(values, (campaign.terms, campaign.privacy), at=now),
        network=keyed_digest("network", network),
        created_at=now,
    )


def _language(request: Request) -> str:
    """The first that the request asks for (RFC 9110, section 12.5.4); empty if it asks for none."""
    match = LANGUAGE.match(request.headers.get("Accept-Language", ""))
    return match[0] if match else ""


def _point(geometry: dict[str, Any] | None) -> Point | None:
    if geometry is None:
        return None
    longitude, latitude = map(float, geometry["coordinates"])
    return Point(longitude, latitude, srid=WGS84)


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")

from collections.abc import Callable
from http import HTTPStatus
from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.actions import errors
from backend.actions.erasing import erase
from backend.actions.own_data import change_details, change_endorsement
from backend.actions.personal_data import Person, exported
from backend.actions.personal_links import Access, ask_for_link
from backend.http.editing import MergePatchParser
from backend.http.errors import Problem
from backend.http.json_schemas import JSONBody, Schema
from backend.http.limits import client_network, limit_requests, limit_submissions
from backend.http.openapi_components import ref
from backend.http.parsers import StrictJSONParser
from backend.http.views import operation
from backend.models import Endorsement, Stakeholder
from backend.models.keyed_digests import keyed_digest
from backend.supporter.authentication import IsKnown, LinkAuthentication
from backend.supporter.confirmation import ACCEPTED
from backend.supporter.own_data import described, described_endorsement
from backend.supporter.own_data_schemas import DETAILS, ENDORSEMENT, patched_values
from backend.supporter.problems import EndorseFirst, EndorsementsClosed
from backend.supporter.submission_schema import EXPLANATIONS, PROPERTIES
from backend.supporter.views import SupporterView

ADDRESS = JSONBody(
    {
        "type": "object",
        "properties": {
            "email": PROPERTIES["email"]
            | {"title": "E-mail", "description": "The address that you endorsed from."},
        },
        "required": ["email"],
        "additionalProperties": False,
    },
    EXPLANATIONS,
)


class LinksView(SupporterView):
    """Whoever wants to see what is held about them asks for a link."""

    body = ADDRESS
    success_status = 202
    problems = [429]

    @extend_schema(
        operation_id="askForPersonalLink",
        summary="Ask for a link to my data",
        description=(
            "Sends a link that holds for 24 hours, if somebody is known by the address. The answer "
            "is the same in any case."
        ),
        tags=["me"],
        request={"application/json": ADDRESS.schema},
        responses={202: ACCEPTED},
    )
    def post(self, request: Request) -> Response:
        values = self.sent(request)
        limit_submissions(request)
        ask_for_link(email=values["email"])
        return Response({"status": "accepted"}, HTTPStatus.ACCEPTED)


class PersonalView(SupporterView):
    """For whoever came with the token of a personal link."""

    authentication_classes = [LinkAuthentication]
    permission_classes = [IsKnown]
    parser_classes = [StrictJSONParser, MergePatchParser]

    def access(self, request: Request) -> Access:
        return cast("Access", request.auth)

    def network(self, request: Request) -> bytes:
        return keyed_digest("network", client_network(request))


def merge_patch(name: str) -> dict[str, Schema]:
    """A body of a shared schema, which RFC 7396 gives its meaning, by whichever of its names."""
    schema = ref(f"schemas/{name}")
    return {"application/merge-patch+json": schema, "application/json": schema}


class MeView(PersonalView):
    """What is held about whoever asks."""

    body = DETAILS

    @extend_schema(
        operation_id="getMe",
        summary="See what is held about me",
        tags=["me"],
        responses={200: ref("schemas/OwnData")},
    )
    def get(self, request: Request) -> Response:
        access = self.access(request)
        return Response(described(access.stakeholder, token_expires_at=access.expires_at))

    @extend_schema(
        operation_id="changeMe",
        summary="Change what is held about me",
        description=(
            "State, county, location and consents change at once. Name, organization, role and "
            "type change when a reviewer has accepted them: until then they are in `waiting`. So "
            "does `is_public` of whoever nobody has reviewed yet."
        ),
        tags=["me"],
        request=merge_patch("OwnDataChange"),
        responses={200: ref("schemas/OwnData")},
    )
    @operation(problems=[409, 429])
    def patch(self, request: Request) -> Response:
        access = self.access(request)
        key = access.stakeholder.pk
        values = patched_values(self.sent(request))
        try:
            change_details(stakeholder_id=key, values=values, network=self.network(request))
            stakeholder = Stakeholder.objects.get(pk=key)
        except (errors.UnknownPerson, Stakeholder.DoesNotExist) as error:
            raise Problem(HTTPStatus.UNAUTHORIZED) from error
        except errors.NobodyReviews as error:
            raise EndorseFirst from error
        return Response(described(stakeholder, token_expires_at=access.expires_at))

    @extend_schema(
        operation_id="eraseMe",
        summary="Erase what is held about me",
        description="Removes all of it, for good. Nothing is left but a digest under a key.",
        tags=["me"],
        responses={204: None},
    )
    @operation(problems=[429])
    def delete(self, request: Request) -> Response:
        limit_requests(request)
        erase(email=self.access(request).stakeholder.email)
        return Response(status=HTTPStatus.NO_CONTENT)


class ExportView(PersonalView):
    """All that is stored about whoever asks."""

    @extend_schema(
        operation_id="exportMe",
        summary="Get all that is stored about me",
        tags=["me"],
        responses={200: ref("schemas/OwnDataExport")},
    )
    def get(self, request: Request) -> Response:
        person = Person.at(self.access(request).stakeholder.email)
        filename = 'attachment; filename="my-data.json"'
        return Response(exported(person), headers={"Content-Disposition": filename})


class OwnEndorsementView(PersonalView):
    """An endorsement of whoever asks."""

    body = ENDORSEMENT
    problems = [409, 429]
    path_parameters = {
        "id": {"description": "The id of one of my endorsements.", "example": 1},
    }

    @extend_schema(
        operation_id="changeMyEndorsement",
        summary="Change or withdraw my endorsement",
        description=(
            "It is withdrawn, and `public_display` changes, at once. Another statement is shown "
            "when a reviewer has accepted it."
        ),
        tags=["me"],
        request=merge_patch("OwnEndorsementChange"),
        responses={200: ref("schemas/OwnEndorsement")},
    )
    def patch(self, request: Request, pk: int) -> Response:
        rows = Endorsement.objects.select_related("campaign", "stakeholder")
        try:
            change_endorsement(
                stakeholder_id=self.access(request).stakeholder.pk,
                endorsement_id=pk,
                values=patched_values(self.sent(request)),
                network=self.network(request),
            )
            return Response(described_endorsement(rows.get(pk=pk)))
        except tuple(PROBLEMS) as error:
            problem_of = PROBLEMS[type(error)]
            raise problem_of() from error


PROBLEMS: dict[type[Exception], Callable[[], Problem]] = {
    errors.UnknownPerson: lambda: Problem(HTTPStatus.NOT_FOUND),
    Endorsement.DoesNotExist: lambda: Problem(HTTPStatus.NOT_FOUND),  # erased meanwhile
    errors.NotAllowed: lambda: Problem(
        HTTPStatus.CONFLICT,
        "What was withdrawn or not accepted stays as it is. Endorse the campaign once more.",
    ),
    errors.EndorsementsClosed: EndorsementsClosed,
}

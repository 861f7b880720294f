from http import HTTPStatus
from typing import Any

from django.contrib.auth import authenticate, user_logged_in
from drf_spectacular.utils import extend_schema
from knox.models import AuthToken
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from backend.http.errors import Problem
from backend.http.json_schemas import JSONBody
from backend.http.limits import limit_requests
from backend.http.signing_in import WrongPassword
from backend.http.staff import StaffView
from backend.http.views import operation
from backend.manage.schemas import MOMENT, answer, array_of

CREDENTIALS = JSONBody(
    {
        "type": "object",
        "properties": {
            "username": {
                "type": "string",
                "minLength": 1,
                "maxLength": 150,
                "pattern": r"^[^\u0000]*$",
            },
            "password": {
                "type": "string",
                "minLength": 1,
                "maxLength": 4096,
                "pattern": r"^[^\u0000]*$",
            },
        },
        "required": ["username", "password"],
        "additionalProperties": False,
    },
    explanations={},
)

USER = answer(
    username={"type": "string"},
    groups=array_of({"type": "string"}, "Of moderator, editor and administrator, or others."),
)
SIGNED_IN = answer(
    token={
        "type": "string",
        "description": "For the header `Authorization: Token …`. It is not shown again.",
    },
    expires_at=MOMENT,
    user=USER,
)
TOKENS = answer(
    tokens=array_of(
        answer(
            id={"type": "string", "description": "Stands for the token, and opens nothing."},
            created_at=MOMENT,
            expires_at=MOMENT,
            is_current={"type": "boolean", "description": "The one that this request has."},
        ),
        "The newest first.",
    )
)
# Of a digest, which is in hexadecimal: enough to tell the tokens of one person apart.
ID_LENGTH = 16


def described(user: Any) -> dict[str, Any]:
    groups = user.groups.order_by("name").values_list("name", flat=True)
    return {"username": user.get_username(), "groups": list(groups)}


class LoginView(StaffView):
    authentication_classes = []
    permission_classes = [AllowAny]
    problems = [401, 429]

    @extend_schema(
        operation_id="signIn",
        summary="Sign in",
        description=(
            "Gives a token of ten hours. Wrong passwords are limited for each account, whether it "
            "exists or not, and for each network."
        ),
        request={"application/json": CREDENTIALS.schema},
        responses={200: SIGNED_IN},
    )
    def post(self, request: Request) -> Response:
        limit_requests(request)
        user = authenticate(request._request, **CREDENTIALS.read(request))
        if user is None:
            raise WrongPassword
        token, text = AuthToken.objects.create(user)
        user_logged_in.send(type(user), request=request._request, user=user)
        return Response({"token": text, "expires_at": token.expiry, "user": described(user)})


class SignedInView(StaffView):
    """For whoever has signed in, whatever they may do."""

    permission_classes = [IsAuthenticated]


class LogoutView(SignedInView):
    @extend_schema(
        operation_id="signOut",
        summary="Sign out",
        description="Ends the token of this request.",
        request=None,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        request.auth.delete()
        return Response(status=HTTPStatus.NO_CONTENT)


class LogoutAllView(SignedInView):
    @extend_schema(
        operation_id="signOutEverywhere",
        summary="Sign out everywhere",
        description="Ends all tokens of the account.",
        request=None,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        AuthToken.objects.filter(user=request.user).delete()
        return Response(status=HTTPStatus.NO_CONTENT)


class TokensView(SignedInView):
    @extend_schema(
        operation_id="listTokens",
        summary="List one's own tokens",
        description="Where the account is signed in.",
        responses={200: TOKENS},
    )
    def get(self, request: Request) -> Response:
        own = AuthToken.objects.filter(user=request.user).order_by("-created", "-pk")
        tokens = [
            {
                "id": token.digest[:ID_LENGTH],
                "created_at": token.created,
                "expires_at": token.expiry,
                "is_current": token == request.auth,
            }
            for token in own
        ]
        return Response({"tokens": tokens})


class TokenView(SignedInView):
    path_parameters = {
        "id": {
            "description": "The token's id, from the list.",
            "schema": {"type": "string", "pattern": f"^[0-9a-f]{{{ID_LENGTH}}}$"},
            "example": "5d41402abc4b2a76",
        }
    }

    @extend_schema(
        operation_id="revokeToken",
        summary="Revoke one of one's own tokens",
        responses={204: None},
    )
    @operation(problems=[404])
    def delete(self, request: Request, id: str) -> Response:  # noqa: A002  # as in the path
        own = AuthToken.objects.filter(user=request.user, digest__startswith=id)
        if len(id) < ID_LENGTH or not own.delete()[0]:
            raise Problem(HTTPStatus.NOT_FOUND)
        return Response(status=HTTPStatus.NO_CONTENT)

"""Who comes with the token of a personal link (RFC 6750)."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from backend.actions.personal_links import Access, access_by
from backend.http.errors import Problem

SCHEME = "Bearer"
HOW = "Send the token of the link in your mail as Authorization: Bearer. POST /api/v1/me/links"


class LinkAuthentication(BaseAuthentication):
    """Leaves an Access in `request.auth`; there is no user."""

    def authenticate(self, request: Request) -> tuple[None, Access]:
        """Raises a Problem, 401, for whoever has no token that holds."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME.lower():
            raise _unauthorized(f"{HOW} sends one.")
        access = access_by(token)
        if access is None:
            raise _unauthorized(
                f"The token is cut, or its 24 hours are over. {HOW} sends another.",
                challenge=f'{SCHEME} error="invalid_token"',
            )
        return None, access

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  # as inherited
        return SCHEME


class IsKnown(IsAuthenticated):
    """Whoever came with a token that holds."""

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002  # as inherited
        return isinstance(request.auth, Access)


class LinkScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped
    """How the OpenAPI document describes it."""

    target_class = LinkAuthentication
    name = "PersonalLink"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002  # as inherited
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "The token of the link that `POST /api/v1/me/links` has sent by mail.",
        }


def _unauthorized(detail: str, *, challenge: str = SCHEME) -> Problem:
    headers = {"WWW-Authenticate": challenge}
    return Problem(HTTPStatus.UNAUTHORIZED, detail, headers=headers)

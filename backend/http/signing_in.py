"""Passwords, which nobody may guess for long, and the tokens that stand for them afterwards."""

import re
from http import HTTPStatus
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.http import HttpRequest
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from knox.settings import knox_settings
from rest_framework.exceptions import AuthenticationFailed

from backend.actions.quotas import Limit
from backend.http.errors import Problem
from backend.http.limits import TooManyRequests, client_network

TOKEN = re.compile(rb"[0-9a-f]{64}")


class LimitedBackend(ModelBackend):
    """Django's accounts, with two limits on wrong passwords: per account, and per client address.

    Both count before a password is looked at, so that no more are tried than the limits say,
    however many ask at once; the right one is not counted. An account that does not exist has
    the same limit, and the same answers.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_others: Any,
    ) -> Any:
        """The active account with this name and password, or None. Raises TooManyRequests."""
        if username is None or password is None:
            return None
        subjects = _subjects(request, username)
        for name, subject in subjects.items():
            limit = Limit.named(name)
            if not limit.spend_unsaved(subject):
                reason = "Too many wrong passwords were tried."
                raise TooManyRequests(limit, limit.reset_seconds(subject), reason)
        user = super().authenticate(request, username=username, password=password)
        if user is not None:
            for name, subject in subjects.items():
                Limit.named(name).give_back(subject)
        return user


def _subjects(request: HttpRequest | None, username: str) -> dict[str, str]:
    """Of what a guess counts, by the name of the limit."""
    account = {"account": User.normalize_username(username)}
    return account if request is None else {"guesses": client_network(request), **account}


class TokensEndWithPassword:
    """Whoever changes their password signs out everywhere else, as Django does with sessions."""

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse nothing."""

    def password_changed(self, password: str, user: Any = None) -> None:  # noqa: ARG002  # Django's
        AuthToken.objects.filter(user=user).delete()

    def get_help_text(self) -> str:
        return "A new password ends the sessions and tokens of the old one."


class StaffTokenAuthentication(TokenAuthentication):  # type: ignore[misc]  # knox has no types
    """The header `Authorization: Token …`; raises AuthenticationFailed for any other token."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, AuthToken]:
        # What no token looks like, knox would ask the database for, or fail to decode.
        if not TOKEN.fullmatch(token):
            raise AuthenticationFailed
        user, auth_token = super().authenticate_credentials(token)
        return user, auth_token

    def validate_user(self, auth_token: AuthToken) -> tuple[User, AuthToken]:
        if not auth_token.user.is_active:
            raise AuthenticationFailed
        return auth_token.user, auth_token


class WrongPassword(Problem):
    """Or the wrong name, or an account that is not active: nobody is told which."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.UNAUTHORIZED,
            "No account has this name and this password.",
            headers={"WWW-Authenticate": knox_settings.AUTH_HEADER_PREFIX},
        )

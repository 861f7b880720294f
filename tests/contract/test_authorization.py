"""Who may call which operation: all of them, as everybody, against a table of this folder."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse
from knox.models import AuthToken
from rest_framework.test import APIClient

from backend.models import PersonalLink
from tests.factories import make_stakeholder, make_user

pytestmark = pytest.mark.django_db

TABLE: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("authorization.yaml").read_text(encoding="utf-8")
)
DOCUMENT = yaml.safe_load((Path(settings.BASE_DIR) / "openapi.yaml").read_text(encoding="utf-8"))
OPERATIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    operation["operationId"]: (method, path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
GROUPS = ["moderator", "editor", "administrator"]


def anonymous() -> APIClient:
    return APIClient()


def signed_in(*groups: str) -> APIClient:
    client = APIClient()
    token = AuthToken.objects.create(make_user(*groups))[1]
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def revoked() -> APIClient:
    client = signed_in("administrator")
    AuthToken.objects.all().delete()
    return client


def deactivated() -> APIClient:
    client = signed_in("administrator")
    User.objects.update(is_active=False)
    return client


def supporter() -> APIClient:
    """Who came by the link in a mail."""
    stakeholder = make_stakeholder()
    link = PersonalLink.objects.create(email=stakeholder.email)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {link.token()}")
    return client


IDENTITIES: dict[str, Callable[[], APIClient]] = {
    "anonymous": anonymous,
    "revoked": revoked,
    "deactivated": deactivated,
    "supporter": supporter,
    "account": signed_in,
    **{group: lambda group=group: signed_in(group) for group in GROUPS},  # type: ignore[misc]  # it is bound
}
ALLOWED = {
    "everybody": {*IDENTITIES},
    "supporter": {"supporter"},
    "account": {"account", *GROUPS},
    "staff": {*GROUPS},
}


def may(identity: str, operation: str) -> bool:
    row = TABLE[operation]
    return identity in (ALLOWED[row] if isinstance(row, str) else row)


def status_of(client: APIClient, operation: str) -> int:
    method, path, _ = OPERATIONS[operation]
    answer: HttpResponse = getattr(client, method)(re.sub(r"{\w+}", "0", path), {}, format="json")
    answer.close()
    return answer.status_code


class TestTable:
    def test_has_each_operation_and_no_other(self) -> None:
        assert TABLE.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("operation", OPERATIONS)
class TestOperation:
    @pytest.mark.parametrize("identity", IDENTITIES)
    def test_is_for_those_in_the_table(self, identity: str, operation: str) -> None:
        client = IDENTITIES[identity]()

        status = status_of(client, operation)

        # Whoever says who they are, in the way that is asked for, may still not do it.
        is_somebody = identity in ALLOWED["account"] and TABLE[operation] != "supporter"
        refused = 403 if is_somebody else 401
        if operation == "signIn":
            assert status == 400  # it asks for a name and a password
        elif may(identity, operation):
            assert status not in (401, 403)
        else:
            assert status == refused

    def test_says_in_the_document_whether_one_must_be_somebody(self, operation: str) -> None:
        _, _, described = OPERATIONS[operation]

        who = TABLE[operation]
        problems = {"401", "403"} & described["responses"].keys()

        expected = {"everybody": set(), "supporter": {"401"}, "account": {"401"}}
        assert bool(described.get("security")) == (who != "everybody")
        if operation != "signIn":
            assert problems == (expected.get(who) if who in [*expected] else {"401", "403"})

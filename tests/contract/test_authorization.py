"""Who may call which operation: all of them, as everybody, against a table of this folder."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.contrib.auth.models import User
from knox.models import AuthToken
from rest_framework.test import APIClient

from tests.factories import make_user

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


IDENTITIES: dict[str, Callable[[], APIClient]] = {
    "anonymous": anonymous,
    "revoked": revoked,
    "deactivated": deactivated,
    "account": signed_in,
    **{group: lambda group=group: signed_in(group) for group in GROUPS},  # type: ignore[misc]  # it is bound
}
ALLOWED = {
    "everybody": {*IDENTITIES},
    "account": {"account", *GROUPS},
    "staff": {*GROUPS},
}


def may(identity: str, operation: str) -> bool:
    row = TABLE[operation]
    return identity in (ALLOWED[row] if isinstance(row, str) else row)


def call(client: APIClient, operation: str) -> Any:
    method, path, _ = OPERATIONS[operation]
    return getattr(client, method)(re.sub(r"{\w+}", "0", path), {}, format="json")


class TestTable:
    def test_has_each_operation_and_no_other(self) -> None:
        assert TABLE.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("operation", OPERATIONS)
class TestOperation:
    @pytest.mark.parametrize("identity", IDENTITIES)
    def test_is_for_those_in_the_table(self, identity: str, operation: str) -> None:
        client = IDENTITIES[identity]()

        status = call(client, operation).status_code

        refused = 403 if identity in ALLOWED["account"] else 401
        if operation == "signIn":
            assert status == 400  # it asks for a name and a password
        elif may(identity, operation):
            assert status not in (401, 403)
        else:
            assert status == refused

    def test_says_in_the_document_whether_one_must_be_somebody(self, operation: str) -> None:
        _, _, described = OPERATIONS[operation]

        needs_token = TABLE[operation] != "everybody"

        assert bool(described.get("security")) == needs_token
        assert {"401", "403"} <= described["responses"].keys() or not needs_token

from collections.abc import Callable
from typing import Any

import pytest
from knox.models import AuthToken
from rest_framework.test import APIClient

from tests.factories import make_user

Staff = Callable[..., APIClient]


@pytest.fixture
def staff(db: None) -> Staff:
    """Makes a client of somebody in these groups, who has signed in."""

    def make(*groups: str, **values: Any) -> APIClient:
        user = make_user(*groups, **values)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(user)[1]}")
        client.user = user  # type: ignore[attr-defined]  # for tests that ask who did it
        return client

    return make

"""Accounts for the coalition's own people."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from tests.factories import make_user

pytestmark = pytest.mark.django_db

PASSWORD = "seven oysters on a reef"

Create = Callable[..., str]


@pytest.fixture
def create(monkeypatch: pytest.MonkeyPatch) -> Create:
    def run(*arguments: str, password: str = PASSWORD) -> str:
        output = io.StringIO()
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        call_command("create_staff", *arguments, stdout=output)
        return output.getvalue()

    return run


class TestCreateStaff:
    def test_makes_an_account_that_may_what_its_groups_may(self, create: Create) -> None:
        said = create("ann", "--group", "moderator", "--group", "editor")

        user = User.objects.get()
        assert user.check_password(PASSWORD)
        assert (user.is_staff, user.is_superuser) == (True, False)
        assert user.has_perms(["coalition.change_endorsement", "coalition.change_homepage"])
        assert said == "ann may sign in: editor, moderator.\n"

    @pytest.mark.parametrize(
        ("arguments", "values", "reason"),
        [
            (["ann", "--group", "owner"], {}, "There are administrator, editor, moderator."),
            (["ann", "--group", "editor"], {"password": "12345678"}, "too common"),
            (["a nn", "--group", "editor"], {}, "Enter a valid username"),
            (["bob", "--group", "editor"], {}, "already exists"),
            (["ann", "--group", "editor", "--email", "x"], {}, "valid email"),
        ],
    )
    def test_says_why_not(
        self, create: Create, arguments: list[str], values: dict[str, Any], reason: str
    ) -> None:
        make_user(username="bob")

        with pytest.raises(CommandError, match=reason):
            create(*arguments, **values)

        assert User.objects.count() == 1

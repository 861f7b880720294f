"""Accounts: administrators manage them, and can become no more than they are."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from tests.factories import make_user

pytestmark = pytest.mark.django_db

USERS = "/admin/auth/user/"


@pytest.fixture
def administrator() -> tuple[Client, User]:
    user, client = make_user("administrator", username="ann"), Client()
    client.force_login(user)
    return client, user


def form_of(client: Client, user: User) -> dict[str, Any]:
    """What the form of an account would send unchanged."""
    page = client.get(f"{USERS}{user.pk}/change/").context["adminform"].form
    values = {name: each for name, each in page.initial.items() if name != "password" and each}
    joined = {"date_joined_0": "2026-11-02", "date_joined_1": "09:30:00"}
    return values | joined | {"groups": [group.pk for group in user.groups.all()]}


class TestAdministrator:
    def test_deactivates_an_account(self, administrator: tuple[Client, User]) -> None:
        client, _ = administrator
        colleague = make_user("editor")
        form = form_of(client, colleague)
        form.pop("is_active")

        answer = client.post(f"{USERS}{colleague.pk}/change/", form)

        colleague.refresh_from_db()
        assert answer.status_code == 302
        assert not colleague.is_active

    def test_makes_nobody_a_superuser(self, administrator: tuple[Client, User]) -> None:
        client, user = administrator
        form = form_of(client, user) | {"is_superuser": "on", "user_permissions": [1]}

        answer = client.post(f"{USERS}{user.pk}/change/", form)

        user.refresh_from_db()
        assert answer.status_code == 302
        assert not user.is_superuser
        assert not user.user_permissions.exists()

    def test_puts_an_account_into_groups_and_does_not_change_what_it_did(
        self, administrator: tuple[Client, User]
    ) -> None:
        client, _ = administrator
        colleague, group = make_user("editor"), Group.objects.get(name="moderator")
        form = form_of(client, colleague) | {"groups": [group.pk], "last_login_0": "2020-01-01"}

        client.post(f"{USERS}{colleague.pk}/change/", form | {"last_login_1": "00:00"})

        colleague.refresh_from_db()
        assert [*colleague.groups.all()] == [group]
        assert colleague.last_login is None

    @pytest.mark.parametrize("page", ["change/", "password/", "delete/"])
    def test_changes_no_superuser(self, administrator: tuple[Client, User], page: str) -> None:
        client, _ = administrator
        owner = User.objects.create_superuser("owner", password="seven oysters on a reef")

        answer = client.post(f"{USERS}{owner.pk}/{page}", {"post": "yes", "username": "mine"})

        assert answer.status_code == 403
        assert User.objects.get(pk=owner.pk).username == "owner"

    def test_sees_who_is_in_which_group(self, administrator: tuple[Client, User]) -> None:
        client, _ = administrator
        make_user("editor", "moderator", username="bob")

        assert "editor, moderator" in client.get(USERS).content.decode()


class TestModerator:
    def test_sees_no_accounts(self) -> None:
        client = Client()
        client.force_login(make_user("moderator"))

        assert client.get(USERS).status_code == 403

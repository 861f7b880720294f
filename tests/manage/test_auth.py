"""Signing in, and what ends it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from tests.factories import make_user
from tests.manage.conftest import Staff

pytestmark = pytest.mark.django_db

LOGIN = "/api/v1/auth/login"
DESK = "/api/v1/manage"
PASSWORD = "seven oysters on a reef"


@pytest.fixture
def moderator() -> User:
    return make_user("moderator", username="ann", password=PASSWORD)


def sign_in(api: APIClient, username: str = "ann", password: str = PASSWORD) -> Any:
    return api.post(LOGIN, {"username": username, "password": password}, format="json")


def with_token(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


class TestLogin:
    def test_gives_a_token_that_opens_what_the_groups_may(
        self, api: APIClient, moderator: User
    ) -> None:
        answer = sign_in(api)

        assert answer.status_code == 200
        assert answer.json()["user"] == {"username": "ann", "groups": ["moderator"]}
        assert answer["Cache-Control"] == "no-store"
        assert with_token(answer.json()["token"]).get(DESK).status_code == 200

    def test_keeps_nothing_that_opens_anything(self, api: APIClient, moderator: User) -> None:
        token = sign_in(api).json()["token"]

        kept = AuthToken.objects.values().get()

        assert token not in str(kept)

    @pytest.mark.parametrize("username", ["ann", "nobody", "Ann"])
    def test_answers_alike_whether_the_account_exists(
        self, api: APIClient, moderator: User, username: str
    ) -> None:
        answer = sign_in(api, username, "wrong")

        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Token"
        assert answer.json()["detail"] == "No account has this name and this password."

    def test_does_not_tell_that_an_account_is_deactivated(
        self, api: APIClient, moderator: User
    ) -> None:
        User.objects.update(is_active=False)

        right, wrong = sign_in(api), sign_in(api, "ann", "wrong")

        assert (right.status_code, right.content) == (401, wrong.content)

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            ({}, ["#/password", "#/username"]),
            ({"username": "a\0", "password": "b"}, ["#/username"]),
            ({"username": "a", "password": 7}, ["#/password"]),
            ({"username": "a", "password": "b", "next": "/"}, ["#/next"]),
        ],
    )
    def test_names_what_is_not_valid(
        self, api: APIClient, body: dict[str, Any], pointers: list[str]
    ) -> None:
        answer = api.post(LOGIN, body, format="json")

        assert answer.status_code == 400
        assert sorted(error["pointer"] for error in answer.json()["errors"]) == pointers


class TestGuesses:
    def test_at_one_account_end_at_the_limit_even_with_the_right_password(
        self, api: APIClient, moderator: User
    ) -> None:
        guesses = [sign_in(api, "ann", f"guess {each}").status_code for each in range(11)]

        late = sign_in(api)

        assert guesses == [401] * 10 + [429]
        assert late.status_code == 429
        assert late["RateLimit-Policy"] == '"account";q=10;w=900'
        assert 0 < int(late["Retry-After"]) <= 900

    def test_at_an_account_that_does_not_exist_end_at_the_same_limit(self, api: APIClient) -> None:
        guesses = [sign_in(api, "nobody", f"guess {each}").status_code for each in range(11)]

        assert guesses == [401] * 10 + [429]

    def test_from_one_address_end_at_a_limit_of_their_own(self, api: APIClient) -> None:
        guesses = [sign_in(api, f"user-{each}", "guess").status_code for each in range(51)]

        assert guesses == [401] * 50 + [429]

    def test_do_not_include_the_right_ones(self, api: APIClient, moderator: User) -> None:
        answers = [sign_in(api).status_code for _ in range(12)]

        assert answers == [200] * 12

    def test_are_limited_in_the_admin_too(self, api: APIClient, moderator: User) -> None:
        for each in range(10):
            sign_in(api, "ann", f"guess {each}")

        page = api.post("/admin/login/", {"username": "ann", "password": PASSWORD})

        assert page.status_code == 200
        assert b"Too many wrong passwords were tried." in page.content


class TestToken:
    @pytest.mark.parametrize(
        "header",
        ["", "Token", "Token a b", "Token \xff\xfe", "Token \x00", "Bearer x", "Token " + "0" * 64],
    )
    def test_that_is_none_opens_nothing(self, api: APIClient, header: str) -> None:
        answer = api.get(DESK, HTTP_AUTHORIZATION=header)

        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Token"

    def test_ends_after_ten_hours(self, staff: Staff) -> None:
        client = staff("moderator")
        before = client.get(DESK).status_code

        AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))

        assert (before, client.get(DESK).status_code) == (200, 401)

    def test_ends_with_the_account(self, staff: Staff) -> None:
        client = staff("moderator")

        User.objects.update(is_active=False)

        assert client.get(DESK).status_code == 401

    def test_ends_with_the_password(self, staff: Staff) -> None:
        client = staff("moderator")
        user = User.objects.get()

        user.set_password("nine crabs in a pot")
        user.save()

        assert client.get(DESK).status_code == 401

    def test_loses_what_its_group_loses(self, staff: Staff) -> None:
        client = staff("moderator")

        User.objects.get().groups.clear()

        assert client.get(DESK).status_code == 403


class TestLogout:
    def test_ends_one_token(self, staff: Staff) -> None:
        client = staff("moderator")
        other = with_token(AuthToken.objects.create(User.objects.get())[1])

        answer = client.post("/api/v1/auth/logout")

        assert answer.status_code == 204
        assert (client.get(DESK).status_code, other.get(DESK).status_code) == (401, 200)

    def test_everywhere_ends_all_of_the_account_and_no_other(self, staff: Staff) -> None:
        client, stranger = staff("moderator", username="ann"), staff("editor")
        other = with_token(AuthToken.objects.create(User.objects.get(username="ann"))[1])

        client.post("/api/v1/auth/logout-all")

        statuses = [each.get(DESK).status_code for each in (client, other, stranger)]
        assert statuses == [401, 401, 200]


class TestTokens:
    def test_are_listed_and_revoked_one_by_one(self, staff: Staff) -> None:
        client = staff("moderator")
        other = with_token(AuthToken.objects.create(User.objects.get())[1])
        listed = client.get("/api/v1/auth/tokens").json()["tokens"]
        (revoked,) = (each["id"] for each in listed if not each["is_current"])

        answer = client.delete(f"/api/v1/auth/tokens/{revoked}")

        assert answer.status_code == 204
        assert (client.get(DESK).status_code, other.get(DESK).status_code) == (200, 401)

    def test_of_others_are_out_of_reach(self, staff: Staff) -> None:
        client, stranger = staff("administrator"), staff("moderator")
        listed = stranger.get("/api/v1/auth/tokens").json()["tokens"]

        answer = client.delete(f"/api/v1/auth/tokens/{listed[0]['id']}")

        assert answer.status_code == 404
        assert stranger.get(DESK).status_code == 200

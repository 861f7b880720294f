"""Which methods there are is told to whoever may be here."""

import pytest

from tests.manage.conftest import Staff

pytestmark = pytest.mark.django_db

LIST = "/api/v1/manage/campaigns"


class TestMethods:
    def test_that_are_not_known_are_told_apart_from_what_is_not_allowed(self, staff: Staff) -> None:
        client = staff("moderator")

        assert client.put(LIST).status_code == 405
        assert client.post(LIST).status_code == 403

    def test_are_told_by_options(self, staff: Staff) -> None:
        answer = staff("moderator").options(LIST)

        assert answer.status_code == 204
        assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"

    def test_are_told_to_nobody_else(self, staff: Staff) -> None:
        assert staff().options(LIST).status_code == 403

    def test_head_is_get_without_the_body(self, staff: Staff) -> None:
        answer = staff("editor").head(LIST)

        assert (answer.status_code, answer.content) == (200, b"")

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.factories import make_block, make_homepage

pytestmark = pytest.mark.django_db

URL = "/api/v1/homepage"


class TestHomePage:
    def test_costs_two_queries_however_many_blocks(
        self, api: APIClient, django_assert_num_queries: Any
    ) -> None:
        homepage = make_homepage(is_active=True)
        for _ in range(5):
            make_block(homepage=homepage)

        with django_assert_num_queries(2):  # the revision, and the page with its blocks
            response = api.get(URL)

        assert len(response.json()["content_blocks"]) == 5

    def test_has_all_its_fields(self, api: APIClient) -> None:
        homepage = make_homepage(
            is_active=True, social_media_urls={"mastodon": "https://social.example/@bay"}
        )

        document = api.get(URL).json()

        fields = {field.name for field in homepage._meta.concrete_fields}
        assert set(document) == fields | {"content_blocks", "totals"}
        assert document["social_media_urls"] == {"mastodon": "https://social.example/@bay"}

    def test_has_its_visible_blocks_in_their_order(self, api: APIClient) -> None:
        homepage = make_homepage(is_active=True)
        make_block(homepage=homepage, title="second", order=2)
        make_block(homepage=homepage, title="first", order=1)
        make_block(homepage=homepage, title="hidden", order=0, is_visible=False)
        make_block(homepage=homepage, title="third", order=2)
        make_block(title="of another page")

        blocks = api.get(URL).json()["content_blocks"]

        assert [block["title"] for block in blocks] == ["first", "second", "third"]

    def test_is_not_found_when_none_is_active(self, api: APIClient) -> None:
        make_homepage()

        response = api.get(URL)

        assert response.status_code == 404
        assert response["Content-Type"] == "application/problem+json"

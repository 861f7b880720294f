from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from backend.models import ContentBlock, HomePage
from tests.factories import make_block, make_homepage

pytestmark = pytest.mark.django_db

HOMEPAGES = "/admin/coalition/homepage/"
BLOCKS = "/admin/coalition/contentblock/"

Act = Callable[..., str]


def homepage_form(*blocks: dict[str, Any], saved: int = 0) -> dict[str, Any]:
    """The fields of a page and its blocks, of which the first `saved` exist already."""
    form: dict[str, Any] = {
        "organization_name": "Bay Coalition",
        "contact_email": "office@coalition.example",
        "social_media_urls": '{"mastodon": "https://social.example/@bay"}',
        "content_blocks-TOTAL_FORMS": len(blocks),
        "content_blocks-INITIAL_FORMS": saved,
    }
    for number, block in enumerate(blocks):
        fields = {"block_type": "text", "content": "<p>Clean water.</p>"} | block
        form |= {f"content_blocks-{number}-{name}": value for name, value in fields.items()}
    return form


class TestActivate:
    def test_swaps_the_active_page(self, act: Act) -> None:
        before, after = make_homepage(is_active=True), make_homepage()

        message = act("activate", after)

        assert message == f"{after} is the active homepage now."
        assert list(HomePage.objects.active()) == [after]
        before.refresh_from_db()
        assert not before.is_active

    def test_stands_in_the_history_of_the_page(self, act: Act) -> None:
        act("activate", make_homepage())

        assert LogEntry.objects.get().get_change_message() == "Activated."

    def test_of_two_pages_changes_nothing_and_says_why(self, act: Act) -> None:
        active = make_homepage(is_active=True)

        message = act("activate", make_homepage(), make_homepage())

        assert message == "Select exactly one homepage: only one can be active."
        assert list(HomePage.objects.active()) == [active]

    def test_is_not_on_offer_without_the_permission_to_change(
        self, act: Act, staff_client: Callable[..., Client]
    ) -> None:
        act("activate", make_homepage(), client=staff_client("view_homepage"))

        assert not HomePage.objects.active().exists()


class TestForm:
    def test_creates_a_page_with_its_blocks_in_order(self, admin_client: Client) -> None:
        blocks = [{"title": "First", "order": 1}, {"title": "Second", "order": 2}]

        response = admin_client.post(f"{HOMEPAGES}add/", homepage_form(*blocks))

        assert response.status_code == 302
        page = HomePage.objects.get()
        assert page.social_media_urls == {"mastodon": "https://social.example/@bay"}
        titles = [block.title for block in page.content_blocks.in_page_order()]
        assert titles == ["First", "Second"]

    def test_puts_blocks_into_the_order_they_were_dragged_to(self, admin_client: Client) -> None:
        page = make_homepage()
        first = make_block(homepage=page, title="First", order=1)
        second = make_block(homepage=page, title="Second", order=2)
        dragged = [
            {"id": first.pk, "homepage": page.pk, "title": "First", "order": 2},
            {"id": second.pk, "homepage": page.pk, "title": "Second", "order": 1},
        ]

        response = admin_client.post(
            f"{HOMEPAGES}{page.pk}/change/", homepage_form(*dragged, saved=2)
        )

        assert response.status_code == 302
        assert list(page.content_blocks.in_page_order()) == [second, first]

    def test_loads_what_dragging_needs_from_here(self, admin_client: Client) -> None:
        page = make_block().homepage

        html = admin_client.get(f"{HOMEPAGES}{page.pk}/change/").content.decode()

        assert "/static/adminsortable2/js/adminsortable2.min.js" in html
        assert 'name="content_blocks-0-order"' in html
        assert "//cdn" not in html

    def test_appends_a_new_block(self, admin_client: Client) -> None:
        page = make_block(order=7).homepage
        block = {"id": page.content_blocks.get().pk, "homepage": page.pk, "order": 7}

        admin_client.post(
            f"{HOMEPAGES}{page.pk}/change/",
            homepage_form(block, {"title": "New", "homepage": page.pk, "order": 0}, saved=1),
        )

        assert ContentBlock.objects.get(title="New").order == 8

    def test_leaves_the_active_page_to_the_action(self, admin_client: Client) -> None:
        page = make_homepage()

        admin_client.post(f"{HOMEPAGES}{page.pk}/change/", homepage_form() | {"is_active": "on"})

        assert not HomePage.objects.active().exists()

    @pytest.mark.parametrize("urls", ["[", '{"x": "http://social.example"}', '{"x": 1}'])
    def test_names_links_that_are_not_https(self, admin_client: Client, urls: str) -> None:
        response = admin_client.post(
            f"{HOMEPAGES}add/", homepage_form() | {"social_media_urls": urls}
        )

        assert "social_media_urls" in response.context["adminform"].form.errors

    def test_hides_the_times_of_a_page_that_is_not_saved(self, admin_client: Client) -> None:
        html = admin_client.get(f"{HOMEPAGES}add/").content.decode()

        assert "Created at" not in html


class TestBlockForm:
    def test_creates_a_block(self, admin_client: Client) -> None:
        page = make_homepage()
        form = {"homepage": page.pk, "block_type": "quote", "content": "<b>Yes</b>", "order": 3}

        response = admin_client.post(f"{BLOCKS}add/", form)

        assert response.status_code == 302
        assert page.content_blocks.get().order == 3

    def test_removes_scripts(self, admin_client: Client) -> None:
        form = {"homepage": make_homepage().pk, "block_type": "text", "order": 0}

        admin_client.post(f"{BLOCKS}add/", form | {"content": "<b>Yes</b><script>no()</script>"})

        assert ContentBlock.objects.get().content == "<b>Yes</b>"

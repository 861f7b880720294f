import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
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
        "social_media_urls-mastodon": "https://social.example/@bay",
        "content_blocks-TOTAL_FORMS": len(blocks),
        "content_blocks-INITIAL_FORMS": saved,
    }
    for number, block in enumerate(blocks):
        fields = {"block_type": "text", "content": "<p>Clean water.</p>"} | block
        form |= {f"content_blocks-{number}-{name}": value for name, value in fields.items()}
    return form


def activation_of(page: HomePage) -> str:
    return f"{HOMEPAGES}{page.pk}/activate/"


class TestActivate:
    def test_asks_first_and_shows_what_comes_in_place_of_what(self, admin_client: Client) -> None:
        active = make_homepage(is_active=True)
        page = make_block(content="<p>Clean water.</p>").homepage
        make_block(homepage=page, content="<p>Not yet.</p>", is_visible=False)

        html = admin_client.get(activation_of(page)).content.decode()

        assert f"Activate {page}?" in html
        assert f"“{active}”, with 0 visible blocks, is what visitors get now" in html
        assert "<p>Clean water.</p>" in html
        assert "Not yet" not in html
        assert "no visible content block" not in html
        assert list(HomePage.objects.active()) == [active]

    def test_warns_of_an_empty_page(self, admin_client: Client) -> None:
        html = " ".join(admin_client.get(activation_of(make_homepage())).content.decode().split())

        assert "no visible content block and no title in its hero" in html
        assert "visitors would get an empty page" in html

    def test_swaps_the_active_page_once_it_is_confirmed(self, admin_client: Client) -> None:
        before, after = make_homepage(is_active=True), make_homepage()

        response = admin_client.post(activation_of(after), follow=True)

        assert f"{after} is the active homepage now." in response.content.decode()
        assert list(HomePage.objects.active()) == [after]
        before.refresh_from_db()
        assert not before.is_active
        assert LogEntry.objects.get().get_change_message() == "Activated."

    def test_is_offered_in_the_list(self, admin_client: Client) -> None:
        page = make_homepage()

        html = admin_client.get(HOMEPAGES).content.decode()

        assert f'href="{activation_of(page)}">Preview and activate …</a>' in html

    def test_as_an_action_leads_to_the_question(self, admin_client: Client) -> None:
        page = make_homepage()

        response = admin_client.post(HOMEPAGES, {"action": "activate", "_selected_action": page.pk})

        assert response.headers["Location"] == activation_of(page)

    def test_of_two_pages_changes_nothing_and_says_why(self, act: Act) -> None:
        active = make_homepage(is_active=True)

        message = act("activate", make_homepage(), make_homepage())

        assert message == "Select exactly one homepage: only one can be active."
        assert list(HomePage.objects.active()) == [active]

    def test_needs_the_permission_to_change(self, staff_client: Callable[..., Client]) -> None:
        page = make_homepage()
        client = staff_client("view_homepage")

        assert client.post(activation_of(page)).status_code == 403
        assert "<form method" not in main_of(client.get(activation_of(page)).content.decode())
        assert not HomePage.objects.active().exists()

    def test_is_hidden_from_those_who_may_not_look(
        self, staff_client: Callable[..., Client]
    ) -> None:
        assert staff_client().get(activation_of(make_homepage())).status_code == 403

    def test_of_no_page_is_not_found(self, admin_client: Client) -> None:
        assert admin_client.get(f"{HOMEPAGES}7/activate/").status_code == 404

    def test_needs_the_token_of_the_page(self, admin_user: User) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(admin_user)

        assert client.post(activation_of(make_homepage())).status_code == 403


def main_of(html: str) -> str:
    return html[html.index("<main") :]


class TestSocialMedia:
    def test_has_a_field_for_each_platform_known_or_not(self, admin_client: Client) -> None:
        links = {"x": "https://x.example/bay", "crabnet": "https://crab.example/bay"}
        page = make_homepage(social_media_urls=links)

        html = admin_client.get(f"{HOMEPAGES}{page.pk}/change/").content.decode()

        for platform, url in links.items():
            assert f'name="social_media_urls-{platform}" value="{url}"' in html
        assert 'name="social_media_urls-facebook" value=""' in html

    def test_takes_a_platform_that_it_does_not_know(self, admin_client: Client) -> None:
        other = {
            "social_media_urls-_other-platform": "Crabnet",
            "social_media_urls-_other-url": "https://crab.example/bay",
        }

        admin_client.post(f"{HOMEPAGES}add/", homepage_form() | other)

        assert HomePage.objects.get().social_media_urls == {
            "mastodon": "https://social.example/@bay",
            "crabnet": "https://crab.example/bay",
        }

    def test_asks_for_the_name_of_the_platform(self, admin_client: Client) -> None:
        other = {"social_media_urls-_other-url": "https://crab.example/bay"}

        response = admin_client.post(f"{HOMEPAGES}add/", homepage_form() | other)

        assert "Name the platform" in response.content.decode()
        assert 'value="https://crab.example/bay"' in response.content.decode()

    def test_forgets_a_link_that_is_emptied(self, admin_client: Client) -> None:
        page = make_homepage(social_media_urls={"x": "https://x.example/bay"})
        form = homepage_form() | {"social_media_urls-mastodon": "", "social_media_urls-x": ""}

        admin_client.post(f"{HOMEPAGES}{page.pk}/change/", form)

        page.refresh_from_db()
        assert page.social_media_urls == {}

    @pytest.mark.parametrize("url", ["http://x.example", "x", "javascript:alert(1)"])
    def test_names_a_link_that_is_not_https(self, admin_client: Client, url: str) -> None:
        form = homepage_form() | {"social_media_urls-x": url}

        response = admin_client.post(f"{HOMEPAGES}add/", form)

        errors = response.context["adminform"].form.errors["social_media_urls"]
        assert errors == ["x: give an https URL."]


class TestRichTextPreview:
    def test_shows_what_would_be_stored(self, admin_client: Client) -> None:
        html = "<p onclick=alert(1)>Yes</p><script>alert(1)</script>"

        response = admin_client.post("/admin/preview-rich-text/", {"html": html})

        assert response.json() == {"html": "<p>Yes</p>"}

    def test_is_for_staff(self, client: Client) -> None:
        response = client.post("/admin/preview-rich-text/", {"html": "<p>Yes</p>"})

        assert response.headers["Location"].startswith("/admin/login/")

    def test_answers_no_link(self, admin_client: Client) -> None:
        response = admin_client.get("/admin/preview-rich-text/", {"html": "<p>Yes</p>"})

        assert response.status_code == 405


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

    def test_folds_each_block_to_a_line_that_says_what_is_in_it(self, admin_client: Client) -> None:
        page = make_block(content="<p>Clean <b>water</b>.</p><ul><li>Now</li></ul>").homepage
        make_block(homepage=page, block_type="image", content="", image_alt_text="A reef")

        html = admin_client.get(f"{HOMEPAGES}{page.pk}/change/").content.decode()

        assert "<summary>Clean water. Now</summary>" in html
        assert "<summary>A reef</summary>" in html

    def test_unfolds_a_block_with_an_error(self, admin_client: Client) -> None:
        block = make_block()
        form = {"id": block.pk, "homepage": block.homepage.pk, "order": 1, "content": ""}

        response = admin_client.post(
            f"{HOMEPAGES}{block.homepage.pk}/change/", homepage_form(form, saved=1)
        )

        html = response.content.decode()
        assert "A block of this type needs content." in html
        assert re.search(r'id="content_blocks-0".*?<details open>', html, re.DOTALL)

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

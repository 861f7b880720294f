"""Two people, or the admin and the API, who change the same."""

from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from threading import Barrier
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from knox.models import AuthToken
from rest_framework.test import APIClient

from backend.models import ContentBlock, HomePage, PolicyCampaign
from tests.factories import (
    make_block,
    make_campaign,
    make_endorsement,
    make_legal_document,
    make_stakeholder,
    make_user,
)

pytestmark = pytest.mark.django_db

MANAGE = "/api/v1/manage"


class Form(HTMLParser):
    """What a browser would send of a page's form, and what is said to be wrong."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.errors = ""
        self._select = self._area = ""
        self._lists = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        at = dict(attrs)
        name, kind = at.get("name", ""), at.get("type")
        self._lists += tag == "ul" and "errorlist" in at.get("class", "")
        if tag == "textarea":
            self._area = name
            self.values[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in at:
            self.values[self._select] = at["value"]
        elif tag == "input" and kind == "checkbox":
            self.values |= {name: at.get("value", "on")} if "checked" in at else {}
        elif tag == "input" and kind not in {"submit", "file"}:
            self.values[name] = at.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            # As a browser does, without the line's end that it begins with.
            self.values[self._area] = self.values[self._area].removeprefix("\n")
            self._area = ""
        self._lists -= tag == "ul" and self._lists > 0

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data
        elif self._lists:
            self.errors += data


class Editor:
    """Somebody with a form open."""

    def __init__(self, row: Any, **values: Any) -> None:
        self._client = Client()
        self._client.force_login(make_user("administrator", **values))
        self.path = f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"
        self.page = Form(self._client.get(self.path).content.decode())

    def save(self, **values: Any) -> str:
        """What the page that is open then says is wrong; nothing if all is saved."""
        response = self._client.post(self.path, self.page.values | values)
        if response.status_code == 302:
            return ""
        self.page = Form(response.content.decode())
        return self.page.errors


def patch(path: str, body: dict[str, Any], **values: Any) -> None:
    """A change by somebody's dashboard."""
    client = APIClient()
    token = AuthToken.objects.create(make_user("editor", **values))[1]
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    assert client.patch(path, body, format="json", headers={"If-Match": "*"}).status_code == 200


class TestTwoPeople:
    def test_learn_of_each_other_and_lose_nothing_typed(self) -> None:
        campaign = make_campaign(title="Oysters", summary="Old.")
        first, second = Editor(campaign, username="ann"), Editor(campaign)

        saved = first.save(title="Ten <reefs>")
        refused = second.save(title="Twelve reefs", summary="New.")

        campaign.refresh_from_db()
        assert saved == ""
        assert "ann has changed this since you opened it" in refused
        assert "Stored now: Ten <reefs>" in refused
        assert (campaign.title, campaign.summary) == ("Ten <reefs>", "Old.")
        assert second.page.values["title"] == "Twelve reefs"
        assert second.page.values["summary"] == "New."
        assert not LogEntry.objects.exclude(user__username="ann").exists()

    def test_replace_what_they_were_told_of_by_saving_again(self) -> None:
        campaign = make_campaign()
        first, second, third = Editor(campaign), Editor(campaign), Editor(campaign)
        first.save(title="Ten reefs")
        second.save(title="Twelve reefs")

        saved = second.save()
        again = third.save(title="Nine reefs")

        assert saved == ""
        assert "Stored now: Twelve reefs" in again
        assert PolicyCampaign.objects.get().title == "Twelve reefs"

    def test_are_told_of_it_beside_what_else_is_wrong(self) -> None:
        campaign = make_campaign()
        first, second = Editor(campaign), Editor(campaign)
        first.save(title="Ten reefs")

        refused = second.save(title="", slug="no slug")

        assert "changed this since you opened it" in refused
        assert "This field is required." in refused

    def test_who_are_one_are_told_so(self) -> None:
        campaign = make_campaign()
        editor = Editor(campaign)
        opened = editor.page
        editor.save(title="Ten reefs")
        editor.page = opened

        assert "You yourself, in another window, have" in editor.save(title="Twelve reefs")

    @pytest.mark.parametrize("version", ["", "0" * 32, "\0", f"{'0' * 32}-{'9' * 9}"])
    def test_are_refused_with_a_version_that_never_was(self, version: str) -> None:
        refused = Editor(make_campaign(title="Old")).save(title="New", _version=version)

        assert "Somebody else has changed this" in refused
        assert PolicyCampaign.objects.get().title == "Old"

    def test_are_not_held_up_by_what_no_field_shows(self) -> None:
        campaign = make_campaign()
        editor = Editor(campaign)
        make_endorsement(campaign=campaign)
        PolicyCampaign.objects.update(updated_at="2026-11-28T00:00:00Z")

        assert editor.save(title="Ten reefs") == ""

    @pytest.mark.parametrize(
        ("make", "field"),
        [
            (make_stakeholder, "organization"),
            (make_endorsement, "statement"),
            (lambda: make_legal_document(published_at=None), "title"),
            (make_block, "title"),
            (lambda: make_user("editor"), "first_name"),
        ],
        ids=["stakeholder", "endorsement", "legal-document", "block", "account"],
    )
    def test_learn_of_each_other_whatever_it_is(self, make: Any, field: str) -> None:
        row = make()
        first, second = Editor(row), Editor(row)

        saved = [first.save(**{field: "One"}), second.save(**{field: "Two"})]

        row.refresh_from_db()
        assert saved[0] == ""
        assert "Stored now: One" in saved[1]
        assert getattr(row, field) == "One"
        assert second.save() == ""

    def test_do_not_give_back_the_rights_that_another_took(self) -> None:
        account = make_user("editor")
        first, second = Editor(account), Editor(account)
        del first.page.values["groups"]
        first.save()

        refused = second.save(first_name="Ann")

        assert "Stored now: nothing" in refused
        assert not account.groups.exists()


class TestBesideTheAPI:
    def test_a_form_learns_who_changed_its_row(self) -> None:
        campaign = make_campaign()
        editor = Editor(campaign)
        patch(f"{MANAGE}/campaigns/{campaign.pk}", {"title": "Ten reefs"}, username="bob")

        refused = editor.save(title="Twelve reefs")

        assert "bob has changed this" in refused
        assert PolicyCampaign.objects.get().title == "Ten reefs"

    def test_nobody_is_named_for_what_they_did_before(self) -> None:
        campaign = make_campaign()
        Editor(campaign, username="ann").save(title="Ten reefs")
        editor = Editor(campaign)
        PolicyCampaign.objects.update(title="By a script")

        refused = editor.save(title="Twelve reefs")

        assert "Somebody else has changed this" in refused
        assert "ann" not in refused

    def test_a_homepage_learns_of_a_block(self) -> None:
        block = make_block(title="Old")
        path = f"{MANAGE}/homepages/{block.homepage_id}/content-blocks/{block.pk}"
        editor = Editor(block.homepage)
        patch(path, {"title": "By the dashboard"}, username="bob")

        refused = editor.save(tagline="New")

        assert "bob has changed this" in refused
        assert "Stored now: By the dashboard" in refused
        assert ContentBlock.objects.get().title == "By the dashboard"
        assert HomePage.objects.get().tagline != "New"

    def test_a_homepage_keeps_a_block_that_was_added(self) -> None:
        editor = Editor(make_block().homepage)
        make_block(homepage=HomePage.objects.get(), title="Added")

        refused = editor.save(tagline="New")
        saved = editor.save()

        assert "Somebody else has changed this" in refused
        assert saved == ""
        assert ContentBlock.objects.filter(title="Added").exists()

    def test_a_homepage_can_go_on_without_a_block_that_was_deleted(self) -> None:
        gone = make_block(order=1)
        kept = make_block(order=2, homepage=gone.homepage)
        editor = Editor(gone.homepage)
        ContentBlock.objects.filter(pk=gone.pk).delete()
        typed = {"content_blocks-0-title": "Typed", "content_blocks-1-title": "Kept"}

        refused = editor.save(**typed)

        assert "Somebody has deleted this meanwhile" in refused
        assert editor.page.values.items() >= typed.items()
        assert editor.save(**{"content_blocks-0-DELETE": "on"}) == ""
        assert list(ContentBlock.objects.values_list("pk", "title")) == [(kept.pk, "Kept")]


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_one_saves_and_the_other_learns_of_it(self) -> None:
        block = make_block()
        editors = [Editor(block.homepage), Editor(block.homepage), Editor(block)]
        ready = Barrier(3)

        def save(place: int) -> str:
            name = "title" if place == 2 else "content_blocks-0-title"
            ready.wait(timeout=10)
            try:
                return editors[place].save(**{name: f"Title {place}"})
            finally:
                connection.close()

        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(save, range(3)))

        assert answers.count("") == 1
        assert ContentBlock.objects.get().title == f"Title {answers.index('')}"

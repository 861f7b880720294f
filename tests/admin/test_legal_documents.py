from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import connections
from django.test import Client

from backend.models import LegalDocument
from tests.conftest import connect_as_owner
from tests.factories import make_legal_document, publish_legal_document

pytestmark = pytest.mark.django_db

DOCUMENTS = "/admin/coalition/legaldocument/"
FORM = {
    "kind": "terms",
    "version": "2026-12",
    "title": "Terms",
    "content": "<p>Sign less.</p><script>more()</script>",
}

Act = Callable[..., str]


def page_of(document: LegalDocument, page: str = "change") -> str:
    return f"{DOCUMENTS}{document.pk}/{page}/"


class TestList:
    def test_tells_the_state_of_each(self, admin_client: Client) -> None:
        publish_legal_document(version="1")
        publish_legal_document(version="2")
        make_legal_document(version="3")

        response = admin_client.get(DOCUMENTS)

        shown = [(row.version, row.state) for row in response.context["cl"].result_list]
        assert shown == [("3", "draft"), ("2", "current"), ("1", "superseded")]
        assert "superseded" in response.content.decode()

    def test_offers_no_deletion_of_many(self, act: Act) -> None:
        draft = make_legal_document()

        act("delete_selected", draft, post="yes")

        assert LegalDocument.objects.exists()


class TestPublish:
    def test_asks_first_and_says_what_happens(self, admin_client: Client) -> None:
        current = publish_legal_document(title="Old terms")
        publish_legal_document(kind="privacy", title="Privacy")
        draft = make_legal_document(content="<h3>Sign</h3>")

        html = admin_client.get(page_of(draft, "publish")).content.decode()

        assert f"Publish “{draft}”?" in html
        assert f"in place of “{current}”" in html
        assert "what everybody signs" in html
        assert "Nobody can change or delete it again" in html
        assert "<h3>Sign</h3>" in html
        assert LegalDocument.objects.drafts().get() == draft

    def test_makes_the_draft_current_and_stands_in_its_history(self, admin_client: Client) -> None:
        draft = make_legal_document()

        response = admin_client.post(page_of(draft, "publish"))

        assert response["Location"] == DOCUMENTS
        assert messages_of(response) == [f"{draft} is published, and current now."]
        assert LegalDocument.objects.current("terms").get() == draft
        entry = LogEntry.objects.get()
        assert (entry.object_id, entry.get_change_message()) == (str(draft.pk), "Published.")

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_of_what_is_no_draft_any_more_changes_nothing_and_says_so(
        self, admin_client: Client, method: str
    ) -> None:
        published, deleted = publish_legal_document(), make_legal_document()
        key = deleted.pk
        deleted.delete()

        for pk in (published.pk, key):
            response = getattr(admin_client, method)(f"{DOCUMENTS}{pk}/publish/")

            assert response["Location"] == DOCUMENTS
            assert "Nothing was published: " in messages_of(response)[-1]
        assert LegalDocument.objects.get().published_at == published.published_at
        assert not LogEntry.objects.exists()

    def test_is_on_offer_for_a_draft_alone(self, admin_client: Client) -> None:
        draft, published = make_legal_document(), publish_legal_document()

        assert page_of(draft, "publish") in admin_client.get(page_of(draft)).content.decode()
        published_page = admin_client.get(page_of(published)).content.decode()
        assert page_of(published, "publish") not in published_page

    def test_needs_the_permission_to_change(self, staff_client: Callable[..., Client]) -> None:
        draft = make_legal_document()
        client = staff_client("view_legaldocument")

        assert client.post(page_of(draft, "publish")).status_code == 403
        assert client.get(page_of(draft, "publish")).status_code == 403
        assert page_of(draft, "publish") not in client.get(page_of(draft)).content.decode()
        assert LegalDocument.objects.drafts().exists()

    def test_needs_the_token_of_the_page(self, admin_user: User) -> None:
        draft = make_legal_document()
        client = Client(enforce_csrf_checks=True)
        client.force_login(admin_user)

        assert client.post(page_of(draft, "publish")).status_code == 403

    def test_as_an_action_leads_to_the_question(self, admin_client: Client) -> None:
        draft = make_legal_document()

        response = admin_client.post(
            DOCUMENTS, {"action": "publish", "_selected_action": [draft.pk]}
        )

        assert response["Location"] == page_of(draft, "publish")
        assert LegalDocument.objects.drafts().exists()

    @pytest.mark.parametrize(
        "makes", [[make_legal_document, make_legal_document], [publish_legal_document]]
    )
    def test_as_an_action_is_for_one_draft(
        self, act: Act, makes: list[Callable[[], LegalDocument]]
    ) -> None:
        assert act("publish", *(make() for make in makes)) == "Select exactly one draft."


class TestForm:
    def test_creates_a_draft_without_scripts(self, admin_client: Client) -> None:
        response = admin_client.post(f"{DOCUMENTS}add/", FORM | {"published_at": "2026-01-01"})

        assert response.status_code == 302
        draft = LegalDocument.objects.get()
        assert draft.content == "<p>Sign less.</p>"
        assert draft.published_at is None

    def test_changes_and_deletes_a_draft(self, admin_client: Client) -> None:
        draft = make_legal_document()

        admin_client.post(page_of(draft), FORM)
        changed = LegalDocument.objects.get()
        admin_client.post(page_of(draft, "delete"), {"post": "yes"})

        assert changed.version == "2026-12"
        assert not LegalDocument.objects.exists()

    def test_names_a_version_that_is_taken(self, admin_client: Client) -> None:
        publish_legal_document(kind="terms", version="2026-12")

        response = admin_client.post(f"{DOCUMENTS}add/", FORM)

        errors = response.context["adminform"].form.non_field_errors()
        assert errors == ["Legal document with this Kind and Version already exists."]


class TestPublished:
    def test_can_be_read_and_not_changed(self, admin_client: Client) -> None:
        published = publish_legal_document(title="Terms of ours")

        page = admin_client.get(page_of(published))

        assert "Terms of ours" in page.content.decode()
        assert 'name="_save"' not in page.content.decode()
        assert 'name="title"' not in page.content.decode()
        assert admin_client.post(page_of(published), FORM).status_code == 403
        assert LegalDocument.objects.get().title == "Terms of ours"

    def test_cannot_be_deleted(self, admin_client: Client) -> None:
        published = publish_legal_document()

        response = admin_client.post(page_of(published, "delete"), {"post": "yes"})

        assert response.status_code == 403
        assert LegalDocument.objects.exists()

    def test_can_be_copied_as_a_new_draft(self, admin_client: Client) -> None:
        published = publish_legal_document(kind="privacy", title="Ours", content="<p>All.</p>")
        copy = f"{DOCUMENTS}add/?copy={published.pk}"

        assert copy in admin_client.get(page_of(published)).content.decode()
        form = admin_client.get(copy).context["adminform"].form

        assert form["kind"].value() == "privacy"
        assert form["title"].value() == "Ours"
        assert form["content"].value() == "<p>All.</p>"
        assert form["version"].value() is None

    @pytest.mark.parametrize("key", ["", "0", "x", "9" * 30])
    def test_cannot_be_copied_where_there_is_none(self, admin_client: Client, key: str) -> None:
        response = admin_client.get(f"{DOCUMENTS}add/?copy={key}")

        assert response.status_code == 200
        assert not response.context["adminform"].form["title"].value()


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    @pytest.mark.parametrize(("page", "form"), [("change", FORM), ("delete", {"post": "yes"})])
    def test_who_changes_a_draft_waits_for_who_publishes_it_and_is_refused(
        self, admin_client: Client, page: str, form: dict[str, str]
    ) -> None:
        draft = make_legal_document(title="As it was read")

        def change() -> int:
            try:
                return admin_client.post(page_of(draft, page), form).status_code
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as thread, connect_as_owner() as owner:
            with owner.transaction():
                owner.execute("UPDATE core_legaldocument SET published_at = now()")
                changing = thread.submit(change)
                is_waiting = bool(wait([changing], timeout=0.5).not_done)
            status = changing.result()

        assert is_waiting
        assert status == 403
        assert LegalDocument.objects.published().get().title == "As it was read"


def messages_of(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]

"""What is published stays as it is, whoever asks for a change."""

from collections.abc import Callable
from typing import Any

import pgtrigger
import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from backend.models import LegalDocument
from tests.conftest import connect_as_owner
from tests.factories import make_legal_document, publish_legal_document

REFUSAL = "A published legal document cannot be changed or deleted."

CHANGES: list[Callable[[], Any]] = [
    lambda: LegalDocument.objects.update(content="<p>Sign more.</p>"),
    lambda: LegalDocument.objects.update(published_at=None),
    lambda: LegalDocument.objects.get().save(),
    lambda: LegalDocument.objects.bulk_update(LegalDocument.objects.all(), ["title"]),
    lambda: LegalDocument.objects.get().delete(),
    lambda: LegalDocument.objects.all().delete(),
]


def unsaved(**values: Any) -> LegalDocument:
    """Valid terms."""
    defaults = {"kind": "terms", "version": "1", "title": "Terms", "content": "<p>Sign.</p>"}
    return LegalDocument(**defaults | values)


def stored() -> Any:
    """The only document, as the database has it."""
    return LegalDocument.objects.values().get()


class TestPublished:
    @pytest.mark.django_db
    @pytest.mark.parametrize("change", CHANGES)
    def test_is_refused_to_the_application(self, change: Callable[[], Any]) -> None:
        publish_legal_document()
        before = stored()

        with pytest.raises(IntegrityError, match=REFUSAL), transaction.atomic():
            change()

        assert stored() == before

    @pytest.mark.django_db
    def test_is_refused_to_a_session_that_ignores_triggers(self) -> None:
        publish_legal_document()

        with (
            pgtrigger.ignore(),
            pytest.raises(IntegrityError, match=REFUSAL),
            transaction.atomic(),
        ):
            LegalDocument.objects.update(title="New")

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE core_legaldocument SET content = ''",
            "UPDATE core_legaldocument SET published_at = NULL",
            "UPDATE core_legaldocument SET title = title",
            "DELETE FROM core_legaldocument",
            """
            INSERT INTO core_legaldocument (kind, version, title, content)
            SELECT kind, version, title, content FROM core_legaldocument
            ON CONFLICT (kind, version) DO UPDATE SET content = ''
            """,
        ],
    )
    def test_is_refused_to_the_owner_with_advice(self, statement: str) -> None:
        publish_legal_document()
        before = stored()

        with connect_as_owner() as owner, pytest.raises(psycopg.IntegrityError) as refused:
            owner.execute(statement.encode())

        assert refused.value.diag.message_primary == REFUSAL
        assert refused.value.diag.message_hint == "Write a new version, and publish that."
        assert stored() == before

    @pytest.mark.django_db
    def test_is_not_valid_to_be_saved(self) -> None:
        with pytest.raises(ValidationError, match="Write a new version"):
            publish_legal_document().full_clean()

    @pytest.mark.django_db
    def test_is_not_what_a_new_document_can_be(self) -> None:
        with pytest.raises(ValidationError, match="published"):
            unsaved(published_at=timezone.now()).full_clean()


@pytest.mark.django_db
class TestDraft:
    def test_can_be_changed_and_deleted_beside_a_published_one(self) -> None:
        published, draft = publish_legal_document(), make_legal_document()
        draft.content = "<p>Sign less.</p><script>more()</script>"

        draft.full_clean()
        draft.save()

        assert LegalDocument.objects.drafts().get().content == "<p>Sign less.</p>"
        draft.delete()
        assert LegalDocument.objects.get() == published

    def test_needs_a_version_that_fits_into_a_url(self) -> None:
        with pytest.raises(ValidationError) as refused:
            unsaved(version="2026/11").full_clean()

        assert list(refused.value.message_dict) == ["version"]

    def test_needs_a_version_that_no_other_of_its_kind_has(self) -> None:
        make_legal_document(kind="terms", version="2026-11")

        unsaved(kind="privacy", version="2026-11").full_clean()
        with pytest.raises(ValidationError) as refused:
            unsaved(kind="terms", version="2026-11").full_clean()

        assert "already exists" in str(refused.value)


@pytest.mark.django_db
class TestQuestions:
    def test_current_is_the_newest_published_of_its_kind(self) -> None:
        publish_legal_document(kind="terms")
        newer = publish_legal_document(kind="terms")
        privacy = publish_legal_document(kind="privacy")
        make_legal_document(kind="terms")

        assert LegalDocument.objects.current("terms").get() == newer
        assert LegalDocument.objects.current("privacy").get() == privacy

    def test_current_is_the_later_of_two_of_one_moment(self) -> None:
        first = publish_legal_document()
        second = make_legal_document(published_at=first.published_at)

        assert LegalDocument.objects.current("terms").get() == second

    def test_current_is_none_while_there_are_drafts_alone(self) -> None:
        make_legal_document()

        assert not LegalDocument.objects.current("terms").exists()

    def test_published_and_drafts_are_all_there_are(self) -> None:
        published, draft = publish_legal_document(), make_legal_document()

        assert LegalDocument.objects.published().get() == published
        assert LegalDocument.objects.drafts().get() == draft

    def test_state_is_told_of_each_kind_by_itself(self) -> None:
        for kind in ("terms", "privacy"):
            publish_legal_document(kind=kind, version="1")
            publish_legal_document(kind=kind, version="2")
            make_legal_document(kind=kind, version="3")

        documents = LegalDocument.objects.with_state().order_by("kind", "version")

        states = [document.state for document in documents]
        assert states == ["superseded", "current", "draft"] * 2

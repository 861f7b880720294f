from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backend.actions.errors import NotAllowed
from backend.actions.legal_documents import publish
from backend.models import LegalDocument
from tests.factories import make_legal_document, publish_legal_document

PUBLISHERS = 6


@pytest.mark.django_db
class TestPublish:
    def test_makes_the_draft_current_as_of_now(self) -> None:
        publish_legal_document()
        draft, other = make_legal_document(), make_legal_document()
        before = timezone.now()

        published = publish(document_id=draft.pk)

        assert before <= published.updated_at <= timezone.now()
        assert published.published_at == published.updated_at
        assert published.content == draft.content
        assert LegalDocument.objects.current("terms").get() == published
        assert LegalDocument.objects.drafts().get() == other

    def test_supersedes_what_was_published_in_the_same_transaction(self) -> None:
        first, second = make_legal_document(), make_legal_document()

        publish(document_id=second.pk)
        publish(document_id=first.pk)

        assert LegalDocument.objects.current("terms").get() == first

    def test_costs_two_queries(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        draft = make_legal_document()

        with django_assert_num_queries(2):  # the change, and the document as it is now
            publish(document_id=draft.pk)

    def test_refuses_what_was_published_before_and_leaves_its_time(self) -> None:
        published = publish_legal_document()

        with pytest.raises(NotAllowed):
            publish(document_id=published.pk)

        assert LegalDocument.objects.get().published_at == published.published_at

    def test_refuses_what_was_deleted(self) -> None:
        draft = make_legal_document()
        LegalDocument.objects.all().delete()

        with pytest.raises(NotAllowed):
            publish(document_id=draft.pk)


@pytest.mark.django_db(transaction=True)
class TestPublishers:
    def test_who_are_many_at_once_publish_it_one_time(self) -> None:
        draft = make_legal_document()
        everybody_presses = Barrier(PUBLISHERS)

        def press(_publisher: int) -> LegalDocument | None:
            everybody_presses.wait()
            try:
                return publish(document_id=draft.pk)
            except NotAllowed:
                return None
            finally:
                connections.close_all()

        with ThreadPoolExecutor(PUBLISHERS) as threads:
            pressed = list(threads.map(press, range(PUBLISHERS)))

        (published,) = filter(None, pressed)
        assert LegalDocument.objects.get().published_at == published.published_at

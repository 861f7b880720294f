from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.db import connection

from backend.models import ContentBlock, HomePage
from tests.factories import make_block, make_homepage


class TestQuestions:
    pytestmark = pytest.mark.django_db

    def test_active_is_empty_when_no_page_is_active(self) -> None:
        make_homepage()

        assert not HomePage.objects.active().exists()

    def test_loads_the_visible_blocks_of_all_pages_by_one_more_query(
        self, django_assert_num_queries: Any
    ) -> None:
        for _ in range(2):
            page = make_homepage()
            make_block(homepage=page, title="second", order=2)
            make_block(homepage=page, title="first", order=1)
            make_block(homepage=page, is_visible=False)

        with django_assert_num_queries(2):
            titles = [
                [block.title for block in page.content_blocks.all()]
                for page in HomePage.objects.with_visible_blocks()
            ]

        assert titles == [["first", "second"]] * 2

    def test_shows_its_visible_blocks_in_page_order(self) -> None:
        page = make_homepage()
        last = make_block(homepage=page, order=2)
        first = make_block(homepage=page, order=1)
        beside_last = make_block(homepage=page, order=2)
        make_block(homepage=page, is_visible=False)

        blocks = ContentBlock.objects.visible().in_page_order()

        assert list(blocks) == [first, last, beside_last]

    def test_deletion_takes_the_blocks_along_for_good(self) -> None:
        make_block().homepage.delete()

        assert not ContentBlock.objects.exists()


@pytest.mark.django_db
class TestActivate:
    def test_swaps_the_active_page(self) -> None:
        before, after = make_homepage(is_active=True), make_homepage()

        after.activate()

        before.refresh_from_db()
        assert (before.is_active, after.is_active) == (False, True)

    def test_changes_the_time_of_the_two_pages_it_touches(self) -> None:
        before, after, other = make_homepage(is_active=True), make_homepage(), make_homepage()
        HomePage.objects.update(updated_at="2020-01-01T00:00:00Z")

        after.activate()

        changed = HomePage.objects.filter(updated_at__year__gt=2020)
        assert set(changed) == {before, after}
        assert other not in changed

    def test_of_the_active_page_leaves_it_active(self) -> None:
        page = make_homepage(is_active=True)

        page.activate()

        assert page.is_active
        assert HomePage.objects.active().get() == page

    def test_of_a_page_removed_meanwhile_leaves_the_active_one_alone(self) -> None:
        active, removed = make_homepage(is_active=True), make_homepage()
        HomePage.objects.filter(pk=removed.pk).delete()

        with pytest.raises(HomePage.DoesNotExist):
            removed.activate()

        assert HomePage.objects.active().get() == active

    def test_costs_four_statements_however_many_pages(self, django_assert_num_queries: Any) -> None:
        pages = [make_homepage() for _ in range(5)]

        # The lock, two updates and a read, between a savepoint and its release.
        with django_assert_num_queries(6):
            pages[0].activate()


def in_thread(work: Callable[[], Any]) -> Callable[[], Any]:
    """`work`, with a connection of its own that is closed at the end."""

    def run() -> Any:
        try:
            return work()
        finally:
            connection.close()

    return run


@pytest.mark.django_db(transaction=True)
class TestConcurrentActivations:
    def test_all_succeed_and_nobody_ever_sees_other_than_one_active_page(self) -> None:
        pages = [make_homepage(is_active=True), *(make_homepage() for _ in range(3))]
        finished = Event()

        def activate_in_turn(first: int) -> None:
            for turn in range(30):
                HomePage.objects.get(pk=pages[(first + turn) % len(pages)].pk).activate()

        def count_active_pages() -> set[int]:
            seen = set()
            while not finished.wait(0.002):
                seen.add(HomePage.objects.active().count())
            return seen

        with ThreadPoolExecutor(9) as threads:
            reader = threads.submit(in_thread(count_active_pages))
            writers = [
                threads.submit(in_thread(lambda n=n: activate_in_turn(n)))  # type: ignore[misc]
                for n in range(8)
            ]
            errors = [writer.exception() for writer in writers]
            finished.set()

        assert errors == [None] * 8
        assert reader.result() == {1}
        assert HomePage.objects.active().count() == 1

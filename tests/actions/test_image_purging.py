"""Images go that nobody verified for a day, or that nothing has shown for a month."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from backend.actions.image_purging import models_with_images, purge_images
from backend.actions.purging import purge
from backend.images.stores import StoreDown, image_store
from backend.models import ContentBlock, HomePage, LegalDocument, PolicyCampaign, Upload
from tests.factories import (
    make_block,
    make_campaign,
    make_homepage,
    make_legal_document,
    make_submission,
    make_upload,
)
from tests.image_stores import Images

pytestmark = pytest.mark.django_db


def days_ago(days: float) -> Any:
    return timezone.now() - timedelta(days=days)


def show(**values: Any) -> Upload:
    """A verified upload, and its image."""
    upload = make_upload(**values)
    image_store().publish(upload.name, b"image", content_type=upload.content_type)
    return upload


def come_in(images: Images, **values: Any) -> Upload:
    """An upload whose form was posted."""
    upload = make_upload(verified_at=None, size=5, **values)
    form = image_store().form(upload.key, content_type=upload.content_type, size=5)
    images.post(form.url, form.fields, b"image")
    return upload


class TestUnverified:
    def test_goes_after_a_day_with_what_came_in(self, images: Images) -> None:
        come_in(images, created_at=days_ago(1.1))
        kept = come_in(images, created_at=days_ago(0.9))

        assert purge_images() == 1

        assert [*Upload.objects.all()] == [kept]
        assert images.kept() == {f"incoming/{kept.key}"}

    def test_goes_with_what_a_process_showed_and_could_not_record(self, images: Images) -> None:
        upload = come_in(images, created_at=days_ago(2))
        image_store().publish(upload.name, b"image", content_type="image/png")

        purge_images()

        assert images.kept() == set()

    def test_goes_where_nothing_ever_came_in(self, images: Images) -> None:
        make_upload(verified_at=None, created_at=days_ago(2))

        assert purge_images() == 1


class TestUnused:
    def test_goes_a_month_after_nothing_shows_it_any_more(self, images: Images) -> None:
        upload = show(verified_at=days_ago(400), created_at=days_ago(400))
        campaign = make_campaign(image_url=upload.image_url, image_alt_text="A reef.")
        purge_images()
        PolicyCampaign.objects.filter(pk=campaign.pk).update(image_url="")

        assert purge_images() == 0  # it was shown until now
        Upload.objects.update(unused_since=days_ago(30.9))
        assert purge_images() == 0
        assert images.kept() == {f"public/{upload.name}"}
        Upload.objects.update(unused_since=days_ago(31.1))
        assert purge_images() == 1

        assert images.kept() == set()
        assert not Upload.objects.exists()

    @pytest.mark.usefixtures("images")
    def test_stays_if_it_is_shown_again(self) -> None:
        upload = show(unused_since=days_ago(40))
        make_campaign(image_url=upload.image_url, image_alt_text="A reef.")

        assert purge_images() == 0

        assert Upload.objects.get().unused_since is None

    @pytest.mark.usefixtures("images")
    @pytest.mark.parametrize(
        "use",
        [
            lambda url: make_campaign(image_url=url, image_alt_text="A reef.", active=False),
            lambda url: make_campaign(image_url=url, image_alt_text="A reef.").delete(),
            lambda url: make_campaign(description=f"![A reef]({url})"),
            lambda url: make_homepage(hero_background_image=url),
            lambda url: make_block(image_url=url, is_visible=False),
            lambda url: make_block(content=f'<img src="{url}">'),
            lambda url: make_legal_document(content=f'<img src="{url}">'),
        ],
        ids=["inactive", "deleted", "description", "homepage", "hidden", "html", "terms"],
    )
    def test_is_none_that_can_be_seen_or_come_back(self, use: Any) -> None:
        use(show(unused_since=days_ago(40)).image_url)

        assert purge_images() == 0

    def test_is_looked_for_wherever_an_image_can_be_shown(self) -> None:
        assert set(models_with_images()) == {PolicyCampaign, HomePage, ContentBlock, LegalDocument}


class TestPurging:
    @pytest.mark.usefixtures("images")
    def test_asks_the_same_few_questions_however_many(self, django_assert_num_queries: Any) -> None:
        for _ in range(20):
            show(unused_since=days_ago(40))
        make_block(image_url=show().image_url)

        # Four models, two marks; the uploads, their removal, and whether there are more.
        with django_assert_num_queries(9):
            assert purge_images() == 20

    def test_that_dies_between_the_image_and_its_row_is_taken_up_again(
        self, images: Images, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def die(_uploads: Any) -> Any:
            raise SystemExit

        show(unused_since=days_ago(40))
        with monkeypatch.context() as dying:
            dying.setattr("django.db.models.query.QuerySet.delete", die)
            with pytest.raises(SystemExit):
                purge_images()
        assert images.kept() == set()

        assert purge_images() == 1

        assert not Upload.objects.exists()

    @pytest.mark.usefixtures("images")
    def test_leaves_images_for_later_where_the_store_does_not_answer_and_does_the_rest(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(**_objects: Any) -> None:
            raise StoreDown

        show(unused_since=days_ago(40))
        make_submission(created_at=days_ago(31))
        monkeypatch.setattr(image_store(), "remove", refuse)

        removed = purge()

        assert (removed["submissions"], removed["images"]) == (1, 0)
        assert Upload.objects.exists()

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from backend.models import ContentBlock, HomePage, PolicyCampaign, Upload
from backend.models.upload import uploads_named_in
from tests.factories import make_block, make_campaign, make_homepage, make_upload, make_user

pytestmark = pytest.mark.django_db

OWN = "https://images.bay.example/coalition"


@pytest.fixture(autouse=True)
def _own_address(settings: Any) -> None:
    settings.IMAGES_PUBLIC_URL = OWN


def invalid_members(row: Any) -> dict[str, list[str]]:
    """The codes of what is not valid in a row, by field."""
    with pytest.raises(ValidationError) as refused:
        row.full_clean()
    return {
        name: [str(each.code) for each in errors]
        for name, errors in refused.value.error_dict.items()
    }


def campaign_with(url: str) -> PolicyCampaign:
    return make_campaign(image_url=url, image_alt_text="A reef.")


class TestImageURL:
    @pytest.mark.parametrize(
        "row",
        [
            campaign_with,
            lambda url: make_block(image_url=url),
            lambda url: make_homepage(hero_background_image=url),
        ],
        ids=["campaign", "block", "homepage"],
    )
    def test_of_our_own_store_is_that_of_a_verified_upload(self, row: Any) -> None:
        verified, requested = make_upload(), make_upload(verified_at=None)

        row(verified.image_url).full_clean()

        [codes] = invalid_members(row(f"{OWN}/{requested.name}")).values()
        assert codes == ["unverified"]

    @pytest.mark.parametrize(
        "change",
        [
            lambda url: url.replace(".png", ".jpg"),
            lambda url: url.replace("images.bay", "IMAGES.bay"),
            lambda url: url.replace("https:", "http:"),
            lambda url: f"{url}?size=large",
            lambda url: f"{url}#top",
            lambda url: url.upper().replace(OWN.upper(), OWN),
            lambda _: f"{OWN}/logo.png",
            lambda _: f"{OWN}/",
        ],
    )
    def test_of_our_own_store_is_as_it_was_told(self, change: Any) -> None:
        url = change(make_upload().image_url)

        assert invalid_members(campaign_with(url)) == {"image_url": ["unverified"]}

    def test_of_our_own_store_may_be_plain_http_where_that_is(self, settings: Any) -> None:
        settings.IMAGES_PUBLIC_URL = "http://127.0.0.1:8000/images"

        campaign_with(str(make_upload().image_url)).full_clean()

    @pytest.mark.parametrize(
        "url", ["https://elsewhere.example/a.png", "https://images.bay.example/a.png"]
    )
    def test_of_elsewhere_is_any_by_https(self, url: str) -> None:
        campaign_with(url).full_clean()

    @pytest.mark.parametrize(
        "url",
        ["http://elsewhere.example/a.png", "javascript:alert(1)", "https://[", "//x.example/a"],
    )
    def test_of_elsewhere_is_none_but_by_https(self, url: str) -> None:
        assert invalid_members(campaign_with(url)) == {"image_url": ["invalid"]}

    @pytest.mark.parametrize(("days", "is_usable"), [(29, True), (31, False)])
    def test_of_an_image_that_is_about_to_go_is_not_written_any_more(
        self, days: int, is_usable: bool
    ) -> None:
        upload = make_upload(unused_since=timezone.now() - timedelta(days=days))

        assert Upload.objects.usable().contains(upload) == is_usable

    def test_needs_words_for_those_who_do_not_see_the_image(self) -> None:
        campaign = make_campaign()
        campaign.image_url = "https://elsewhere.example/a.png"

        assert invalid_members(campaign) == {"image_alt_text": ["required"]}

    def test_may_be_left_out_with_its_words_or_without(self) -> None:
        make_campaign().full_clean()
        make_campaign(image_alt_text="A reef.").full_clean()


class TestUploads:
    def test_are_accessible_to_who_brought_them_and_to_administrators(self) -> None:
        editor, colleague, administrator = (
            make_user(group) for group in ("editor", "editor", "administrator")
        )
        upload = make_upload(created_by=editor)

        assert Upload.objects.accessible_to(editor).contains(upload)
        assert not Upload.objects.accessible_to(colleague).contains(upload)
        assert Upload.objects.accessible_to(administrator).contains(upload)

    def test_outlive_the_account_that_brought_them(self) -> None:
        editor = make_user("editor")
        make_upload(created_by=editor)

        editor.delete()

        assert Upload.objects.get().created_by is None

    def test_named_in_texts_are_found_under_any_address(self) -> None:
        one, two, three, four = (make_upload() for _ in range(4))
        make_block(
            image_url=one.image_url,
            content=f'<p><img src="{two.image_url}"><img src="https://old.example/{three.name}"></p>',
        )
        make_homepage(hero_background_image=four.image_url)
        make_homepage(tagline=f"{four.key} and {four.key}.exe are none")

        assert uploads_named_in(ContentBlock.objects.all()) == {one.pk, two.pk, three.pk}
        assert uploads_named_in(HomePage.objects.all()) == {four.pk}
        assert uploads_named_in(PolicyCampaign.objects.all()) == set()

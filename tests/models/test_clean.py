import pytest
from django.core.exceptions import ValidationError

from backend.models import ContentBlock, HomePage
from tests.factories import make_campaign, make_homepage

pytestmark = pytest.mark.django_db


class TestSocialMediaUrls:
    @pytest.mark.parametrize(
        "value",
        [{"x": "http://x.example"}, {"x": 1}, {"x": "https://"}, ["https://x.example"], "x"],
    )
    def test_refuses_what_is_not_an_object_of_https_urls(self, value: object) -> None:
        page = HomePage(
            organization_name="A", contact_email="a@example.org", social_media_urls=value
        )

        with pytest.raises(ValidationError) as refused:
            page.full_clean()

        assert "social_media_urls" in refused.value.message_dict


class TestCleanContentBlock:
    @pytest.mark.parametrize("block_type", ["text", "text_image", "quote", "stats", "custom_html"])
    def test_needs_content(self, block_type: str) -> None:
        block = ContentBlock(homepage=make_homepage(), block_type=block_type, content=" ")

        with pytest.raises(ValidationError) as refused:
            block.full_clean()

        assert set(refused.value.message_dict) == {"content"}

    @pytest.mark.parametrize("block_type", ["image", "video"])
    def test_needs_none_for_an_image_or_a_video(self, block_type: str) -> None:
        ContentBlock(homepage=make_homepage(), block_type=block_type, content="").full_clean()

    @pytest.mark.parametrize("block_type", ["image", "video"])
    def test_may_leave_content_out_for_them(self, block_type: str) -> None:
        ContentBlock(homepage=make_homepage(), block_type=block_type).full_clean()

    def test_refuses_content_left_out_for_text(self) -> None:
        with pytest.raises(ValidationError):
            ContentBlock(homepage=make_homepage()).full_clean()

    def test_refuses_what_the_constraints_refuse(self) -> None:
        block = ContentBlock(
            homepage=make_homepage(),
            content="x",
            order=-1,
            block_type="carousel",
            css_classes='a"',
            background_color="url(x)",
        )

        with pytest.raises(ValidationError) as refused:
            block.full_clean()

        fields = {"order", "block_type", "css_classes", "background_color"}
        assert set(refused.value.message_dict) >= fields


class TestCleanCampaign:
    @pytest.mark.parametrize("field", ["title", "slug"])
    def test_says_that_a_deleted_campaign_has_the_value(self, field: str) -> None:
        deleted = make_campaign(title="Clean water", slug="clean-water")
        deleted.delete()
        campaign = make_campaign()
        setattr(campaign, field, getattr(deleted, field))

        with pytest.raises(ValidationError) as refused:
            campaign.full_clean()

        assert list(refused.value.message_dict) == [field]
        assert "Restore it" in refused.value.message_dict[field][0]

    @pytest.mark.parametrize("field", ["title", "slug"])
    def test_says_that_a_live_campaign_has_the_value(self, field: str) -> None:
        other, campaign = make_campaign(), make_campaign()
        setattr(campaign, field, getattr(other, field))

        with pytest.raises(ValidationError) as refused:
            campaign.full_clean()

        assert "already exists" in str(refused.value)

    def test_lets_a_deleted_campaign_keep_its_own(self) -> None:
        campaign = make_campaign()
        campaign.delete()

        campaign.full_clean()

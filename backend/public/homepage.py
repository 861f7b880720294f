from typing import Self

from django.db import models

from backend.models import ContentBlock, HomePage
from backend.public.base import PublicModel, column


class PublicHomePage(PublicModel):
    """The active homepage; no row if there is none."""

    definition = """
        SELECT
            id, organization_name, tagline, hero_title, hero_subtitle, hero_background_image,
            about_section_title, about_section_content, cta_title, cta_content, cta_button_text,
            cta_button_url, contact_email, contact_phone, social_media_urls,
            campaigns_section_title, campaigns_section_subtitle, show_campaigns_section,
            is_active, created_at, updated_at
        FROM core_homepage
        WHERE is_active
    """

    organization_name = column(HomePage, "organization_name")
    tagline = column(HomePage, "tagline")
    hero_title = column(HomePage, "hero_title")
    hero_subtitle = column(HomePage, "hero_subtitle")
    hero_background_image = column(HomePage, "hero_background_image")
    about_section_title = column(HomePage, "about_section_title")
    about_section_content = column(HomePage, "about_section_content")
    cta_title = column(HomePage, "cta_title")
    cta_content = column(HomePage, "cta_content")
    cta_button_text = column(HomePage, "cta_button_text")
    cta_button_url = column(HomePage, "cta_button_url")
    contact_email = column(HomePage, "contact_email")
    contact_phone = column(HomePage, "contact_phone")
    social_media_urls = column(HomePage, "social_media_urls")
    campaigns_section_title = column(HomePage, "campaigns_section_title")
    campaigns_section_subtitle = column(HomePage, "campaigns_section_subtitle")
    show_campaigns_section = column(HomePage, "show_campaigns_section")
    is_active = column(HomePage, "is_active")
    created_at = column(HomePage, "created_at")
    updated_at = column(HomePage, "updated_at")

    class Meta(PublicModel.Meta):
        db_table = "public_homepage"

    def __str__(self) -> str:
        return str(self.organization_name)


class PublicContentBlockQuerySet(models.QuerySet["PublicContentBlock"]):
    def in_page_order(self) -> Self:
        return self.order_by("order", "pk")


class PublicContentBlock(PublicModel):
    """A visible piece of the active homepage."""

    definition = """
        SELECT
            block.id, homepage_id, title, block_type, content, image_url, image_alt_text, video_url,
            css_classes, background_color, "order", is_visible, block.created_at, block.updated_at
        FROM core_contentblock AS block JOIN core_homepage AS homepage
            ON homepage.id = block.homepage_id
        WHERE block.is_visible AND homepage.is_active
    """

    homepage = models.ForeignKey(
        PublicHomePage, on_delete=models.DO_NOTHING, related_name="content_blocks"
    )
    title = column(ContentBlock, "title")
    block_type = column(ContentBlock, "block_type")
    content = column(ContentBlock, "content")
    image_url = column(ContentBlock, "image_url")
    image_alt_text = column(ContentBlock, "image_alt_text")
    video_url = column(ContentBlock, "video_url")
    css_classes = column(ContentBlock, "css_classes")
    background_color = column(ContentBlock, "background_color")
    order = column(ContentBlock, "order")
    is_visible = column(ContentBlock, "is_visible")
    created_at = column(ContentBlock, "created_at")
    updated_at = column(ContentBlock, "updated_at")

    objects = PublicContentBlockQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        db_table = "public_contentblock"

    def __str__(self) -> str:
        return str(self.title)

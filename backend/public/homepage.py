from typing import Self

from django.db import models

from backend.models import ContentBlock
from backend.public.base import PublicModel


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

    organization_name = models.CharField(max_length=200)
    tagline = models.CharField(max_length=500)
    hero_title = models.CharField(max_length=300)
    hero_subtitle = models.CharField(max_length=500)
    hero_background_image = models.URLField(max_length=500)
    about_section_title = models.CharField(max_length=200)
    about_section_content = models.TextField()
    cta_title = models.CharField(max_length=200)
    cta_content = models.TextField()
    cta_button_text = models.CharField(max_length=100)
    cta_button_url = models.URLField(max_length=500)
    contact_email = models.EmailField()
    contact_phone = models.CharField(max_length=50)
    social_media_urls = models.JSONField()
    campaigns_section_title = models.CharField(max_length=200)
    campaigns_section_subtitle = models.CharField(max_length=500)
    show_campaigns_section = models.BooleanField()
    is_active = models.BooleanField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta(PublicModel.Meta):
        db_table = "public_homepage"

    def __str__(self) -> str:
        return self.organization_name


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
    title = models.CharField(max_length=200)
    block_type = models.CharField(max_length=20, choices=ContentBlock.BlockType)
    content = models.TextField()
    image_url = models.URLField(max_length=500)
    image_alt_text = models.CharField(max_length=300)
    video_url = models.URLField(max_length=500)
    css_classes = models.CharField(max_length=200)
    background_color = models.CharField(max_length=30)
    order = models.IntegerField()
    is_visible = models.BooleanField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = PublicContentBlockQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        db_table = "public_contentblock"

    def __str__(self) -> str:
        return self.title

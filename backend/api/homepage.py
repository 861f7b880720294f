from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import RetrieveAPIView

from backend.api.views import PublicView
from backend.models import ContentBlock, HomePage


class StoredMoment(serializers.DateTimeField):
    """A time as PostgreSQL writes it in JSON."""

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(datetime.fromisoformat(value))


class ContentBlockSerializer(serializers.ModelSerializer[ContentBlock]):
    """A piece of the homepage. `content` is HTML, safe to show."""

    created_at = StoredMoment(read_only=True)
    updated_at = StoredMoment(read_only=True)

    class Meta:
        model = ContentBlock
        fields = [
            "id",
            "title",
            "block_type",
            "content",
            "image_url",
            "image_alt_text",
            "video_url",
            "css_classes",
            "background_color",
            "order",
            "is_visible",
            "created_at",
            "updated_at",
        ]


class HomePageSerializer(serializers.ModelSerializer[HomePage]):
    """The active homepage, and its visible blocks in the order of the page."""

    content_blocks = ContentBlockSerializer(many=True, read_only=True, source="visible_blocks")
    social_media_urls = serializers.DictField(child=serializers.URLField())

    class Meta:
        model = HomePage
        fields = [
            "id",
            "organization_name",
            "tagline",
            "hero_title",
            "hero_subtitle",
            "hero_background_image",
            "about_section_title",
            "about_section_content",
            "cta_title",
            "cta_content",
            "cta_button_text",
            "cta_button_url",
            "contact_email",
            "contact_phone",
            "social_media_urls",
            "campaigns_section_title",
            "campaigns_section_subtitle",
            "show_campaigns_section",
            "is_active",
            "content_blocks",
            "created_at",
            "updated_at",
        ]


@extend_schema_view(get=extend_schema(operation_id="getHomepage", summary="Get the homepage"))
class HomePageView(PublicView, RetrieveAPIView[HomePage]):
    """The active homepage; 404 if none is active."""

    queryset = HomePage.objects.active().with_visible_blocks()
    shown_models = (HomePage, ContentBlock)
    serializer_class = HomePageSerializer

    def get_object(self) -> HomePage:
        return get_object_or_404(self.get_queryset())

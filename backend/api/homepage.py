from functools import cache
from http import HTTPStatus

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from backend.http.views import RenderedViewSet
from backend.models import ContentBlock, HomePage
from backend.rendering.json_objects import JsonObject, json_object_of
from backend.rendering.statements import array_of


class ContentBlockSerializer(serializers.ModelSerializer[ContentBlock]):
    """A piece of the homepage. `content` is HTML, safe to show."""

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

    content_blocks = ContentBlockSerializer(many=True, read_only=True)
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


@extend_schema_view(retrieve=extend_schema(operation_id="getHomepage", summary="Get the homepage"))
class HomePageViewSet(RenderedViewSet):
    """The active homepage; 404 if none is active."""

    queryset = HomePage.objects.active()
    problems = [HTTPStatus.NOT_FOUND]
    shown_models = (HomePage, ContentBlock)
    serializer_class = HomePageSerializer

    @property
    def row_json(self) -> JsonObject:
        return homepage()


@cache
def homepage() -> JsonObject:
    """A homepage with its visible blocks."""
    blocks = ContentBlock.objects.visible().in_page_order()
    array = array_of(blocks, json_object_of(ContentBlockSerializer()), key="homepage")
    return json_object_of(HomePageSerializer(), arrays={"content_blocks": array})

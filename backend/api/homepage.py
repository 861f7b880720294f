from functools import cache
from http import HTTPStatus

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from backend.http.views import RenderedViewSet
from backend.public import PublicContentBlock, PublicHomePage, PublicTotals
from backend.rendering.json_objects import JsonObject, json_object_of
from backend.rendering.statements import array_of, object_of


class ContentBlockSerializer(serializers.ModelSerializer[PublicContentBlock]):
    """A piece of the homepage. `content` is HTML, safe to show."""

    class Meta:
        model = PublicContentBlock
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


class TotalsSerializer(serializers.ModelSerializer[PublicTotals]):
    """How much there is to see."""

    campaigns = serializers.IntegerField(min_value=0)
    endorsements = serializers.IntegerField(min_value=0)
    stakeholders = serializers.IntegerField(min_value=0)

    class Meta:
        model = PublicTotals
        fields = ["campaigns", "endorsements", "stakeholders"]


class HomePageSerializer(serializers.ModelSerializer[PublicHomePage]):
    """The active homepage, and its visible blocks in the order of the page."""

    content_blocks = ContentBlockSerializer(many=True, read_only=True)
    totals = TotalsSerializer(read_only=True)
    social_media_urls = serializers.DictField(child=serializers.URLField())

    class Meta:
        model = PublicHomePage
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
            "totals",
            "created_at",
            "updated_at",
        ]


@extend_schema_view(retrieve=extend_schema(operation_id="getHomepage", summary="Get the homepage"))
class HomePageViewSet(RenderedViewSet):
    """The active homepage; 404 if none is active."""

    queryset = PublicHomePage.objects.all()
    shown = (PublicHomePage, PublicContentBlock, PublicTotals)
    problems = [HTTPStatus.NOT_FOUND]
    serializer_class = HomePageSerializer

    @property
    def row_json(self) -> JsonObject:
        return homepage()


@cache
def homepage() -> JsonObject:
    """A homepage with its visible blocks."""
    blocks = PublicContentBlock.objects.in_page_order()
    members = {
        "content_blocks": array_of(
            blocks, json_object_of(ContentBlockSerializer()), key="homepage"
        ),
        "totals": object_of(PublicTotals.objects.all(), json_object_of(TotalsSerializer())),
    }
    return json_object_of(HomePageSerializer(), members=members)

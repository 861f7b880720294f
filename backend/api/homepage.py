from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import RetrieveAPIView

from backend.api.views import PublicView
from backend.models import ContentBlock, HomePage


class ContentBlockSerializer(serializers.ModelSerializer[ContentBlock]):
    """A piece of the homepage. `content` is HTML, safe to show."""

    class Meta:
        model = ContentBlock
        exclude = ["homepage"]


class HomePageSerializer(serializers.ModelSerializer[HomePage]):
    """The active homepage, and its visible blocks in the order of the page."""

    content_blocks = ContentBlockSerializer(many=True, read_only=True)
    social_media_urls = serializers.DictField(child=serializers.URLField())

    class Meta:
        model = HomePage
        fields = "__all__"


@extend_schema_view(get=extend_schema(operation_id="getHomepage", summary="Get the homepage"))
class HomePageView(PublicView, RetrieveAPIView[HomePage]):
    """The active homepage; 404 if none is active."""

    queryset = HomePage.objects.active().with_visible_blocks()
    serializer_class = HomePageSerializer

    def get_object(self) -> HomePage:
        return get_object_or_404(self.get_queryset())

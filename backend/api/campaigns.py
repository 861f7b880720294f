from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from backend.http.filters import (
    OrderingFilter,
    QuerySetFilter,
    StrictFilterBackend,
    StrictFilterSet,
)
from backend.http.parameters import TextParameter, page_of
from backend.http.views import RenderedViewSet
from backend.public import PublicCampaign
from backend.public.campaigns import PublicCampaignQuerySet

# What stands for a campaign in a path.
SLUG = {
    "description": "The campaign's slug.",
    "schema": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
    "example": "ten-thousand-acres-of-reef",
}


class CampaignFilterSet(StrictFilterSet):
    """What the list of campaigns can be asked."""

    search = QuerySetFilter(
        PublicCampaignQuerySet.matching,
        TextParameter("Text in the title or summary, in upper or lower case.", example="oyster"),
    )
    ordering = OrderingFilter(
        {
            "created_at": lambda campaigns: campaigns.newest_first().reverse(),
            "title": PublicCampaignQuerySet.by_title,
            "endorsement_count": PublicCampaignQuerySet.least_endorsed_first,
        }
    )

    other_parameters = page_of(default=20, maximum=100)


class CampaignSerializer(serializers.ModelSerializer[PublicCampaign]):
    """A campaign, and how many endorsements of it are public."""

    endorsement_count = serializers.IntegerField(min_value=0, read_only=True)
    endorsement_count_7d = serializers.IntegerField(
        min_value=0,
        read_only=True,
        help_text="How many of them were created today or on the six days before, in UTC.",
    )

    class Meta:
        model = PublicCampaign
        fields = [
            "id",
            "title",
            "slug",
            "summary",
            "description",
            "endorsement_statement",
            "allow_endorsements",
            "endorsement_form_instructions",
            "image_url",
            "image_alt_text",
            "image_credit",
            "endorsement_count",
            "endorsement_count_7d",
            "created_at",
            "updated_at",
        ]


@extend_schema_view(
    list=extend_schema(
        operation_id="listCampaigns",
        summary="List campaigns",
        description="The campaigns the public may see, newest first.",
    ),
    retrieve=extend_schema(
        operation_id="getCampaign",
        summary="Get a campaign",
        description="One campaign the public may see.",
    ),
)
class CampaignViewSet(RenderedViewSet):
    """List and retrieve the campaigns the public may see."""

    queryset = PublicCampaign.objects.newest_first()
    serializer_class = CampaignSerializer
    lookup_field = "slug"
    path_parameters = {"slug": SLUG}
    shown = (PublicCampaign,)
    filter_backends = [StrictFilterBackend]
    filterset_class = CampaignFilterSet

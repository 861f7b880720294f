from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.http.filters import OrderingFilter, QuerySetFilter, StrictFilterSet
from backend.http.parameters import BooleanParameter, TextParameter, page_of
from backend.http.serializers import StrictModelSerializer
from backend.http.staff_resources import SoftDeletionViewSet
from backend.http.views import operation
from backend.manage.serializers import BecauseField, PublicityField
from backend.models import PolicyCampaign
from backend.models.campaign import PolicyCampaignQuerySet


class CampaignFilterSet(StrictFilterSet):
    """What staff's list of campaigns can be asked."""

    search = QuerySetFilter(
        PolicyCampaignQuerySet.matching,
        TextParameter("Text in the title or summary, in upper or lower case.", example="oyster"),
    )
    active = QuerySetFilter(
        lambda campaigns, active: campaigns.filter(active=active),
        BooleanParameter("Those that the public sees, or the others.", example=True),
    )
    deleted = QuerySetFilter(
        lambda campaigns, deleted: campaigns.deleted() if deleted else campaigns.live(),
        BooleanParameter("Those that were deleted, or the others; both if left out."),
    )
    ordering = OrderingFilter(
        {
            "created_at": lambda campaigns: campaigns.newest_first().reverse(),
            "title": PolicyCampaignQuerySet.by_title,
        }
    )

    other_parameters = page_of(default=50, maximum=500)


class ManagedCampaignSerializer(StrictModelSerializer[PolicyCampaign]):
    """A campaign, as those see it who run it."""

    endorsement_count = serializers.IntegerField(min_value=0, read_only=True)
    public = PublicityField()
    because = BecauseField()

    class Meta:
        model = PolicyCampaign
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
            "active",
            "endorsement_count",
            "public",
            "because",
            "deleted_at",
            "created_at",
            "updated_at",
        ]


@extend_schema_view(
    list=extend_schema(operation_id="manageListCampaigns", summary="List all campaigns"),
    retrieve=extend_schema(operation_id="manageGetCampaign", summary="Get any campaign"),
    create=extend_schema(operation_id="createCampaign", summary="Create a campaign"),
    partial_update=extend_schema(operation_id="updateCampaign", summary="Change a campaign"),
    destroy=extend_schema(
        operation_id="deleteCampaign",
        summary="Delete a campaign",
        description="Hides it, and its endorsements with it, until it is restored.",
    ),
)
class CampaignViewSet(SoftDeletionViewSet):
    """All campaigns, deleted ones too."""

    queryset = PolicyCampaign.all_objects.newest_first()
    serializer_class = ManagedCampaignSerializer
    filterset_class = CampaignFilterSet

    def get_queryset(self) -> Any:
        campaigns: Any = super().get_queryset()
        return campaigns.with_endorsement_count()

    @extend_schema(
        operation_id="restoreCampaign", summary="Restore a deleted campaign", request=None
    )
    @operation(problems=[409], is_tagged=True)
    def restore(self, request: Request, pk: int) -> Response:
        return self.restored(request, pk)

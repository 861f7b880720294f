from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from backend.api.campaigns import SLUG
from backend.http.filters import StrictFilterBackend, StrictFilterSet
from backend.http.parameters import page_of
from backend.http.views import RenderedViewSet
from backend.public import PublicCampaign, PublicEndorsement
from backend.public.campaigns import endorsement_count_sql
from backend.public.endorsements import PublicEndorsementQuerySet


class EndorsementFilterSet(StrictFilterSet):
    """A campaign's endorsements can only be paged through."""

    other_parameters = page_of(default=20, maximum=100)


class EndorserSerializer(serializers.ModelSerializer[PublicEndorsement]):
    """Who endorsed, as far as the public may know."""

    class Meta:
        model = PublicEndorsement
        fields = ["name", "organization", "role", "type", "state", "county"]


class EndorsementSerializer(serializers.ModelSerializer[PublicEndorsement]):
    """A public endorsement of a campaign."""

    stakeholder = EndorserSerializer(source="*", read_only=True)

    class Meta:
        model = PublicEndorsement
        fields = ["statement", "created_at", "stakeholder"]


@extend_schema_view(
    list=extend_schema(
        operation_id="listCampaignEndorsements",
        summary="List a campaign's endorsements",
    )
)
class CampaignEndorsementsViewSet(RenderedViewSet):
    """List a campaign's endorsements that the public may see, newest first."""

    serializer_class = EndorsementSerializer
    path_parameters = {"slug": SLUG}
    shown = (PublicCampaign, PublicEndorsement)
    filter_backends = [StrictFilterBackend]
    filterset_class = EndorsementFilterSet

    campaign: PublicCampaign

    def get_queryset(self) -> PublicEndorsementQuerySet:
        self.campaign = get_object_or_404(PublicCampaign, slug=self.kwargs["slug"])
        return PublicEndorsement.objects.of_campaign(self.campaign).newest_first()

    def total(self) -> str:
        return endorsement_count_sql(self.campaign.pk)

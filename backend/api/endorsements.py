from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from backend.api.campaigns import SLUG
from backend.http.parameters import StrictFilterBackend, StrictFilterSet, page_of
from backend.http.views import RenderedViewSet
from backend.models import Endorsement, PolicyCampaign, Stakeholder
from backend.models.endorsement import EndorsementQuerySet
from backend.models.endorsement_tally import total_sql
from backend.rendering.json_objects import json_object_of


class EndorsementFilterSet(StrictFilterSet):
    """A campaign's endorsements can only be paged through."""

    other_parameters = page_of(default=20, maximum=100)


class EndorserSerializer(serializers.ModelSerializer[Stakeholder]):
    """Who endorsed, as far as the public may know."""

    class Meta:
        model = Stakeholder
        fields = ["name", "organization", "role", "type", "state", "county"]


class EndorsementSerializer(serializers.ModelSerializer[Endorsement]):
    """A public endorsement of a campaign."""

    stakeholder = EndorserSerializer(read_only=True)

    class Meta:
        model = Endorsement
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
    row_json = json_object_of(EndorsementSerializer())
    path_parameters = {"slug": SLUG}
    shown_models = (PolicyCampaign, Endorsement, Stakeholder)
    filter_backends = [StrictFilterBackend]
    filterset_class = EndorsementFilterSet

    campaign: PolicyCampaign

    def get_queryset(self) -> EndorsementQuerySet:
        campaigns = PolicyCampaign.objects.public()
        self.campaign = get_object_or_404(campaigns, slug=self.kwargs["slug"])
        return Endorsement.objects.of_campaign(self.campaign).public().newest_first()

    def total(self) -> str:
        return total_sql(self.campaign.pk)

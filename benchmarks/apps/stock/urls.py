"""The stock way: what the guides of Django REST framework and drf-gis lead to."""

from django.db.models import Count, Q
from rest_framework import serializers
from rest_framework.pagination import PageNumberPagination
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ReadOnlyModelViewSet
from rest_framework_gis.filters import InBBoxFilter
from rest_framework_gis.pagination import GeoJsonPagination
from rest_framework_gis.serializers import GeoFeatureModelSerializer

from backend.models import PolicyCampaign, Stakeholder


class StakeholderSerializer(GeoFeatureModelSerializer):  # type: ignore[misc]  # it has no types
    class Meta:
        model = Stakeholder
        geo_field = "public_location"
        fields = ["id", "name", "organization", "role", "type", "state", "county", "created_at"]


class FeaturePagination(GeoJsonPagination):  # type: ignore[misc]  # it has no types
    page_size_query_param = "limit"


class StakeholderViewSet(ReadOnlyModelViewSet[Stakeholder]):
    queryset = Stakeholder.objects.filter(is_public=True).order_by("-created_at")
    serializer_class = StakeholderSerializer
    pagination_class = FeaturePagination
    filter_backends = [InBBoxFilter]
    bbox_filter_field = "public_location"


class CampaignSerializer(serializers.ModelSerializer[PolicyCampaign]):
    endorsement_count = serializers.IntegerField(source="public_endorsements")

    class Meta:
        model = PolicyCampaign
        exclude = ["active", "deleted_at"]


class CampaignPagination(PageNumberPagination):
    page_size_query_param = "limit"


class CampaignViewSet(ReadOnlyModelViewSet[PolicyCampaign]):
    queryset = (
        PolicyCampaign.objects.filter(active=True)
        .annotate(
            public_endorsements=Count(
                "endorsements",
                filter=Q(
                    endorsements__is_public=True, endorsements__stakeholder__deleted_at__isnull=True
                ),
            )
        )
        .order_by("-created_at")
    )
    serializer_class = CampaignSerializer
    pagination_class = CampaignPagination


router = SimpleRouter(trailing_slash=False)
router.register("stakeholders", StakeholderViewSet)
router.register("campaigns", CampaignViewSet)
urlpatterns = router.urls

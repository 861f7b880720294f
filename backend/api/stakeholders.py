from itertools import chain
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import StreamingHttpResponse
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from backend.api.features import (
    GEO_JSON,
    PROPERTIES,
    FeaturePagination,
    GeoJSONRenderer,
    StakeholderSerializer,
    stream_collection,
)
from backend.api.geo import AreaParameter, BBoxParameter, NearParameter, RadiusParameter
from backend.api.parameters import (
    ChoicesParameter,
    LimitParameter,
    OrderingFilter,
    PageForm,
    Question,
    StrictFilterBackend,
    StrictFilterSet,
    TextParameter,
)
from backend.api.schema import (
    StakeholderFeatureCollectionSerializer,
    StakeholderSetSerializer,
    body_of,
)
from backend.api.views import PublicView
from backend.models import Stakeholder, State
from backend.models.stakeholder import StakeholderQuerySet

DEFAULT_RADIUS_MILES = 50.0


class FeatureForm(forms.Form):
    """What is measured from where, and which properties the features have."""

    near = NearParameter("longitude,latitude: those within `radius`, the nearest first.")
    radius = RadiusParameter("How far `near` reaches: a number and its unit, mi, km or m.")
    # Django takes declared fields off the class before a form's own `fields` is set.
    fields = ChoicesParameter(  # type: ignore[assignment]
        "The properties to return; all, if left out.", PROPERTIES
    )

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("radius") and "near" not in self.data:
            message = "A radius needs a place to start from: give `near` too."
            self.add_error("radius", ValidationError(message, code="needs_near"))
        return self.cleaned_data


class FeaturePageForm(PageForm, FeatureForm):
    """The same for a page."""

    limit = LimitParameter(default=100, maximum=10_000)


class WholeSetFilterSet(StrictFilterSet):
    """What the whole set of stakeholders can be asked."""

    type = Question(
        lambda stakeholders, types: stakeholders.of_type(*types),
        ChoicesParameter("Any of these types.", Stakeholder.Type.values),
    )
    state = Question(
        lambda stakeholders, states: stakeholders.in_state(*states),
        ChoicesParameter("In any of these states, by USPS code.", State.values),
    )
    county = Question(StakeholderQuerySet.in_county, TextParameter("In this county."))
    campaign = Question(
        StakeholderQuerySet.endorsing,
        TextParameter("The slug of a campaign that they publicly endorsed."),
    )
    search = Question(
        StakeholderQuerySet.matching,
        TextParameter("Text in the name or organization, in upper or lower case."),
    )
    bbox = Question(
        lambda stakeholders, box: stakeholders.in_bbox(*box),
        BBoxParameter("west,south,east,north: inside this box; west > east crosses 180°."),
    )
    ordering = OrderingFilter(
        {
            "name": StakeholderQuerySet.by_name,
            "created_at": lambda stakeholders: stakeholders.newest_first().reverse(),
        }
    )

    class Meta:
        form = FeatureForm

    def filter_queryset(self, queryset: Any) -> Any:
        asked = self.form.cleaned_data
        if asked["near"]:
            miles = asked["radius"] or DEFAULT_RADIUS_MILES
            queryset = queryset.near(asked["near"], miles=miles)
            queryset = queryset.with_distance(asked["near"]).nearest_first()
        return super().filter_queryset(queryset)

    @property
    def properties(self) -> list[str]:
        """Those to return, in the order of the contract."""
        asked = self.form.cleaned_data
        chosen = [name for name in PROPERTIES if name in (asked["fields"] or PROPERTIES)]
        return [*chosen, "distance_m"] if asked["near"] else chosen


class StakeholderFilterSet(WholeSetFilterSet):
    """What the list of stakeholders can be asked."""

    class Meta:
        form = FeaturePageForm


class StakeholderSearchFilterSet(StakeholderFilterSet):
    """What a search for stakeholders can be asked: what the list can, and an area."""

    within = Question(StakeholderQuerySet.within, AreaParameter("Inside this area."))


class StakeholderView(PublicView, GenericAPIView[Stakeholder]):
    """Features of the stakeholders the public may see."""

    queryset = Stakeholder.objects.public().newest_first()
    serializer_class = StakeholderSerializer
    renderer_classes = [GeoJSONRenderer]
    filter_backends = [StrictFilterBackend]
    filterset: WholeSetFilterSet | None = None

    def get_serializer_context(self) -> dict[str, Any]:
        return {"properties": self.filterset.properties if self.filterset else PROPERTIES}


@extend_schema_view(
    list=extend_schema(
        responses={
            (200, GEO_JSON): forced_singular_serializer(  # type: ignore[no-untyped-call]
                StakeholderFeatureCollectionSerializer
            )
        }
    )
)
class StakeholderViewSet(StakeholderView, ReadOnlyModelViewSet[Stakeholder]):
    """List, search and retrieve the stakeholders the public may see."""

    filterset_class = StakeholderFilterSet
    pagination_class = FeaturePagination

    @extend_schema(
        request=body_of(StakeholderSearchFilterSet),
        responses={(200, GEO_JSON): StakeholderFeatureCollectionSerializer},
    )
    @action(detail=False, methods=["post"], filterset_class=StakeholderSearchFilterSet)
    def search(self, request: Request) -> Response:
        """The list, for questions too long for a URL."""
        return self.list(request)


class WholeSetView(StakeholderView):
    """All stakeholders the public may see, as one document."""

    filterset_class = WholeSetFilterSet

    @extend_schema(responses={(200, GEO_JSON): StakeholderSetSerializer})
    def get(self, request: Request) -> StreamingHttpResponse:  # noqa: ARG002  # the signature is Django's
        queryset = self.filter_queryset(self.get_queryset())
        serializer = StakeholderSerializer(context=self.get_serializer_context())
        chunks = stream_collection(queryset, serializer)
        # What fails at once must be an error, not half of an answer.
        first = next(chunks)
        return StreamingHttpResponse(chain([first], chunks), content_type=GEO_JSON)

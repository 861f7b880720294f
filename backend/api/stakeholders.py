from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request

from backend.api.feature_schemas import PAGE
from backend.api.features import (
    GEO_JSON,
    PROPERTIES,
    FeaturePagination,
    GeoJSONRenderer,
    StakeholderSerializer,
    feature,
)
from backend.database.replica import replica
from backend.http.filters import (
    OrderingFilter,
    QuerySetFilter,
    StrictFilterBackend,
    StrictFilterSet,
)
from backend.http.geo import METERS, AreaParameter, BBoxParameter, NearParameter, RadiusParameter
from backend.http.openapi import body_of
from backend.http.overload import SEARCHES, in_half_a_second
from backend.http.parameters import ChoicesParameter, TextParameter, page_of
from backend.http.views import RenderedViewSet
from backend.public import PublicCampaign, PublicEndorsement, PublicModel, PublicStakeholder
from backend.public.stakeholders import PublicStakeholderQuerySet
from backend.public.totals import STAKEHOLDERS_SQL
from backend.rendering.json_objects import JsonObject
from backend.rendering.keyset import Position

DEFAULT_RADIUS_MILES = 50.0
# To find who is nearer than that is never much work.
FAR_MILES = 1_000.0
# Of a longer page, all within the radius are measured: they may be fewer than it has room for.
MAX_NEAREST = 1_000


# What is measured from where, and which properties the features have.
FEATURE_PARAMETERS = {
    "near": NearParameter(
        "longitude,latitude: those within `radius`, the nearest first; adds `distance_m`.",
        example=[-76.49, 38.97],
    ),
    "radius": RadiusParameter(
        "How far `near` reaches: a number and its unit, mi, km or m.", example="10mi"
    ),
    "fields": ChoicesParameter(
        "The properties to return; all, if left out.",
        [*PROPERTIES],
        component="StakeholderProperty",
        example=["name", "type"],
    ),
}


def radius_miles(asked: Mapping[str, Any]) -> float:
    return asked["radius"] or DEFAULT_RADIUS_MILES


class ExportFilterSet(StrictFilterSet):
    """What the whole set of stakeholders can be asked."""

    type = QuerySetFilter(
        lambda stakeholders, types: stakeholders.of_type(*types),
        ChoicesParameter(
            "Any of these types.",
            PublicStakeholder.Type.values,
            component="StakeholderType",
            example=["farmer", "waterman"],
        ),
    )
    state = QuerySetFilter(
        lambda stakeholders, states: stakeholders.in_state(*states),
        ChoicesParameter(
            "In any of these states, by USPS code.",
            PublicStakeholder.State.values,
            component="State",
            example=["MD", "VA"],
        ),
    )
    county = QuerySetFilter(
        PublicStakeholderQuerySet.in_county,
        TextParameter("In this county.", example="Anne Arundel"),
    )
    campaign = QuerySetFilter(
        PublicStakeholderQuerySet.endorsing,
        TextParameter(
            "The slug of a campaign that they publicly endorsed.",
            example="ten-thousand-acres-of-reef",
        ),
    )
    search = QuerySetFilter(
        PublicStakeholderQuerySet.matching,
        TextParameter("Text in the name or organization, in upper or lower case.", example="farm"),
    )
    bbox = QuerySetFilter(
        lambda stakeholders, box: stakeholders.in_bbox(*box),
        BBoxParameter(
            "west,south,east,north: inside this box, edges included; west > east crosses 180°.",
            example=[-77.5, 38.0, -75.5, 39.7],
        ),
    )
    ordering = OrderingFilter(
        {
            "name": PublicStakeholderQuerySet.by_name,
            "created_at": lambda stakeholders: stakeholders.newest_first().reverse(),
        }
    )

    other_parameters = FEATURE_PARAMETERS

    def contradictions(self) -> dict[str, ValidationError]:
        if "radius" not in self.data or "near" in self.data:
            return {}
        message = "A radius needs a place to start from: give `near` too."
        return {"radius": ValidationError(message, code="needs_near")}

    def filter_queryset(self, queryset: Any) -> Any:
        asked = self.values
        if asked["near"]:
            queryset = queryset.near(asked["near"], miles=radius_miles(asked))
            queryset = queryset.with_distance(asked["near"]).nearest_first()
        return super().filter_queryset(queryset)

    @property
    def properties(self) -> tuple[str, ...]:
        """Those to return, in the order of the contract."""
        asked = self.values
        chosen = tuple(name for name in PROPERTIES if name in (asked["fields"] or PROPERTIES))
        return (*chosen, "distance_m") if asked["near"] else chosen


class StakeholderFilterSet(ExportFilterSet):
    """What the list of stakeholders can be asked."""

    other_parameters = FEATURE_PARAMETERS | page_of(default=100, maximum=10_000)


class StakeholderSearchFilterSet(StakeholderFilterSet):
    """What a search for stakeholders can be asked: what the list can, and an area."""

    within = QuerySetFilter(
        PublicStakeholderQuerySet.within, AreaParameter("Inside this area, its edges included.")
    )


class FeatureViewSet(RenderedViewSet):
    """Features of the stakeholders the public may see."""

    queryset = PublicStakeholder.objects.newest_first()
    serializer_class = StakeholderSerializer
    renderer_classes = [GeoJSONRenderer]
    filter_backends = [StrictFilterBackend]
    filterset: ExportFilterSet
    path_parameters = {
        "id": {
            "description": "The stakeholder's id.",
            "schema": {"type": "integer", "format": "int64", "minimum": 0},
            "example": 1,
        }
    }

    def shown_by(self, request: HttpRequest) -> Sequence[type[PublicModel]]:
        # To read the query takes longer than all else of a 304. A % may hide the name.
        query = request.META["QUERY_STRING"]
        if "campaign" in query or "%" in query:
            return (PublicStakeholder, PublicEndorsement, PublicCampaign)
        return (PublicStakeholder,)

    @property
    def row_json(self) -> JsonObject:
        return feature(PROPERTIES if self.action == "retrieve" else self.filterset.properties)


@extend_schema_view(
    list=extend_schema(
        operation_id="listStakeholders",
        summary="List stakeholders",
        description="The stakeholders the public may see, as GeoJSON features, newest first.",
        responses={(200, GEO_JSON): PAGE},
    ),
    retrieve=extend_schema(
        operation_id="getStakeholder",
        summary="Get a stakeholder",
        description="One stakeholder the public may see, as a GeoJSON feature.",
    ),
)
class StakeholderViewSet(FeatureViewSet):
    """List, search and retrieve the stakeholders the public may see."""

    filterset_class = StakeholderFilterSet
    pagination_class = FeaturePagination

    def candidates(self, queryset: Any, limit: int, position: Position | None) -> Any:
        asked = self.filterset.values
        if not asked["near"] or asked["ordering"] or self.filterset.is_narrowing:
            return queryset
        if limit > MAX_NEAREST or (position and position.is_backward):
            return queryset
        # All within the radius, measured and sorted, would take a hundred times as long; but
        # what lies before a deep page has to be walked through.
        beyond_m = float(position.values[0]) if position else -1.0
        if beyond_m > radius_miles(asked) * METERS["mi"] / 3:
            return queryset
        return queryset.nearest(asked["near"], number=limit + 1, beyond_m=beyond_m)

    def searching(self) -> AbstractContextManager[None]:
        asked = self.filterset.values
        is_far = bool(asked["near"]) and radius_miles(asked) > FAR_MILES
        return in_half_a_second() if is_far or asked.get("within") else nullcontext()

    def total(self) -> str | None:
        is_all = self.filterset.values["near"] is None and not self.filterset.is_narrowing
        return STAKEHOLDERS_SQL if is_all else None

    @extend_schema(
        operation_id="searchStakeholders",
        summary="Search stakeholders",
        description="The list, for questions too long for a URL, such as those within an area.",
        request=body_of(StakeholderSearchFilterSet),
        responses={(200, GEO_JSON): PAGE},
    )
    @action(detail=False, methods=["post"], filterset_class=StakeholderSearchFilterSet)
    def search(self, request: Request) -> HttpResponse:
        """The list, for questions too long for a URL."""
        # Before it is read: with a large area that costs as much as to look into it.
        with SEARCHES.place(wait_seconds=0.1):
            found = self.list(request)
        # It was read from the primary, and what is asked next may be read from a replica.
        replica.note_shown()
        return found

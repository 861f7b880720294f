from typing import TYPE_CHECKING, Self

from django.contrib.gis.db.models import PointField
from django.contrib.gis.db.models.functions import GeometryDistance
from django.contrib.gis.geos import GEOSGeometry, Point
from django.contrib.gis.measure import D
from django.db import models
from django.db.models import F, FloatField, Func, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan

from backend.models import Stakeholder, State
from backend.models.fields import WGS84
from backend.models.geography import IsInBox, geography, planar
from backend.public.base import PublicModel, column
from backend.public.campaigns import PublicCampaign

# Of two places on Earth, and a little more.
FARTHEST_M = 20_100_000.0


class PublicStakeholderQuerySet(models.QuerySet["PublicStakeholder"]):
    """Questions anybody may ask about listed stakeholders; answers chain.

    Boxes and areas are planar in longitude and latitude and include their edges; distances run
    along the Earth's surface. A stakeholder without a location is in no box and near to nothing.
    """

    def of_type(self, *types: str) -> Self:
        return self.filter(type__in=types)

    def in_state(self, *states: str) -> Self:
        return self.filter(state__in=states)

    def in_county(self, county: str) -> Self:
        return self.filter(county=county)

    def endorsing(self, slug: str) -> Self:
        """Those with a public endorsement of the public campaign `slug`."""
        # A scalar, not one more join: the views join enough for the planner to think about.
        campaign = PublicCampaign.objects.filter(slug=slug).values("pk")[:1]
        # No duplicates: a stakeholder has one live endorsement of a campaign.
        return self.filter(endorsements__campaign=campaign)

    def matching(self, text: str) -> Self:
        """Those with `text` in their name or organization, in upper or lower case."""
        return self.filter(Q(name__icontains=text) | Q(organization__icontains=text))

    def in_bbox(self, west: float, south: float, east: float, north: float) -> Self:
        """Inside the box, in degrees; `west` > `east` crosses the antimeridian (RFC 7946, 5.2)."""
        spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
        boxes = (IsInBox("location", first, south, last, north) for first, last in spans)
        return self.filter(Q(*boxes, _connector=Q.OR))

    def within(self, area: GEOSGeometry) -> Self:
        """Inside a Polygon or MultiPolygon."""
        # On geography a lookup would draw edges as great circles; on geometry they are straight.
        return self.alias(public_position=planar("location")).filter(
            public_position__intersects=area
        )

    def near(self, point: Point, *, miles: float) -> Self:
        """At most `miles` from `point`, along the Earth's surface."""
        # dwithin, not distance_lte: only the former can use the index.
        return self.filter(location__dwithin=(point, D(mi=miles)))

    def nearest(self, point: Point, *, number: int, beyond_m: float) -> Self:
        """All as near to `point` as the first `number` of those beyond `beyond_m`, or nearer.

        `number` counts all the public, so it is no use with other filters, or another order.
        """
        # The index has those who are nowhere, too, and would be walked to its end for them.
        located = PublicStakeholder.objects.filter(location__isnull=False)
        nearest = located.with_distance(point)
        # The index knows the order on a sphere, where distances differ by less than 0.6 percent.
        in_order = nearest.order_by(GeometryDistance("location", geography(point)))
        beyond = in_order.filter(GreaterThan(F("distance_m"), Value(beyond_m)))
        last = beyond.values("distance_m")[number - 1 : number]  # type: ignore[misc]  # it is annotated
        reach = Coalesce(Subquery(last) * 1.02, Value(FARTHEST_M))
        return self.filter(
            Func(
                "location",
                geography(point),
                reach,
                function="ST_DWithin",
                output_field=models.BooleanField(),
            )
        )

    def with_distance(self, point: Point) -> Self:
        """Annotate `distance_m`: metres to `point` on the WGS 84 spheroid; null if nowhere."""
        return self.annotate(
            distance_m=Func(
                "location",
                geography(point),
                function="ST_Distance",
                output_field=FloatField(),
            )
        )

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")

    def by_name(self) -> Self:
        return self.order_by("name", "pk")

    def nearest_first(self) -> Self:
        """In ascending order of `distance_m`, which must be annotated."""
        return self.order_by("distance_m", "pk")


class PublicStakeholder(PublicModel):
    """A live stakeholder who agreed to be listed, an individual somewhere in their grid cell."""

    definition = """
        SELECT
            id, name, organization, role, type, state, county, created_at,
            public_location AS location
        FROM stakeholders_stakeholder
        WHERE is_public AND deleted_at IS NULL
    """

    Type = Stakeholder.Type
    State = State

    name = column(Stakeholder, "name")
    organization = column(Stakeholder, "organization")
    role = column(Stakeholder, "role")
    type = column(Stakeholder, "type")
    state = column(Stakeholder, "state")
    county = column(Stakeholder, "county")
    created_at = column(Stakeholder, "created_at")
    location = PointField(geography=True, srid=WGS84, null=True)

    objects = PublicStakeholderQuerySet.as_manager()

    if TYPE_CHECKING:
        distance_m: float | None  # with_distance()

    class Meta(PublicModel.Meta):
        db_table = "public_stakeholder"

    def __str__(self) -> str:
        return str(self.name)

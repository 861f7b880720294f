from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.contrib.gis.db.models import PointField
from django.contrib.gis.db.models.functions import GeometryDistance
from django.contrib.gis.geos import GEOSGeometry, Point
from django.contrib.gis.measure import D
from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass
from django.db import models
from django.db.models import Case, F, FloatField, Func, Q, Subquery, Value, When
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Coalesce, Floor, Least, Lower, Upper
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThanOrEqual
from django.db.models.sql.compiler import SQLCompiler

from backend.models import endorsement_tally, revision, stakeholder_tally
from backend.models.fields import OPTIONAL_TEXT, WGS84, LowercaseEmailField, PositionField
from backend.models.soft_deletion import (
    LiveManager,
    SoftDeletionModel,
    SoftDeletionQuerySet,
)
from backend.models.timestamps import TimestampedModel
from backend.models.us_states import State

# An individual is shown somewhere in a cell of this size, about 2.2 km from south to north.
GRID_CELLS_PER_DEGREE = 50
# In cells: who is two millionths of a metre before an edge counts as on it. Few edges have an
# exact binary form, so without this some would fall into the cell before.
GRID_EDGE = 1e-9

# Of two places on Earth, and a little more.
FARTHEST_M = 20_100_000.0

PUBLIC = Q(is_public=True, deleted_at=None)


def planar(column: str) -> Cast:
    """A geography as a geometry: straight edges in longitude and latitude."""
    return Cast(column, PointField(srid=WGS84))


def ordinate(function: str, column: str) -> Func:
    return Func(planar(column), function=function, output_field=FloatField())


def geography(point: Point) -> Value:
    return Value(point, PointField(geography=True, srid=WGS84))


def grid_cell_centre() -> Cast:
    """The centre of the grid cell that `location` lies in, its south and west edge included."""

    def centre(degrees: Func, limit: int) -> CombinedExpression:
        # The last cell has no eastern, or northern, neighbour: its far edge belongs to it.
        last = Value(limit * GRID_CELLS_PER_DEGREE - 1, FloatField())
        cell = Least(Floor(degrees * float(GRID_CELLS_PER_DEGREE) + GRID_EDGE), last)
        return (cell + 0.5) / float(GRID_CELLS_PER_DEGREE)

    x, y = (
        centre(ordinate("ST_X", "location"), 180),
        centre(ordinate("ST_Y", "location"), 90),
    )
    point = Func(x, y, function="ST_MakePoint", output_field=PointField(srid=WGS84))
    point = Func(point, WGS84, function="ST_SetSRID", output_field=PointField(srid=WGS84))
    return Cast(point, PointField(geography=True, srid=WGS84))


def is_on_earth(column: str) -> Q:
    """Neither empty nor NaN nor infinite, in -180..180 by -90..90; a null location passes."""
    x, y = ordinate("ST_X", column), ordinate("ST_Y", column)
    empty = Func(planar(column), function="ST_IsEmpty", output_field=models.BooleanField())
    return Q(
        Exact(empty, Value(False)),
        GreaterThanOrEqual(x, Value(-180.0)),
        LessThanOrEqual(x, Value(180.0)),
        GreaterThanOrEqual(y, Value(-90.0)),
        LessThanOrEqual(y, Value(90.0)),
    )


class IsInBox(Func):
    """Whether a geography lies in a box of planar longitudes and latitudes, edges included."""

    # The index compares boxes in single precision; the coordinates decide.
    template = (
        "({0} && ST_MakeEnvelope({1}, {2}, {3}, {4}, {srid}) "
        "AND ST_X({0}) BETWEEN {1} AND {3} AND ST_Y({0}) BETWEEN {2} AND {4})"
    )
    output_field = models.BooleanField()

    def __init__(self, column: str, west: float, south: float, east: float, north: float) -> None:
        super().__init__(column)
        self.edges = [float(edge) for edge in (west, south, east, north)]

    # Spelled out of lookups it took several times as long to compile, longer than to answer;
    # and a number needs no parameter.
    def as_sql(self, compiler: SQLCompiler, *_args: Any, **_kwargs: Any) -> tuple[str, Any]:
        column, _ = compiler.compile(self.source_expressions[0])
        position = f"({column})::geometry(POINT,{WGS84})"
        return self.template.format(position, *self.edges, srid=WGS84), ()


class StakeholderQuerySet(SoftDeletionQuerySet["Stakeholder"]):
    """Questions one can ask about stakeholders; answers chain.

    Where someone is, is always asked of `public_location`. Boxes and areas are planar in
    longitude and latitude and include their edges; a stakeholder without a location is in none.
    """

    def public(self) -> Self:
        """Those who agreed to be shown, loaded without what is private."""
        return self.filter(PUBLIC).defer(*Stakeholder.PRIVATE)

    def of_type(self, *types: str) -> Self:
        return self.filter(type__in=types)

    def in_state(self, *states: str) -> Self:
        return self.filter(state__in=states)

    def in_county(self, county: str) -> Self:
        return self.filter(county=county)

    def reachable_at(self, *emails: str) -> Self:
        """Those with one of the e-mail addresses, which must be in lower case."""
        # As `unique_email` has it, which an index on the column itself would only repeat.
        return self.alias(lower_email=Lower("email")).filter(lower_email__in=emails)

    def endorsing(self, slug: str) -> Self:
        """Those with a public endorsement of the public campaign `slug`."""
        from backend.models.endorsement import Endorsement

        campaign = {
            "campaign__slug": slug,
            "campaign__active": True,
            "campaign__deleted_at": None,
        }
        endorsements = Endorsement.objects.filter(is_public=True, **campaign)
        return self.filter(pk__in=endorsements.values("stakeholder"))

    def matching(self, text: str) -> Self:
        """Those with `text` in their name or organization, in upper or lower case."""
        return self.filter(Q(name__icontains=text) | Q(organization__icontains=text))

    def in_bbox(self, west: float, south: float, east: float, north: float) -> Self:
        """Inside the box, in degrees; `west` > `east` crosses the antimeridian (RFC 7946, 5.2)."""
        spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
        boxes = (IsInBox("public_location", first, south, last, north) for first, last in spans)
        return self.filter(Q(*boxes, _connector=Q.OR))

    def within(self, area: GEOSGeometry) -> Self:
        """Inside a Polygon or MultiPolygon."""
        # On geography a lookup would draw edges as great circles; on geometry they are straight.
        return self.alias(public_position=planar("public_location")).filter(
            public_position__intersects=area
        )

    def near(self, point: Point, *, miles: float) -> Self:
        """At most `miles` from `point`, along the Earth's surface."""
        # dwithin, not distance_lte: only the former can use the index.
        return self.filter(public_location__dwithin=(point, D(mi=miles)))

    def nearest(self, point: Point, *, number: int, beyond_m: float) -> Self:
        """All as near to `point` as the first `number` of those beyond `beyond_m`, or nearer.

        `number` counts all the public, so it is no use with other filters, or another order.
        """
        # The index has those who are nowhere, too, and would be walked to its end for them.
        located = Stakeholder.objects.public().filter(public_location__isnull=False)
        nearest = located.with_distance(point)
        # The index knows the order on a sphere, where distances differ by less than 0.6 percent.
        in_order = nearest.order_by(GeometryDistance("public_location", geography(point)))
        beyond = in_order.filter(GreaterThan(F("distance_m"), Value(beyond_m)))
        last = beyond.values("distance_m")[number - 1 : number]  # type: ignore[misc]  # it is annotated
        reach = Coalesce(Subquery(last) * 1.02, Value(FARTHEST_M))
        return self.filter(
            Func(
                "public_location",
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
                "public_location",
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


class Stakeholder(SoftDeletionModel, TimestampedModel):
    """A person or organization that may endorse campaigns."""

    # Never shown to the public, so never loaded to answer it.
    PRIVATE = ("email", "location")

    class Type(models.TextChoices):
        FARMER = "farmer"
        WATERMAN = "waterman"
        BUSINESS = "business"
        NONPROFIT = "nonprofit"
        INDIVIDUAL = "individual"
        GOVERNMENT = "government"
        OTHER = "other"

    name = models.CharField(max_length=200)
    organization = models.CharField(max_length=200, **OPTIONAL_TEXT)
    role = models.CharField(max_length=100, **OPTIONAL_TEXT)
    email = LowercaseEmailField()
    state = models.CharField(max_length=2, choices=State)
    county = models.CharField(max_length=100, **OPTIONAL_TEXT)
    type = models.CharField(max_length=10, choices=Type)
    location = PositionField(
        null=True,
        blank=True,
        spatial_index=False,
        help_text="The public sees an individual's to within two kilometres, others' exactly.",
    )
    is_public = models.BooleanField(
        "shown to the public",
        default=False,
        db_default=False,
        help_text="The stakeholder agreed to be listed.",
    )
    public_location = models.GeneratedField(
        expression=Case(
            # LEAST, which the centre takes, ignores nulls: nowhere would become a place.
            When(type="individual", location__isnull=False, then=grid_cell_centre()),
            default=F("location"),
            output_field=PointField(geography=True, srid=WGS84),
        ),
        output_field=PointField(geography=True, srid=WGS84, null=True, spatial_index=False),
        db_persist=True,
    )

    objects: ClassVar = LiveManager.from_queryset(StakeholderQuerySet)()
    all_objects: ClassVar = models.Manager.from_queryset(StakeholderQuerySet)()

    if TYPE_CHECKING:
        distance_m: float | None  # with_distance()

    class Meta:
        db_table = "stakeholders_stakeholder"
        triggers = [
            *revision.OF_A_TABLE,
            *endorsement_tally.OF_STAKEHOLDERS,
            *stakeholder_tally.OF_STAKEHOLDERS,
        ]
        indexes = [
            # Each serves the public reads, which all ask for public, live rows.
            models.Index(
                fields=["-created_at", "-id"],
                condition=PUBLIC,
                name="idx_stakeholder_public",
            ),
            models.Index(fields=["name", "id"], condition=PUBLIC, name="idx_stakeholder_name"),
            models.Index(
                fields=["type", "-created_at", "-id"],
                condition=PUBLIC,
                name="idx_stakeholder_type",
            ),
            models.Index(
                fields=["state", "-created_at", "-id"],
                condition=PUBLIC,
                name="idx_stakeholder_state",
            ),
            models.Index(
                fields=["county", "-created_at", "-id"],
                condition=PUBLIC,
                name="idx_stakeholder_county",
            ),
            GistIndex(
                fields=["public_location"],
                condition=PUBLIC,
                name="idx_stakeholder_location",
            ),
            GistIndex(
                planar("public_location"),
                condition=PUBLIC,
                name="idx_stakeholder_position",
            ),
            GinIndex(
                OpClass(Upper("name"), "gin_trgm_ops"),
                OpClass(Upper("organization"), "gin_trgm_ops"),
                condition=PUBLIC,
                name="idx_stakeholder_search",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=Q(deleted_at=None),
                name="unique_email",
                violation_error_message="A stakeholder with this e-mail exists.",
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="lowercase_stakeholder_email"
            ),
            models.CheckConstraint(
                condition=Q(
                    type__in=[
                        "farmer",
                        "waterman",
                        "business",
                        "nonprofit",
                        "individual",
                        "government",
                        "other",
                    ]
                ),
                name="valid_stakeholder_type",
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="valid_stakeholder_state"
            ),
            models.CheckConstraint(
                condition=is_on_earth("location"), name="valid_stakeholder_location"
            ),
        ]

    def __str__(self) -> str:
        return self.name

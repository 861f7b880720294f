"""Expressions of places: what PostGIS does with a column, as Django compiles it."""

from typing import Any

from django.contrib.gis.db.models import PointField
from django.contrib.gis.geos import Point
from django.db import models
from django.db.models import FloatField, Func, Q, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Floor, Least
from django.db.models.lookups import Exact, GreaterThanOrEqual, LessThanOrEqual
from django.db.models.sql.compiler import SQLCompiler

from backend.models.fields import WGS84

# An individual is shown somewhere in a cell of this size, about 2.2 km from south to north.
GRID_CELLS_PER_DEGREE = 50
# In cells: who is two millionths of a metre before an edge counts as on it. Few edges have an
# exact binary form, so without this some would fall into the cell before.
GRID_EDGE = 1e-9


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

    # The index compares boxes in single precision; the coordinates decide, by what PostgreSQL has
    # for them itself: it takes a quarter of what ST_X and ST_Y do. By its operator, <@, the
    # planner would expect one in a thousand of those that the index finds.
    template = (
        "({0} && ST_MakeEnvelope({1}, {2}, {3}, {4}, {srid}) "
        "AND on_pb({0}::point, box(point({1}, {2}), point({3}, {4}))))"
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

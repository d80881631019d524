"""An alert's area: circles and polygons, and which points are in it.

WGS 84 degrees, longitude before latitude; lengths in metres. Circles are decided by the geodesic on the ellipsoid,
polygons by edges straight in degrees (RFC 7946). Edges are inside. See ``zones.geojson`` for polygons across the
antimeridian.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon, mapping

from zones.circles import MAX_RADIUS_M, MIN_RADIUS_M, Box, Circle
from zones.drawing import area_of_union_m2, drawn_circle, turned_right
from zones.ellipsoid import Bools, Floats, rough_distance_m
from zones.errors import InvalidArea
from zones.geojson import Limits, polygons_area_m2, read_polygons

__all__ = [
    "MAX_AREA_KM2",
    "MAX_CIRCLES",
    "MAX_RADIUS_M",
    "MAX_RINGS",
    "MAX_VERTICES",
    "MIN_RADIUS_M",
    "Area",
    "Box",
    "Circle",
    "Patch",
    "Shape",
    "covered_pairwise",
]

MAX_CIRCLES = 50
MAX_VERTICES = 10_000
MAX_RINGS = 1_000
# French Guiana, the largest département, has 83,800 km²; metropolitan France has 552,000.
MAX_AREA_KM2 = 100_000

_LIMITS = Limits(vertices=MAX_VERTICES, rings=MAX_RINGS, area_km2=MAX_AREA_KM2)


class Shape(Protocol):
    """A shape of an area, as used by the indexes. Arrays have the shape (n,)."""

    def covers(self, lons: Floats, lats: Floats) -> Bools:
        """Return which points are inside or on the edge."""

    def covers_boxes(self, wests: Floats, souths: Floats, easts: Floats, norths: Floats) -> Bools:
        """Return which boxes are proven to be inside; False proves nothing."""

    def boxes(self) -> list[Box]:
        """Return boxes that together contain the shape, none across the antimeridian."""


@dataclass(frozen=True, slots=True)
class Patch:
    """Polygons as one shape, within -180..180 and split at the antimeridian."""

    polygons: MultiPolygon

    def covers(self, lons: Floats, lats: Floats) -> Bools:
        return covered_pairwise(self.polygons, lons, lats)

    def covers_boxes(self, wests: Floats, souths: Floats, easts: Floats, norths: Floats) -> Bools:
        return np.asarray(shapely.covers(self.polygons, shapely.box(wests, souths, easts, norths)), dtype=np.bool_)

    def boxes(self) -> list[Box]:
        found: list[Box] = []
        for west, south, east, north in shapely.bounds(shapely.get_parts(self.polygons)).tolist():
            found.append((west, south, east, north))
            if east == 180 and west > -180:  # noqa: PLR2004
                found.append((-180.0, south, -180.0, north))
            if west == -180 and east < 180:  # noqa: PLR2004
                found.append((180.0, south, 180.0, north))
        return found


@dataclass(frozen=True)
class Area:
    """An alert's area: the union of its circles and polygons, at least one.

    ``polygons``: a valid MultiPolygon within -180..180, from ``read_polygons``, or None. Raises ``InvalidArea`` for
    none, too many or too large.
    """

    circles: tuple[Circle, ...] = ()
    polygons: MultiPolygon | None = None
    shapes: tuple[Shape, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "circles", tuple(self.circles))
        polygons = MultiPolygon([self.polygons]) if isinstance(self.polygons, Polygon) else self.polygons
        if polygons is not None and polygons.is_empty:
            polygons = None
        object.__setattr__(self, "polygons", polygons)
        if not self.circles and polygons is None:
            raise InvalidArea("area-empty")
        if len(self.circles) > MAX_CIRCLES:
            raise InvalidArea("too-many-circles", "circles", n=len(self.circles), most=MAX_CIRCLES)
        if polygons is None:
            object.__setattr__(self, "shapes", self.circles)
            return
        self._check_polygons(polygons)
        shapely.prepare(polygons)
        object.__setattr__(self, "shapes", (*self.circles, Patch(polygons)))

    def contains(self, other: "Area") -> bool:
        """Return whether another area is proven to lie within this one; False proves nothing."""
        if not all(any(own.contains(each) for own in self.circles) for each in other.circles):
            return False
        return other.polygons is None or (
            self.polygons is not None and bool(shapely.covers(self.polygons, other.polygons))
        )

    @staticmethod
    def _check_polygons(polygons: MultiPolygon) -> None:
        if not isinstance(polygons, MultiPolygon) or not polygons.is_valid:
            raise InvalidArea("area-unread", "polygons")
        west, south, east, north = polygons.bounds
        if west < -180 or east > 180 or south < -90 or north > 90:  # noqa: PLR2004
            raise InvalidArea("area-off-the-map", "polygons")

    @classmethod
    def from_json(cls, obj: Any, field: str = "area") -> Self:
        """Read ``{"circles": [{"lon", "lat", "radius_m"}], "polygons": GeoJSON}``; either may be absent or null.

        ``polygons``: a GeoJSON Polygon, MultiPolygon, Feature or FeatureCollection of them, or a list of those. Raises
        only ``InvalidArea``, whatever the JSON; its ``field`` is a path beginning with ``field``.
        """
        if not isinstance(obj, Mapping):
            raise InvalidArea("not-an-area", field)
        for key in obj:
            if key not in ("circles", "polygons"):
                raise InvalidArea("not-an-area", f"{field}.{str(key)[:40]}")
        circles = _read_circles(obj.get("circles"), f"{field}.circles")
        geojson = obj.get("polygons")
        nothing = geojson is None or (isinstance(geojson, list) and not geojson)
        polygons = None if nothing else read_polygons(geojson, f"{field}.polygons", _LIMITS)
        try:
            return cls(circles, polygons)
        except InvalidArea as wrong:
            raise wrong.under(field) from None

    def to_json(self) -> dict[str, Any]:
        """Return JSON that ``from_json`` reads back to an equal area."""
        return {
            "circles": [{"lon": circle.lon, "lat": circle.lat, "radius_m": circle.radius_m} for circle in self.circles],
            "polygons": None if self.polygons is None else _plain(self.polygons),
        }

    def geojson(self, vertices: int = 64) -> dict[str, Any]:
        """Return a FeatureCollection to draw: circles as geodesic polygons, split at the antimeridian.

        A circle's feature has ``properties`` ``{"shape": "circle", "lon", "lat", "radius_m"}``; the polygons' has
        ``{"shape": "polygons"}``.
        """
        features = [
            {
                "type": "Feature",
                "properties": {"shape": "circle", "lon": each.lon, "lat": each.lat, "radius_m": each.radius_m},
                "geometry": _plain(shapely.set_precision(drawn_circle(each, vertices), 1e-7, mode="pointwise")),
            }
            for each in self.circles
        ]
        if self.polygons is not None:
            drawn = _plain(turned_right(self.polygons))
            features.append({"type": "Feature", "properties": {"shape": "polygons"}, "geometry": drawn})
        return {"type": "FeatureCollection", "features": features}

    @property
    def radius_m(self) -> float:
        """Return how far it reaches: the largest circle's radius, or that of a circle as large as its polygons."""
        drawn = 0.0 if self.polygons is None else math.sqrt(polygons_area_m2(self.polygons) / math.pi)
        return max((drawn, *(circle.radius_m for circle in self.circles)))

    def covers(self, lons: Any, lats: Any) -> Bools:
        """Return which points are inside or on the edge, a boolean array of the points' shape. False for NaN."""
        lons, lats = np.broadcast_arrays(np.asarray(lons, dtype=np.float64), np.asarray(lats, dtype=np.float64))
        shape = lons.shape
        lons, lats = lons.ravel(), lats.ravel()
        inside = np.zeros(lons.shape, dtype=np.bool_)
        for each in self.shapes:
            inside |= each.covers(lons, lats)
        return inside.reshape(shape)

    def bounds(self) -> list[Box]:
        """Return boxes (west, south, east, north) within -180..180 that hold the area; two at the antimeridian."""
        return [box for shape in self.shapes for box in shape.boxes()]

    @property
    def area_m2(self) -> float:
        """Return the area's ground in square metres, overlaps counted once."""
        if self.polygons is None and len(self.circles) == 1:
            return self.circles[0].area_m2
        if not self.circles and self.polygons is not None:
            return polygons_area_m2(self.polygons)
        return area_of_union_m2(self.circles, self.polygons)

    @property
    def centre(self) -> tuple[float, float]:
        """Return the middle (lon, lat), shapes weighted by size; a single circle's own centre."""
        if self.polygons is None and len(self.circles) == 1:
            return self.circles[0].lon, self.circles[0].lat
        lons, lats, weights = self._middles()
        turn, tilt = np.radians(lons), np.radians(lats)
        east = float(np.sum(weights * np.cos(tilt) * np.cos(turn)))
        north = float(np.sum(weights * np.cos(tilt) * np.sin(turn)))
        up = float(np.sum(weights * np.sin(tilt)))
        return math.degrees(math.atan2(north, east)), math.degrees(math.atan2(up, math.hypot(east, north)))

    def distance_m(self, lons: Any, lats: Any) -> Floats:
        """Return metres to the nearest circle's centre or polygon's middle, on a sphere: good for sorting."""
        lons, lats = np.broadcast_arrays(np.asarray(lons, dtype=np.float64), np.asarray(lats, dtype=np.float64))
        nearest = np.full(lons.shape, np.inf)
        for lon, lat in zip(*(part.tolist() for part in self._middles()[:2]), strict=True):
            nearest = np.minimum(nearest, rough_distance_m(lon, lat, lons, lats))
        return nearest

    def _middles(self) -> tuple[Floats, Floats, Floats]:
        """Return longitude, latitude and weight of each circle's centre and each polygon's centroid."""
        found = [(circle.lon, circle.lat, circle.area_m2) for circle in self.circles]
        if self.polygons is not None:
            parts = self.polygons.geoms
            found.extend((part.centroid.x, part.centroid.y, polygons_area_m2(part)) for part in parts)
        lons, lats, weights = np.array(found, dtype=np.float64).T
        return lons, lats, weights


def covered_pairwise(polygons: Any, lons: Floats, lats: Floats) -> Bools:
    """Return which points are in their polygon (an object array (n,)), or in the one MultiPolygon for all."""
    inside = np.asarray(shapely.intersects_xy(polygons, lons, lats), dtype=np.bool_)
    on_seam = np.flatnonzero(np.abs(lons) == 180)  # noqa: PLR2004 - one meridian with two names
    if on_seam.size:
        beside = polygons[on_seam] if isinstance(polygons, np.ndarray) else polygons
        inside[on_seam] |= shapely.intersects_xy(beside, -lons[on_seam], lats[on_seam])
    return inside


def _read_circles(obj: Any, field: str) -> tuple[Circle, ...]:
    if obj is None:
        return ()
    if not isinstance(obj, Sequence) or isinstance(obj, str | bytes):
        raise InvalidArea("not-a-list", field)
    if len(obj) > MAX_CIRCLES:
        raise InvalidArea("too-many-circles", field, n=len(obj), most=MAX_CIRCLES)
    return tuple(_read_circle(each, f"{field}[{at}]") for at, each in enumerate(obj))


def _read_circle(obj: Any, field: str) -> Circle:
    if not isinstance(obj, Mapping):
        raise InvalidArea("not-a-circle", field)
    for key in ("lon", "lat", "radius_m"):
        if key not in obj:
            raise InvalidArea("needed", f"{field}.{key}")
    for key in obj:
        if key not in ("lon", "lat", "radius_m"):
            raise InvalidArea("not-a-circle", f"{field}.{str(key)[:40]}")
    try:
        return Circle(obj["lon"], obj["lat"], obj["radius_m"])
    except InvalidArea as wrong:
        raise wrong.under(field) from None


def _plain(shape: MultiPolygon | Polygon) -> dict[str, Any]:
    """Return a geometry with lists instead of tuples, as from JSON."""
    document = mapping(shape)
    return {"type": document["type"], "coordinates": _lists(document["coordinates"])}


def _lists(value: Any) -> Any:
    return [_lists(each) for each in value] if isinstance(value, tuple) else value

"""Reads polygons out of GeoJSON (RFC 7946), refusing what can't be used with the field and the reason.

Edges are straight in degrees, as RFC 7946 section 3.1.1 has it. A polygon across the antimeridian may come in any of
three ways, and leaves in the first:

- split along it into a MultiPolygon whose parts touch 180 and -180 (RFC 7946 section 3.1.9);
- continuous, its longitudes going on past 180 (178, 179, 181) or past -180, as a map that scrolls gives them;
- jumping from one side to the other (179 then -179): an edge longer than 180 degrees is read as the short way round.

A pole is inside only of a polygon that is drawn to it: along latitude 90 from longitude -180 to 180.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from zones.circles import finite, in_range
from zones.ellipsoid import ring_area_m2
from zones.errors import InvalidArea

if TYPE_CHECKING:
    from zones.ellipsoid import Floats

_HALF, _TURN = 180.0, 360.0
_SMALLEST_RING = 4  # a triangle, its first point repeated
_WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may hold in all: vertices, rings (each costs as much as some 50 vertices), km²."""

    vertices: int
    rings: int
    area_km2: float


class _Budget:
    """Counts the vertices of one document against its limit, before they are looked at."""

    def __init__(self, limits: Limits, field: str) -> None:
        self._limit = self._left = limits.vertices
        self._field = field

    def spend(self, vertices: int) -> None:
        self._left -= vertices
        if self._left < 0:
            raise InvalidArea(self._field, f"More than {self._limit:,} vertices: simplify the shape.")


def read_polygons(obj: Any, field: str, limits: Limits) -> MultiPolygon:
    """The polygons of a GeoJSON Polygon, MultiPolygon, Feature or FeatureCollection, or of a list of them.

    Gives one valid MultiPolygon within -180..180, split at the antimeridian; polygons that overlap are joined. Raises
    ``InvalidArea``, its field beginning with ``field``, for anything else that JSON can say.
    """
    budget = _Budget(limits, field)
    pieces: list[Polygon] = []
    polygons = _polygon_coordinates(obj, field)
    if sum(len(rings) for rings, _ in polygons if _is_list(rings)) > limits.rings:
        raise InvalidArea(field, f"More than {limits.rings:,} rings: leave out the smallest parts and holes.")
    for coordinates, path in polygons:
        pieces.extend(_polygon(coordinates, path, budget))
    if not pieces:
        raise InvalidArea(field, "There is no polygon here: draw at least one.")
    joined = MultiPolygon(pieces)
    if not joined.is_valid:  # each part is valid: they overlap or share an edge
        joined = _as_multi(shapely.union_all(pieces))
    area_km2 = polygons_area_m2(joined) / 1e6
    if area_km2 > limits.area_km2:
        raise InvalidArea(
            field, f"The polygons hold {area_km2:,.0f} km²: draw a smaller area, of {limits.area_km2:,.0f} km² at most."
        )
    return joined


def polygons_area_m2(shape: Polygon | MultiPolygon) -> float:
    """The area on the ellipsoid, holes taken out; parts must not overlap."""
    total = 0.0
    for part in shapely.get_parts(shape):
        rings = [shapely.get_coordinates(ring) for ring in (part.exterior, *part.interiors)]
        areas = [ring_area_m2(ring[:, 0], ring[:, 1]) for ring in rings]
        total += areas[0] - sum(areas[1:])
    return total


def _as_multi(shape: Any) -> MultiPolygon:
    """The polygons of any geometry, without the points and lines where they touch."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return MultiPolygon([piece for part in parts for piece in shapely.get_parts(part) if not piece.is_empty])


def _polygon_coordinates(obj: Any, field: str) -> list[tuple[Any, str]]:
    """Each polygon's ``coordinates`` with its path."""
    if _is_list(obj):
        return [found for at, item in enumerate(obj) for found in _one_geojson(item, f"{field}[{at}]")]
    return _one_geojson(obj, field)


def _one_geojson(obj: Any, field: str) -> list[tuple[Any, str]]:
    kind = _kind(obj, field)
    _refuse_other_crs(obj, field)
    if kind == "FeatureCollection":
        features = _list(obj.get("features"), f"{field}.features", "features")
        return [found for at, item in enumerate(features) for found in _feature(item, f"{field}.features[{at}]")]
    if kind == "Feature":
        return _feature(obj, field)
    return _geometry(obj, field)


def _feature(obj: Any, field: str) -> list[tuple[Any, str]]:
    if _kind(obj, field) != "Feature":
        raise InvalidArea(f"{field}.type", "A FeatureCollection holds features only.")
    _refuse_other_crs(obj, field)
    return _geometry(obj.get("geometry"), f"{field}.geometry")


def _geometry(obj: Any, field: str) -> list[tuple[Any, str]]:
    kind = _kind(obj, field)
    _refuse_other_crs(obj, field)
    path = f"{field}.coordinates"
    if kind == "Polygon":
        return [(obj.get("coordinates"), path)]
    if kind == "MultiPolygon":
        parts = _list(obj.get("coordinates"), path, "polygons")
        return [(part, f"{path}[{at}]") for at, part in enumerate(parts)]
    raise InvalidArea(f"{field}.type", f"“{kind[:40]}” is not an area: give a Polygon or a MultiPolygon.")


def _kind(obj: Any, field: str) -> str:
    if not isinstance(obj, Mapping):
        raise InvalidArea(field, "This is not GeoJSON: give an object with a type, such as Polygon.")
    kind = obj.get("type")
    if not isinstance(kind, str):
        raise InvalidArea(f"{field}.type", "The type is missing: give Polygon, MultiPolygon, Feature or such.")
    return kind


def _refuse_other_crs(obj: Mapping[str, Any], field: str) -> None:
    """RFC 7946 did away with ``crs``, yet tools still write it: metres read as degrees would be somewhere else."""
    crs = obj.get("crs")
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, Mapping) else None
    name = properties.get("name") if isinstance(properties, Mapping) else None
    if not isinstance(name, str) or not name.endswith(_WGS84):
        raise InvalidArea(f"{field}.crs", "The coordinates must be WGS 84 longitude and latitude: convert them first.")


def _is_list(obj: Any) -> bool:
    return isinstance(obj, Sequence) and not isinstance(obj, str | bytes | bytearray)


def _list(obj: Any, field: str, what: str) -> Sequence[Any]:
    if not _is_list(obj):
        raise InvalidArea(field, f"This must be a list of {what}.")
    if not obj:
        raise InvalidArea(field, f"This list of {what} is empty.")
    checked: Sequence[Any] = obj
    return checked


def _polygon(coordinates: Any, field: str, budget: _Budget) -> list[Polygon]:
    """The parts of one polygon, split at the antimeridian."""
    rings = [_ring(ring, f"{field}[{at}]", budget) for at, ring in enumerate(_list(coordinates, field, "rings"))]
    shell, holes = rings[0], rings[1:]
    while shell[:, 0].min() >= _HALF:
        shell[:, 0] -= _TURN
    while shell[:, 0].min() < -_HALF:
        shell[:, 0] += _TURN
    west, east = shell[:, 0].min(), shell[:, 0].max()
    for hole in holes:  # each was made continuous on its own: bring it to its shell's turn
        hole[:, 0] += _TURN * np.round(((west + east) - (hole[:, 0].min() + hole[:, 0].max())) / 2 / _TURN)
    if east - west > _TURN:
        raise InvalidArea(field, "The polygon goes round the world more than once.")
    polygon = Polygon(shell, holes)
    if not polygon.is_valid:
        raise InvalidArea(field, _why_invalid(polygon))
    if polygon.area <= 0:
        raise InvalidArea(field, "The polygon is flat: it holds no ground.")
    if east <= _HALF:
        return [polygon]
    near = shapely.intersection(polygon, shapely.box(-_HALF, -90.0, _HALF, 90.0))
    far = shapely.intersection(polygon, shapely.box(_HALF, -90.0, _HALF + _TURN, 90.0))
    return [*_on_map(near, 0.0), *_on_map(far, _TURN)]


def _on_map(cut: Any, turn: float) -> list[Polygon]:
    """The polygons of what was cut, a turn further west; the cut's rounding may leave the map by a hair, or slivers."""

    def moved(points: Floats) -> Floats:
        return np.column_stack((np.clip(points[:, 0] - turn, -_HALF, _HALF), points[:, 1]))

    return [part for part in _as_multi(shapely.make_valid(shapely.transform(cut, moved))).geoms if part.area > 0]


def _why_invalid(polygon: Polygon) -> str:
    """GEOS says ``Self-intersection[0.62 48.76]``; say where and what to do."""
    reason, _, place = shapely.is_valid_reason(polygon).partition("[")
    where = " near longitude {}, latitude {}".format(*place.rstrip("]").split()[:2]) if " " in place else ""
    return f"The outline is not sound{where} ({reason.strip().lower()}): redraw it so that it does not cross itself."


def _ring(positions: Any, field: str, budget: _Budget) -> Floats:
    """A closed ring (n, 2), continuous in longitude."""
    points = _list(positions, field, "positions")
    budget.spend(len(points))
    read = np.array([_position(point, f"{field}[{at}]") for at, point in enumerate(points)], dtype=np.float64)
    if len(read) < _SMALLEST_RING:
        raise InvalidArea(field, "A ring has at least four positions: three corners, and the first one again.")
    if read[0, 0] != read[-1, 0] or read[0, 1] != read[-1, 1]:
        raise InvalidArea(field, "The ring is not closed: its last position must be its first one again.")
    return _continuous(read, field)


def _position(point: Any, field: str) -> tuple[float, float]:
    if not _is_list(point) or len(point) not in (2, 3):
        raise InvalidArea(field, "A position is [longitude, latitude], with perhaps an altitude.")
    if len(point) == 3:  # noqa: PLR2004 - the altitude, read and left
        finite(point[2], f"{field}[2]")
    return in_range(point[0], f"{field}[0]", _TURN, "longitude"), in_range(point[1], f"{field}[1]", 90, "latitude")


def _continuous(ring: Floats, field: str) -> Floats:
    """The ring without jumps over the antimeridian, so that plane geometry holds on it."""
    lons, lats = ring[:, 0], ring[:, 1]
    if (lons > _HALF).all() or (lons < -_HALF).all():
        raise InvalidArea(field, f"{lons[0]:.10g} is out of range: a longitude is from -180 to 180 degrees.")
    steps = np.diff(lons)
    jumps = np.abs(steps) > _HALF
    # Along a pole, all longitudes are one place: a step from -180 to 180 there is how a pole is drawn to.
    along_pole = (np.abs(lats[1:]) == 90) & (lats[1:] == lats[:-1])  # noqa: PLR2004
    jumps &= ~along_pole
    if not jumps.any():
        return ring
    whole_turns = bool((np.abs(steps[jumps]) == _TURN).all())
    steps = np.where(jumps, steps - np.copysign(_TURN, steps), steps)
    unrolled = ring.copy()
    unrolled[1:, 0] = lons[0] + np.cumsum(steps)
    # Sums leave dust: each vertex is a whole number of turns from where it was given.
    unrolled[:, 0] = lons + _TURN * np.round((unrolled[:, 0] - lons) / _TURN)
    if whole_turns and np.ptp(unrolled[:, 0]) == 0:  # a box round the world: as it stands, to be found too large
        return ring
    if unrolled[0, 0] != unrolled[-1, 0]:
        raise InvalidArea(
            field, "The ring goes round a pole: draw it to latitude 90, with longitudes from -180 to 180 along it."
        )
    return unrolled

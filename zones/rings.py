"""From GeoJSON coordinates to valid polygons, split at the antimeridian.

Edges are straight in degrees (RFC 7946 section 3.1.1). A polygon across the antimeridian may be given in any of three
ways, and is returned in the first:

- split into a MultiPolygon whose parts touch 180 and -180 (RFC 7946 section 3.1.9);
- continuous, with longitudes beyond 180 (178, 179, 181) or -180, as from a scrolling map;
- jumping from one side to the other (179 then -179): an edge longer than 180 degrees means the short way round.

A pole is inside only of a polygon drawn to it: along latitude 90 from longitude -180 to 180.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as made_by
from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from zones.circles import finite, in_range
from zones.ellipsoid import Floats
from zones.errors import InvalidArea

_HALF, _TURN = 180.0, 360.0
_SMALLEST_RING = 4  # a triangle, with its first point repeated
_ORDINATES = (2, 3, 4)  # longitude and latitude, an altitude, a measure


@dataclass(slots=True)
class Rings:
    """Reads the polygons of one document.

    ``vertices``: the document's limit, counted before they are read. ``swapped``: positions have latitude before
    longitude. ``mend``: outlines that cross or touch themselves are repaired, at ``crossings`` (lon, lat); otherwise
    ``InvalidArea`` is raised.
    """

    vertices: int
    field: str
    swapped: bool = False
    mend: bool = False
    crossings: list[tuple[float, float]] = made_by(default_factory=list)
    _left: int = -1

    def polygon(self, coordinates: Any, path: str) -> list[Polygon]:
        """Return the parts of one polygon, split at the antimeridian. Raises ``InvalidArea``, its field ``path``."""
        rings = [self._ring(ring, f"{path}[{at}]") for at, ring in enumerate(listed(coordinates, path))]
        shell, holes = rings[0], rings[1:]
        while shell[:, 0].min() >= _HALF:
            shell[:, 0] -= _TURN
        while shell[:, 0].min() < -_HALF:
            shell[:, 0] += _TURN
        west, east = shell[:, 0].min(), shell[:, 0].max()
        for hole in holes:  # each was unrolled on its own: align with the shell
            hole[:, 0] += _TURN * np.round(((west + east) - (hole[:, 0].min() + hole[:, 0].max())) / 2 / _TURN)
        if east - west > _TURN:
            raise InvalidArea("polygon-round-the-world", path)
        polygon = Polygon(shell, holes)
        if not polygon.is_valid:
            return self._mended(polygon, path, east)
        if polygon.area <= 0:
            raise InvalidArea("polygon-flat", path)
        return _split(polygon, east)

    def _mended(self, polygon: Polygon, path: str, east: float) -> list[Polygon]:
        place = _crossing(polygon)
        if not self.mend and place is None:
            raise InvalidArea("outline-unsound", path)
        if not self.mend and place is not None:
            raise InvalidArea("outline-crosses", path, lon=place[0], lat=place[1])
        valid = shapely.make_valid(polygon)  # a loop within an outline that touches it is a hole
        parts = [part for part in polygons_of(valid).geoms if part.area > 0]
        if not parts:
            raise InvalidArea("polygon-flat", path)
        self.crossings.append(place or polygon.exterior.coords[0][:2])
        return [piece for part in parts for piece in _split(part, east)]

    def _ring(self, positions: Any, path: str) -> Floats:
        """Return a closed ring (n, 2), continuous in longitude."""
        points = listed(positions, path)
        self._spend(len(points))
        read = np.array([self._position(point, f"{path}[{at}]") for at, point in enumerate(points)], dtype=np.float64)
        if len(read) < _SMALLEST_RING:
            raise InvalidArea("ring-too-short", path)
        if read[0, 0] != read[-1, 0] or read[0, 1] != read[-1, 1]:
            raise InvalidArea("ring-open", path)
        return _continuous(read, path)

    def _spend(self, vertices: int) -> None:
        self._left = (self.vertices if self._left < 0 else self._left) - vertices
        if self._left < 0:
            raise InvalidArea("too-many-vertices", self.field, most=self.vertices)

    def _position(self, point: Any, path: str) -> tuple[float, float]:
        if not is_list(point) or len(point) not in _ORDINATES:
            raise InvalidArea("bad-position", path)
        for at in range(2, len(point)):  # altitude and measure are ignored
            if point[at] is not None:
                finite(point[at], f"{path}[{at}]")
        east, north = (1, 0) if self.swapped else (0, 1)
        lon = in_range(point[east], f"{path}[{east}]", _TURN, "bad-longitude")
        return lon, in_range(point[north], f"{path}[{north}]", 90, "bad-latitude")


def is_list(obj: Any) -> bool:
    return isinstance(obj, Sequence) and not isinstance(obj, str | bytes | bytearray)


def listed(obj: Any, path: str) -> Sequence[Any]:
    """Return a non-empty list. Raises ``InvalidArea`` for anything else."""
    if not is_list(obj):
        raise InvalidArea("not-a-list", path)
    if not obj:
        raise InvalidArea("empty-list", path)
    checked: Sequence[Any] = obj
    return checked


def polygons_of(shape: Any) -> MultiPolygon:
    """Return the polygons of any geometry, without points and lines where they touch."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return MultiPolygon([piece for part in parts for piece in shapely.get_parts(part) if not piece.is_empty])


def _split(polygon: Polygon, east: float) -> list[Polygon]:
    if east <= _HALF:
        return [polygon]
    near = shapely.intersection(polygon, shapely.box(-_HALF, -90.0, _HALF, 90.0))
    far = shapely.intersection(polygon, shapely.box(_HALF, -90.0, _HALF + _TURN, 90.0))
    return [*_on_map(near, 0.0), *_on_map(far, _TURN)]


def _on_map(cut: Any, turn: float) -> list[Polygon]:
    """Return the cut's polygons, one turn further west, without overshoot and slivers from rounding."""

    def moved(points: Floats) -> Floats:
        return np.column_stack((np.clip(points[:, 0] - turn, -_HALF, _HALF), points[:, 1]))

    return [part for part in polygons_of(shapely.make_valid(shapely.transform(cut, moved))).geoms if part.area > 0]


def _crossing(polygon: Polygon) -> tuple[float, float] | None:
    """Return the place in GEOS's message, as in ``Self-intersection[0.62 48.76]``."""
    numbers = shapely.is_valid_reason(polygon).partition("[")[2].rstrip("]").split()[:2]
    return (float(numbers[0]), float(numbers[1])) if len(numbers) > 1 else None


def _continuous(ring: Floats, path: str) -> Floats:
    """Return the ring without antimeridian jumps, so that plane geometry applies."""
    lons, lats = ring[:, 0], ring[:, 1]
    if (lons > _HALF).all() or (lons < -_HALF).all():
        raise InvalidArea("bad-longitude", path, value=float(lons[0]), most=180)
    steps = np.diff(lons)
    jumps = np.abs(steps) > _HALF
    # At a pole, all longitudes are one place: a step from -180 to 180 there draws to the pole.
    along_pole = (np.abs(lats[1:]) == 90) & (lats[1:] == lats[:-1])  # noqa: PLR2004
    jumps &= ~along_pole
    if not jumps.any():
        return ring
    whole_turns = bool((np.abs(steps[jumps]) == _TURN).all())
    steps = np.where(jumps, steps - np.copysign(_TURN, steps), steps)
    unrolled = ring.copy()
    unrolled[1:, 0] = lons[0] + np.cumsum(steps)
    # Removes rounding: each vertex is a whole number of turns from its input.
    unrolled[:, 0] = lons + _TURN * np.round((unrolled[:, 0] - lons) / _TURN)
    if whole_turns and np.ptp(unrolled[:, 0]) == 0:  # a box round the world: keep, to be refused as too large
        return ring
    if unrolled[0, 0] != unrolled[-1, 0]:
        raise InvalidArea("ring-round-pole", path)
    return unrolled

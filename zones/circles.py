"""A circle on the ground: every point whose geodesic distance from the centre is at most the radius."""

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from zones.ellipsoid import EDGE_M, Bools, Floats, apart, box_reach, degree_bounds, distance_m, geod
from zones.errors import InvalidArea

MIN_RADIUS_M = 300
MAX_RADIUS_M = 5000

Box = tuple[float, float, float, float]  # west, south, east, north, in degrees; west <= east, within -180..180


def finite(value: Any, field: str) -> float:
    """Return ``value`` as a float; JSON numbers only. Raises InvalidArea for booleans, strings, NaN and infinity."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InvalidArea("not-a-number", field)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InvalidArea("not-finite", field)
    return number


def in_range(value: Any, field: str, limit: float, code: str) -> float:
    """Return ``value`` as a float within ``-limit..limit``. Raises InvalidArea with this code."""
    number = finite(value, field)
    if not -limit <= number <= limit:
        raise InvalidArea(code, field, value=number, most=limit)
    return number


@dataclass(frozen=True, slots=True)
class Circle:
    """``lon`` and ``lat`` in WGS 84 degrees, ``radius_m`` in metres from 300 to 5,000 inclusive.

    Raises ``InvalidArea`` naming ``lon``, ``lat`` or ``radius_m``.
    """

    lon: float
    lat: float
    radius_m: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "lon", in_range(self.lon, "lon", 180, "bad-longitude"))
        object.__setattr__(self, "lat", in_range(self.lat, "lat", 90, "bad-latitude"))
        radius_m = finite(self.radius_m, "radius_m")
        if not MIN_RADIUS_M <= radius_m <= MAX_RADIUS_M:
            code = "circle-too-small" if radius_m < MIN_RADIUS_M else "circle-too-large"
            raise InvalidArea(code, "radius_m", least=MIN_RADIUS_M, most=MAX_RADIUS_M)
        object.__setattr__(self, "radius_m", radius_m)

    def covers(self, lons: Floats, lats: Floats) -> Bools:
        """Return which points are inside or on the edge. Arrays of the same shape (n,); False for NaN."""
        east, north = apart(lons, self.lon), np.abs(np.subtract(lats, self.lat))
        bounds = degree_bounds(self.lat, self.radius_m)
        inside = bounds.surely_within(east, north, self.radius_m)
        unsure = ~(inside | bounds.surely_beyond(east, north, self.radius_m))
        asked = np.flatnonzero(unsure)
        if asked.size:
            inside[asked] = distance_m(self.lon, self.lat, lons[asked], lats[asked]) <= self.radius_m + EDGE_M
        return inside

    def contains(self, other: "Circle") -> bool:
        """Return whether another circle lies within this one."""
        apart_m = float(distance_m(self.lon, self.lat, np.array([other.lon]), np.array([other.lat]))[0])
        return apart_m + other.radius_m <= self.radius_m

    def covers_boxes(self, wests: Floats, souths: Floats, easts: Floats, norths: Floats) -> Bools:
        """Return which boxes are proven to be inside; False proves nothing."""
        north = np.maximum(np.abs(souths - self.lat), np.abs(norths - self.lat))
        west_side, east_side = apart(wests, self.lon), apart(easts, self.lon)
        bounds = degree_bounds(self.lat, self.radius_m)
        inside = bounds.surely_within(np.maximum(west_side, east_side), north, self.radius_m)
        # Both sides of a box may be near although the box goes round the world the other way.
        narrow = (easts - wests) <= (west_side + east_side) + 1e-9
        return inside & narrow

    def boxes(self) -> list[Box]:
        """Return a box around the circle, or two if it crosses the antimeridian."""
        width, height = box_reach(self.lat, self.radius_m)
        south, north = max(self.lat - height, -90.0), min(self.lat + height, 90.0)
        if width >= 180:  # noqa: PLR2004 - all the way round
            return [(-180.0, south, 180.0, north)]
        west, east = self.lon - width, self.lon + width
        if west <= -180:  # noqa: PLR2004 - the antimeridian, here and below
            return [(-180.0, south, east, north), (west + 360, south, 180.0, north)]
        if east >= 180:  # noqa: PLR2004
            return [(west, south, 180.0, north), (-180.0, south, east - 360, north)]
        return [(west, south, east, north)]

    @property
    def area_m2(self) -> float:
        """Return the disc's area in square metres; ignoring curvature changes it by less than one ten-millionth."""
        return math.pi * self.radius_m**2

    def ring(self, vertices: int, radius_m: float | None = None) -> tuple[Floats, Floats]:
        """Return points on the edge, counter-clockwise from the south, not closed; longitudes within -180..180."""
        azimuths = np.linspace(180.0, -180.0, vertices, endpoint=False)
        reach = np.full(vertices, self.radius_m if radius_m is None else radius_m)
        lons, lats, _ = geod().fwd(np.full(vertices, self.lon), np.full(vertices, self.lat), azimuths, reach)
        return np.asarray(lons), np.asarray(lats)

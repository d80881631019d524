"""The WGS 84 ellipsoid: distances, and cheap bounds on them.

Longitudes and latitudes in degrees, lengths in metres. Exact distances are Karney's geodesics, by ``pyproj.Geod``, at
some 500 ns a point; so whatever a few multiplications can prove is not computed exactly.
"""

import functools
import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

EQUATOR_M = 6378137.0
FLATTENING = 1 / 298.257223563
POLE_M = EQUATOR_M * (1 - FLATTENING)
ECCENTRICITY2 = FLATTENING * (2 - FLATTENING)
SHARPEST_RADIUS_M = POLE_M**2 / EQUATOR_M  # of curvature, along the meridian at the equator

_SPHERE_M = 6371008.8  # the mean radius

EDGE_M = 1e-6  # edge points count as inside: a micrometre absorbs rounding of degrees
_SLACK = 1e-9  # relative; keeps proofs clear of rounding


@functools.cache
def geod() -> Geod:
    return Geod(ellps="WGS84")


def distance_m(lons1: Any, lats1: Any, lons2: Any, lats2: Any) -> Floats:
    """Return geodesic distances between points, scalars or broadcastable arrays; NaN gives NaN."""
    a, b, c, d = (np.array(part, dtype=np.float64) for part in np.broadcast_arrays(lons1, lats1, lons2, lats2))
    _, _, metres = geod().inv(a, b, c, d, inplace=True, return_back_azimuth=False)
    return np.asarray(metres, dtype=np.float64)


def rough_distance_m(lon: float, lat: float, lons: Floats, lats: Floats) -> Floats:
    """Return distances on a sphere (haversine), accurate to 0.6 %, in a tenth of the geodesics' time."""
    north, east = np.sin(np.radians(lats - lat) / 2), np.sin(np.radians(lons - lon) / 2)
    squared = north * north + math.cos(math.radians(lat)) * np.cos(np.radians(lats)) * east * east
    return np.asarray(2 * _SPHERE_M * np.arcsin(np.sqrt(np.minimum(squared, 1.0))))


def to_plane(lon: float, lat: float, lons: Any, lats: Any) -> tuple[Floats, Floats]:
    """Return azimuthal equidistant coordinates (east, north) in metres about a centre: distances from it are exact."""
    lons, lats = np.asarray(lons, dtype=np.float64), np.asarray(lats, dtype=np.float64)
    azimuths, _, metres = geod().inv(np.full(lons.shape, lon), np.full(lats.shape, lat), lons, lats)
    turn = np.radians(azimuths)
    return metres * np.sin(turn), metres * np.cos(turn)


def apart(lons: Any, lon: Any) -> Floats:
    """Return the degrees of longitude between, the short way round: 0 to 180."""
    straight = np.abs(np.subtract(lons, lon))
    return np.asarray(np.minimum(straight, np.abs(360.0 - straight)))


def _meridian_radius(sin2: Any) -> Any:
    return EQUATOR_M * (1 - ECCENTRICITY2) / (1 - ECCENTRICITY2 * sin2) ** 1.5


def _parallel_radius(sin2: Any) -> Any:
    return EQUATOR_M * np.sqrt((1 - sin2) / (1 - ECCENTRICITY2 * sin2))


class DegreeBounds(NamedTuple):
    """Least and greatest length of a degree in a band of latitudes; numbers or arrays."""

    lat_least: Any
    lat_most: Any
    lon_least: Any
    lon_most: Any

    def surely_within(self, lons_apart: Any, lats_apart: Any, radius_m: Any) -> Bools:
        """Return True where the geodesic is proven to be at most ``radius_m``.

        A straight line in degrees is a path on the ground no longer than this, and no path is shorter than the
        geodesic. It stays in the band: otherwise it would already be too long.
        """
        reach = np.multiply(radius_m, 1 - _SLACK)
        return np.asarray((lats_apart * self.lat_most) ** 2 + (lons_apart * self.lon_most) ** 2 <= reach * reach)

    def surely_beyond(self, lons_apart: Any, lats_apart: Any, radius_m: Any) -> Bools:
        """Return True where the geodesic is proven to be longer than ``radius_m``.

        A geodesic that short never leaves the band, where each degree is at least this long.
        """
        reach = np.multiply(radius_m, 1 + _SLACK) + EDGE_M
        return np.asarray((lats_apart * self.lat_least) ** 2 + (lons_apart * self.lon_least) ** 2 > reach * reach)


def degree_bounds(lat: Any, radius_m: Any) -> DegreeBounds:
    """Return bounds for everything within ``radius_m`` of latitude ``lat``; scalars or arrays."""
    reach = np.degrees(np.divide(radius_m, SHARPEST_RADIUS_M)) * (1 + _SLACK)
    farthest = np.minimum(np.abs(lat) + reach, 90.0)
    nearest = np.maximum(np.abs(lat) - reach, 0.0)
    low, high = np.sin(np.radians(nearest)) ** 2, np.sin(np.radians(farthest)) ** 2
    degree = math.pi / 180
    return DegreeBounds(
        lat_least=_meridian_radius(low) * degree,
        lat_most=_meridian_radius(high) * degree,
        lon_least=_parallel_radius(high) * degree,
        lon_most=_parallel_radius(low) * degree,
    )


def box_reach(lat: float, radius_m: float) -> tuple[float, float]:
    """Return half width and half height, in degrees, of a box that contains a circle; width 180 is all round.

    Proven like ``DegreeBounds``: a degree of latitude is never shorter than at the equator, a degree of longitude never
    shorter than on the parallel nearest to the pole.
    """
    height = math.degrees(radius_m / SHARPEST_RADIUS_M) * (1 + _SLACK) + _SLACK
    if abs(lat) + height >= 90:  # noqa: PLR2004 - the pole
        return 180.0, height
    sin2 = math.sin(math.radians(abs(lat) + height)) ** 2
    width = math.degrees(radius_m / float(_parallel_radius(sin2))) * (1 + _SLACK) + _SLACK
    return min(width, 180.0), height


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


def _strip_m2(lats: Floats) -> Floats:
    """Return the ellipsoid's area from the equator to a latitude, per radian of longitude (authalic, closed form)."""
    eccentricity = math.sqrt(ECCENTRICITY2)
    sine = np.sin(np.radians(lats))
    bulge = sine / (1 - ECCENTRICITY2 * sine**2) + np.arctanh(eccentricity * sine) / eccentricity
    return np.asarray(POLE_M**2 / 2 * bulge)


def ring_area_m2(lons: Floats, lats: Floats) -> float:
    """Return the area inside a closed ring (first point repeated) with edges straight in degrees, as in GeoJSON.

    On the ellipsoid, by Gauss-Legendre along each edge, never negative.
    """
    steps = np.diff(lons)
    middles, halves = (lats[1:] + lats[:-1]) / 2, np.diff(lats) / 2
    strips = _strip_m2(middles[:, None] + halves[:, None] * _NODES[None, :])
    return float(abs(np.sum(np.radians(steps) * (strips @ _WEIGHTS) / 2)))

"""Circles as polygons: for maps, and for the area of overlapping shapes."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from zones.circles import Circle
from zones.ellipsoid import Floats
from zones.geojson import polygons_area_m2


def drawn_circle(circle: Circle, vertices: int, radius_m: float | None = None) -> Polygon | MultiPolygon:
    """Return the circle as a polygon with vertices on its edge, counter-clockwise; split at the antimeridian."""
    lons, lats = circle.ring(vertices, radius_m)
    lons, lats = np.append(lons, lons[0]), np.append(lats, lats[0])
    steps = np.diff(lons)
    unrolled = np.concatenate((lons[:1], lons[0] + np.cumsum(steps - 360 * np.round(steps / 360))))
    if abs(unrolled[-1] - unrolled[0]) > 180:  # noqa: PLR2004 - a whole turn: the pole is inside
        unrolled, lats = _drawn_to_pole(unrolled, lats, 90.0 if circle.lat > 0 else -90.0)
    outline = shapely.make_valid(Polygon(np.column_stack((unrolled, lats))))
    parts: list[Any] = []
    for turn in (-360.0, 0.0, 360.0):
        window = shapely.box(-180.0 + turn, -90.0, 180.0 + turn, 90.0)
        cut = outline if shapely.covers(window, outline) else shapely.intersection(outline, window)
        shifted = shapely.transform(cut, lambda points, turn=turn: points - (turn, 0.0))
        parts.extend(part for part in shapely.get_parts(shifted) if isinstance(part, Polygon) and not part.is_empty)
    return turned_right(parts[0] if len(parts) == 1 else MultiPolygon(parts))


def turned_right(shape: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    """Return outlines counter-clockwise and holes clockwise (RFC 7946)."""
    return shapely.orient_polygons(shape, exterior_cw=False)


def area_of_union_m2(circles: Sequence[Circle], polygons: MultiPolygon | None) -> float:
    """Return the square metres of the union, accurate to about a thousandth where shapes overlap.

    Circles are polygons of 256 vertices with the same area.
    """
    vertices = 256
    swell = math.sqrt(2 * math.pi / vertices / math.sin(2 * math.pi / vertices))
    drawn = [drawn_circle(circle, vertices, circle.radius_m * swell) for circle in circles]
    joined = shapely.union_all([*drawn, *([] if polygons is None else [polygons])])
    return polygons_area_m2(joined)


def _drawn_to_pole(lons: Floats, lats: Floats, pole: float) -> tuple[Floats, Floats]:
    """Return a closed ring round a pole, cut at -180 and drawn to the pole on both sides."""
    lons, lats = lons[:-1], lats[:-1]
    lons = (lons + 180) % 360 - 180
    order = np.argsort(lons)
    lons, lats = lons[order], lats[order]
    seam = float(np.interp(180.0, [lons[-1], lons[0] + 360], [lats[-1], lats[0]]))
    return (
        np.concatenate(([-180.0], lons, [180.0, 180.0, -180.0, -180.0])),
        np.concatenate(([seam], lats, [seam, pole, pole, seam])),
    )

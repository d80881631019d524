"""Draws an alert's area over the map's tiles, if there are any, without scripts or third parties.

SVG over a plane in metres about the area's middle: accurate to a thousandth within the tens of kilometres shown.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import mercantile
from mercantile import Tile

from zones import Area

METRES_A_DEGREE = 111_320.0
_MARGIN = 0.35
_LEAST_SPAN_M = 800.0
_MOST_CORNERS = 1500
_RATIO = 0.75
_TILES_ACROSS = 2.5
_FINEST = 17
_STEPS_M = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000)

Ring = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class PlacedTile:
    """A map tile, placed in a picture's metres. ``href``: its address, or its octets (``data:``)."""

    tile: Tile
    href: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Picture:
    """Data for the template: SVG paths in metres, y downwards. ``scale_m``: length of the scale.

    ``town``: the station's position, if within the picture. ``tiles``: the map beneath, at most a dozen.
    """

    left: float
    top: float
    width: float
    height: float
    boundary: str
    area: str
    scale_m: int
    stroke: float
    town: tuple[float, float] | None = None
    tiles: tuple[PlacedTile, ...] = ()

    @property
    def scale_label(self) -> str:
        return f"{self.scale_m} m" if self.scale_m < 1000 else f"{self.scale_m // 1000} km"  # noqa: PLR2004


def draw(
    area: Area,
    boundary: Mapping[str, Any] | None,
    town: tuple[float | None, float | None] = (None, None),
    *,
    tiled: bool = False,
    margin: float = _MARGIN,
) -> Picture:
    """Draw an area over its station's boundary (GeoJSON, WGS 84); ``town``: the station's position (lon, lat).

    ``tiled``: with map tiles beneath. ``margin``: on each side, as a share of the area's width.
    """
    lon0, lat0 = area.centre
    shapes = [_plane(ring, lon0, lat0) for ring in _rings(area.geojson(72))]
    around = [] if boundary is None else [_plane(ring, lon0, lat0) for ring in _rings(boundary)]
    xs = [x for ring in shapes for x, _ in ring]
    ys = [y for ring in shapes for _, y in ring]
    middle_x, middle_y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    width = max(max(xs) - min(xs), (max(ys) - min(ys)) / _RATIO, _LEAST_SPAN_M) * (1 + 2 * margin)
    height = width * _RATIO
    left, top = middle_x - width / 2, middle_y - height / 2
    at: tuple[float, float] | None = None
    if town[0] is not None and town[1] is not None:
        ((x, y),) = _plane([town], lon0, lat0)
        # The town's name is to the right of its mark, and must not be cut off.
        if left < x < left + 0.7 * width and top + 0.1 * height < y < top + 0.85 * height:
            at = (round(x), round(y))
    picture = Picture(
        left=round(left, 1),
        top=round(top, 1),
        width=round(width, 1),
        height=round(height, 1),
        boundary=_path(around, tolerance_m=width / 800),
        area=_path(shapes, tolerance_m=width / 2000),
        scale_m=max((step for step in _STEPS_M if step <= width / 3), default=_STEPS_M[0]),
        stroke=round(width / 250, 1),
        town=at,
    )
    return replace(picture, tiles=_tiles(picture, lon0, lat0)) if tiled else picture


def _tiles(picture: Picture, lon0: float, lat0: float) -> tuple[PlacedTile, ...]:
    """Return the Web Mercator tiles that cover a picture centred on (lon0, lat0), some 2.5 to its width."""
    left, top, width, height = picture.left, picture.top, picture.width, picture.height
    squeeze = math.cos(math.radians(lat0)) * METRES_A_DEGREE
    zoom = min(math.floor(math.log2(360 * squeeze * _TILES_ACROSS / width)), _FINEST)
    west, east = lon0 + left / squeeze, lon0 + (left + width) / squeeze
    north, south = lat0 - top / METRES_A_DEGREE, lat0 - (top + height) / METRES_A_DEGREE
    if zoom < 0 or not -180 <= west < east <= 180:  # noqa: PLR2004
        return ()
    placed = []
    for tile in mercantile.tiles(west, south, east, north, zooms=zoom):
        at = mercantile.bounds(tile)
        (x, y), (right, bottom) = _plane([(at.west, at.north), (at.east, at.south)], lon0, lat0)
        sides = (round(each, 1) for each in (x, y, right - x, bottom - y))
        placed.append(PlacedTile(tile, f"/tiles/{tile.z}/{tile.x}/{tile.y}", *sides))
    return tuple(placed)


def written_point(lon: float, lat: float) -> str:
    """Format a point for people: ``48.76310° N, 0.62830° E``."""
    return f"{abs(lat):.5f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.5f}° {'E' if lon >= 0 else 'W'}"


def _rings(geojson: Mapping[str, Any]) -> Iterator[list[Any]]:
    kind = geojson.get("type")
    if kind == "FeatureCollection":
        for feature in geojson["features"]:
            yield from _rings(feature)
    elif kind == "Feature":
        yield from _rings(geojson["geometry"])
    elif kind == "Polygon":
        yield from geojson["coordinates"]
    elif kind == "MultiPolygon":
        for polygon in geojson["coordinates"]:
            yield from polygon


def _plane(ring: Iterable[Any], lon0: float, lat0: float) -> Ring:
    squeeze = math.cos(math.radians(lat0)) * METRES_A_DEGREE
    # The short way round keeps an area across the antimeridian in one piece.
    return [(((lon - lon0 + 540) % 360 - 180) * squeeze, (lat0 - lat) * METRES_A_DEGREE) for lon, lat, *_ in ring]


def _path(rings: Iterable[Ring], *, tolerance_m: float) -> str:
    parts: list[str] = []
    for ring in rings:
        kept = _thinned(ring, tolerance_m)
        parts.append("M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in kept) + "Z")
    return "".join(parts)


def _thinned(ring: Ring, tolerance_m: float) -> Ring:
    """Drop vertices that are indistinguishable from their neighbours at this scale."""
    kept: Ring = []
    for x, y in ring:
        if not kept or abs(x - kept[-1][0]) + abs(y - kept[-1][1]) >= tolerance_m:
            kept.append((x, y))
    step = max(1, len(kept) // _MOST_CORNERS)
    return kept[::step]

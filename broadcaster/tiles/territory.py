"""Fetches the tiles of a station's territory in advance, so that its map works without a network."""

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import mercantile
from mercantile import Tile

from broadcaster.domain.stations import Station
from broadcaster.tiles.source import Tiles, TilesUnavailable

_AROUND_M = 5000.0
_MEAN_OCTETS = 20_000  # of a tile of Plan IGN, until there are tiles to measure
_MOST = 200_000
_COARSEST, _FINEST = 5, 17
_AT_ONCE = 4
_TRIES = 6
_YEAR_S = 365 * 86_400.0
_METRES_A_DEGREE = 111_320.0

Box = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""


def grown(box: Box, metres: float) -> Box:
    """Return a box with a margin on each side."""
    west, south, east, north = box
    high = metres / _METRES_A_DEGREE
    wide = high / math.cos(math.radians(min(max(abs(south), abs(north)), 85)))
    return west - wide, max(south - high, -85.0), east + wide, min(north + high, 85.0)


def box_of(station: Station) -> Box | None:
    """Return the box about a station's boundary, or about its position; None if it has neither."""
    points = list(_points(station.boundary)) if station.boundary else []
    if not points and station.lon is not None and station.lat is not None:
        points = [(station.lon, station.lat)]
    if not points:
        return None
    lons, lats = [lon for lon, _ in points], [lat for _, lat in points]
    return min(lons), min(lats), max(lons), max(lats)


def wanted_of(station: Station) -> list[Tile]:
    """Return the tiles of a station's territory and 5 km around it, coarse ones first.

    Down to zoom 17, or less for a territory of more than 200,000 tiles.
    """
    box = box_of(station)
    if box is None:
        return []
    wanted: list[Tile] = []
    for zoom in range(_COARSEST, _FINEST + 1):
        wanted += islice(mercantile.tiles(*grown(box, _AROUND_M), zooms=zoom), _MOST + 1 - len(wanted))
        if len(wanted) > _MOST:
            return [tile for tile in wanted if tile.z < zoom]
    return wanted


class TerritoryFetch:
    """Fetches a territory's missing tiles, four at a time; those pinned within a year are not fetched again."""

    def __init__(self, tiles: Tiles, wanted: Sequence[Tile]) -> None:
        self._tiles = tiles
        self._wanted = wanted
        self.held = 0

    @property
    def total(self) -> int:
        return len(self._wanted)

    async def missing(self) -> list[Tile]:
        """Count the tiles held, and return the missing ones."""
        held = await asyncio.to_thread(self._tiles.folder.pinned, self._wanted, _YEAR_S)
        self.held = len(held)
        return [tile for tile in self._wanted if tile not in held]

    async def megabytes(self, missing: int) -> tuple[float, float]:
        """Return the megabytes (10^6) held, and those missing, estimated from the mean of tiles held."""
        octets = await asyncio.to_thread(self._tiles.folder.pinned_octets)
        mean = octets / self.held if self.held else _MEAN_OCTETS
        return octets / 1e6, missing * mean / 1e6

    async def run(self, told: Callable[[int], None] = lambda _: None) -> None:
        """Fetch the missing tiles; ``told`` gets the number held. Raises ``TilesUnavailable`` after several tries."""
        waiting = iter(await self.missing())

        async def work() -> None:
            for tile in waiting:
                await self._one(tile)
                self.held += 1
                told(self.held)

        workers = [asyncio.create_task(work()) for _ in range(_AT_ONCE)]
        try:
            await asyncio.gather(*workers)
        finally:
            for each in workers:
                each.cancel()

    async def _one(self, tile: Tile) -> None:
        for left in reversed(range(_TRIES)):
            try:
                await self._tiles.pin(tile)
            except TilesUnavailable:
                if not left:
                    raise
                await asyncio.sleep(max(self._tiles.breaker.wait_s(), 0.05))
            else:
                return


def _points(geojson: object) -> Iterator[tuple[float, float]]:
    """Yield the positions of a GeoJSON geometry, feature or collection."""
    if isinstance(geojson, dict):
        for key in ("features", "geometries", "geometry", "coordinates"):
            yield from _points(geojson.get(key))
    elif isinstance(geojson, (list, tuple)) and geojson and isinstance(geojson[0], (int, float)):
        yield float(geojson[0]), float(geojson[1])
    elif isinstance(geojson, (list, tuple)):
        for each in geojson:
            yield from _points(each)

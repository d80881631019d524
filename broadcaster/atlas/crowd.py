"""Estimates how many people in an area the station did not register itself, without revealing anybody's position.

Reach and density count people of the station's own register exactly, since the station holds their addresses. Everybody
else (people who signed up themselves, visitors, followers of other stations), and every device's position, is known
only from here.

The Earth is one lattice of cells of some 278 m, and tiles of 16 by 16 of them. In a tile, cells with too few people are
joined, four at a time, until a square holds enough; its count is rounded to tens. The limits for joining and rounding
are derived from the secret, per square, and never change. Areas are answered only from these squares, each in
proportion to its overlap. So all answers together, to any number of queries of any shape, reveal no more than the table
of squares, which is kept for a quarter of an hour.
"""

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from broadcaster.atlas.lattice import STEP, Square, width_at
from broadcaster.store import Vault
from broadcaster.store.engine.rounding import TENS, about, too_few
from zones import Area, Hits, PlaceIndex, distinct

LEVELS = 4
"""A square of level n is 2**n cells wide; at the last level it is a tile. No tile crosses a whole degree
of latitude.
"""
KEPT_S = 900.0
_WIDE = 1 << LEVELS
"""Rows of a tile, and columns."""
_SIDES = ((64, 16), (1024, 8), (1 << 30, 4))
"""(up to this many squares, sample points per side of each square)."""


Tile = tuple[int, int]
Counted = tuple[int, str]
"""Table key: station id, and kind of audience."""
Others = Callable[["Hits"], "NDArray[np.bool_]"]


class Crowd:
    """Tables of squares, built on demand and kept for a quarter of an hour."""

    def __init__(self, vault: Vault, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock``: monotonic seconds."""
        self._vault = vault
        self._clock = clock
        self._period = -1
        self._tables: dict[Counted, dict[Tile, list[Square]]] = {}

    def about(self, n: int, what: str) -> int:
        """Round a number of people to tens; ``what`` seeds the rounding, so it is stable."""
        return about(self._vault, n, what)

    def within(self, area: Area, which: Counted, places: PlaceIndex, others: Others) -> int:
        """Estimate the people in an area, rounded to tens. ``others`` filters an index's points."""
        squares = self.squares(area, which, places, others)
        inside = float(np.sum(_covered(area, squares) * [each.people for each in squares]))
        return int(inside / TENS + 0.5) * TENS

    def squares(self, area: Area, which: Counted, places: PlaceIndex, others: Others) -> list[Square]:
        """Return a table's squares within the tiles of an area."""
        period = int(self._clock() // KEPT_S)
        if period != self._period:
            self._tables.clear()
            self._period = period
        known = self._tables.setdefault(which, {})
        tiles = _tiles(area)
        for tile in tiles:
            if tile not in known:
                hits = places.within(_as_area(tile))
                known[tile] = list(self._joined(_cells(tile, hits, others(hits))))
        return [square for tile in tiles for square in known[tile]]

    def _joined(self, cells: dict[tuple[int, int], int]) -> Iterator[Square]:
        """Yield a tile's squares; ``cells``: people by row and column."""
        for level in range(LEVELS + 1):
            joined: dict[tuple[int, int], int] = {}
            for (row, column), n in cells.items():
                name = f"{level} {row} {column}"
                if level < LEVELS and too_few(self._vault, n, name):
                    up = row >> 1, column >> 1
                    joined[up] = joined.get(up, 0) + n
                elif told := self.about(n, name):  # a whole tile, some four kilometres wide, may show few people
                    yield Square(level, row, column, told)
            cells = joined


def _cells(tile: Tile, hits: Hits, counted: NDArray[np.bool_]) -> dict[tuple[int, int], int]:
    """Return the people with a counted point in each cell of a tile, by row and column."""
    owners, lons, lats = hits.owners[counted], hits.lons[counted], hits.lats[counted]
    rows = np.floor(lats / STEP).astype(np.int64)
    columns = np.floor(lons / width_at(lats)).astype(np.int64)
    inside = (rows >> LEVELS == tile[0]) & (columns >> LEVELS == tile[1])  # edge points may belong to the next tile
    cells = ((rows % _WIDE) * _WIDE + columns % _WIDE)[inside]
    each = distinct(owners[inside] * _WIDE**2 + cells)  # a person counts once in a cell
    people = np.bincount(each % _WIDE**2, minlength=_WIDE**2)
    row, column = tile[0] * _WIDE, tile[1] * _WIDE
    return {
        (row + at // _WIDE, column + at % _WIDE): n
        for at, n in zip(np.flatnonzero(people).tolist(), people[people > 0].tolist(), strict=True)
    }


def _covered(area: Area, squares: Sequence[Square]) -> NDArray[np.float64]:
    """Return the share of each square that an area covers, 0 to 1, from evenly spaced sample points."""
    if not squares:
        return np.empty(0)
    side = next(side for most, side in _SIDES if len(squares) <= most)
    west, south, east, north = np.array([each.box for each in squares]).T[:, :, None]
    at = (np.arange(side) + 0.5) / side
    right, up = (each.ravel() for each in np.meshgrid(at, at))
    inside = area.covers(west + right * (east - west), south + up * (north - south))
    return np.asarray(inside.mean(axis=1), np.float64)


def _tiles(area: Area) -> list[Tile]:
    """Return the tiles within an area's bounds."""
    size = _WIDE
    found: dict[Tile, None] = {}
    for west, south, east, north in area.bounds():
        first, last = int(np.floor(south / STEP)) >> LEVELS, int(np.floor(north / STEP)) >> LEVELS
        for row in range(first, last + 1):
            width = float(width_at(np.array([(row * size + 0.5) * STEP]))[0]) * size
            found.update(dict.fromkeys((row, column) for column in range(int(west // width), int(east // width) + 1)))
    return list(found)


def _as_area(tile: Tile) -> Area:
    west, south, east, north = Square(LEVELS, *tile, 0).box
    west, south, east, north = max(west, -180.0), max(south, -90.0), min(east, 180.0), min(north, 90.0)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return Area.from_json({"polygons": {"type": "Polygon", "coordinates": [ring]}})

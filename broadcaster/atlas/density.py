"""Density of a station's followers, too coarse to show anybody's home.

Cells are those of one global lattice, independent of the area and the requester, so no two pictures of the same people
can be subtracted. A cell is shown only if it holds enough people in enough homes, and as a class instead of a number; a
picture is kept for a quarter of an hour. People not registered by the station are included only in the form of
``atlas.crowd``.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadcaster.atlas.idset import held
from broadcaster.atlas.lattice import STEP, Square, width_at
from zones import Area, Hits, Jurisdiction, PlaceIndex

LEAST_PEOPLE, LEAST_HOMES = 5, 3
CLASSES = (5, 10, 20, 50, 100)
"""Least number of people for each class; the first is class 1."""

_KEPT_S = 900.0
_AROUND = 0.06
_HOME = 1e4  # points within about 10 m count as one home
_FAR = 1 << 24


class Cell(NamedTuple):
    """West, south, east, north in WGS 84 degrees; ``level`` 1 to 5 as in ``CLASSES``."""

    west: float
    south: float
    east: float
    north: float
    level: int


class Density:
    """Makes a station's picture and keeps it for a quarter of an hour."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock``: monotonic seconds."""
        self._clock = clock
        self._kept: dict[int, tuple[float, list[Cell]]] = {}

    def picture(
        self,
        station_id: int,
        area: Area | None,
        places: PlaceIndex,
        registered: NDArray[np.int64],
        others: Callable[[Area], list[Square]] = lambda _: [],
    ) -> list[Cell]:
        """Return the cells of a station in ``area``: places of those ``registered`` (ascending ids), and ``others``."""
        now = self._clock()
        until, cells = self._kept.get(station_id, (0.0, []))
        if now < until:
            return cells
        self._kept = {each: kept for each, kept in self._kept.items() if now < kept[0]}
        cells = [] if area is None else seen(places.within(area), registered, others(area))
        self._kept[station_id] = (now + _KEPT_S, cells)
        return cells


def around(boundary: object, centre: tuple[float, float] | None) -> Area | None:
    """Return the box in which to look for a station's followers; None for a station without a location."""
    bounds = Jurisdiction.from_geojson(boundary).bounds
    if bounds is None:
        if centre is None:
            return None
        bounds = (*centre, *centre)
    west, south = max(bounds[0] - _AROUND, -180.0), max(bounds[1] - _AROUND, -90.0)
    east, north = min(bounds[2] + _AROUND, 180.0), min(bounds[3] + _AROUND, 90.0)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return Area.from_json({"polygons": {"type": "Polygon", "coordinates": [ring]}})


def seen(hits: Hits, registered: NDArray[np.int64], others: Sequence[Square] = ()) -> list[Cell]:
    """Return the cells that may be shown: places of those ``registered`` (ascending ids), and ``others``."""
    told = {(each.row, each.column): each.people for each in others if each.level == 0}
    for cell, people in _at_home(hits, registered):
        told[cell] = told.get(cell, 0) + people
    found = []
    for (row, column), people in sorted(told.items()):
        width = float(width_at(np.array([(row + 0.5) * STEP]))[0])
        west, south = round(column * width, 6), round(row * STEP, 6)
        level = int(np.searchsorted(CLASSES, people, side="right"))
        found.append(Cell(west, south, round(west + width, 6), round(south + STEP, 6), level))
    return found


def _at_home(hits: Hits, registered: NDArray[np.int64]) -> Iterator[tuple[tuple[int, int], int]]:
    """Yield (row, column) and people of cells with enough people in enough homes."""
    theirs = (hits.keys > 0) & held(hits.owners, registered)
    owners, lons, lats = hits.owners[theirs], hits.lons[theirs], hits.lats[theirs]
    if len(owners) == 0:
        return
    rows = np.floor(lats / STEP).astype(np.int64)
    columns = np.floor(lons / width_at(lats)).astype(np.int64)
    cells, which = np.unique(rows * _FAR + columns, return_inverse=True)
    people = _each_once(which, owners, len(cells))
    homes = _each_once(
        which, np.round(lons * _HOME).astype(np.int64) * _FAR + np.round(lats * _HOME).astype(np.int64), len(cells)
    )
    first = np.unique(which, return_index=True)[1]
    for at in np.flatnonzero((people >= LEAST_PEOPLE) & (homes >= LEAST_HOMES)).tolist():
        yield (int(rows[first[at]]), int(columns[first[at]])), int(people[at])


def _each_once(which: NDArray[np.int64], what: NDArray[np.int64], cells: int) -> NDArray[np.int64]:
    """Return the number of distinct ``what`` in each cell."""
    pairs = np.unique(np.column_stack((which, what)), axis=0)
    return np.bincount(pairs[:, 0], minlength=cells)

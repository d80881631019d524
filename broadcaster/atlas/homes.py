"""Homes of a station's followers per cell of the lattice: how many a message could reach, how many are known.

Of those whom the station registered, exactly: it has their addresses. Of others only what ``atlas.crowd`` tells.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from broadcaster.atlas.lattice import STEP, Square, width_at
from broadcaster.domain.coverage import CellId, Homes
from zones import Hits

_HOME = 1e4  # points within about 10 m count as one home
_FAR = 1 << 24


def homes_of(
    hits: Hits, registered: NDArray[np.int64], reachable: NDArray[np.int64], others: Sequence[Square] = ()
) -> dict[CellId, Homes]:
    """Return each cell's homes. ``registered`` and, among them, ``reachable``: ascending ids.

    ``others``: followers by themselves, each of whom counts as a home that a message could reach.
    """
    found = _registered(hits, registered, reachable)
    for each in others:
        if each.level == 0:
            there = found.get((each.row, each.column), Homes(0, 0))
            found[each.row, each.column] = Homes(there.enrolled + each.people, there.known + each.people)
    return found


def _registered(hits: Hits, registered: NDArray[np.int64], reachable: NDArray[np.int64]) -> dict[CellId, Homes]:
    theirs = (hits.keys > 0) & np.isin(hits.owners, registered)
    owners, lons, lats = hits.owners[theirs], hits.lons[theirs], hits.lats[theirs]
    if len(owners) == 0:
        return {}
    cells = cells_of(lons, lats)
    home = np.round(lons * _HOME).astype(np.int64) * _FAR + np.round(lats * _HOME).astype(np.int64)
    reached = np.isin(owners, reachable)
    every, some = _homes_per_cell(cells, home), _homes_per_cell(cells[reached], home[reached])
    return {
        (cell // _FAR - _FAR // 2, cell % _FAR - _FAR // 2): Homes(some.get(cell, 0), n) for cell, n in every.items()
    }


def cells_of(lons: NDArray[np.float64], lats: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return a number for each point's cell; rows and columns are shifted, to be positive."""
    rows = np.floor(lats / STEP).astype(np.int64) + _FAR // 2
    columns = np.floor(lons / width_at(lats)).astype(np.int64) + _FAR // 2
    numbers: NDArray[np.int64] = rows * _FAR + columns
    return numbers


def cell_of(lon: float, lat: float) -> CellId:
    """Return the row and column of a point's cell."""
    width = float(width_at(np.array([lat]))[0])
    return int(np.floor(lat / STEP)), int(np.floor(lon / width))


def box_of(cell: CellId) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a cell, in WGS 84 degrees."""
    row, column = cell
    width = float(width_at(np.array([(row + 0.5) * STEP]))[0])
    return column * width, row * STEP, (column + 1) * width, (row + 1) * STEP


def _homes_per_cell(cells: NDArray[np.int64], homes: NDArray[np.int64]) -> dict[int, int]:
    pairs = np.unique(np.column_stack((cells, homes)), axis=0)
    found, counts = np.unique(pairs[:, 0], return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))

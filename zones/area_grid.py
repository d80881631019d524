"""A grid over boxes, which finds for many points at once the boxes that may contain them.

A tree takes some two microseconds a point, mostly to walk its nodes; cell look-ups for all points together take a tenth
of that. A grid is immutable, so it is rebuilt when enough points are queried after a change.
"""

from collections.abc import Iterable

import numpy as np

from zones.circles import Box
from zones.ellipsoid import Floats
from zones.keytable import Ints

_CELL_DEG = 0.05
"""Some 5 km: a circle of 5 km covers nine to sixteen cells."""
_COLUMNS = 8192  # more than 360 / _CELL_DEG
_MOST_CELLS = 1024
"""A box over more cells than this is compared with every point instead; such boxes are few."""


class AreaGrid:
    """Immutable; boxes by their number."""

    def __init__(self, boxes: Iterable[tuple[int, Box]]) -> None:
        """``boxes`` are (number, box)."""
        pairs = list(boxes)
        numbers = np.array([number for number, _ in pairs], dtype=np.int64)
        corners = np.array([box for _, box in pairs], dtype=np.float64).reshape(-1, 4)
        west, south, east, north = (_cells(corners[:, column]) for column in range(4))
        wide, high = east - west + 1, north - south + 1
        broad = wide * high > _MOST_CELLS
        self._broad = [(int(numbers[at]), corners[at]) for at in np.flatnonzero(broad)]
        numbers, west, south, wide, high = (each[~broad] for each in (numbers, west, south, wide, high))
        each_box, step = _counted(wide * high)
        cells = (south[each_box] + step // wide[each_box]) * _COLUMNS + west[each_box] + step % wide[each_box]
        order = np.argsort(cells, kind="stable")
        self._cells, firsts = np.unique(cells[order], return_index=True)
        self._starts = np.append(firsts, len(order))
        self._numbers = numbers[each_box[order]]

    def candidates(self, lons: Floats, lats: Floats) -> tuple[Ints, Ints]:
        """Return pairs (point index, box number): a superset of the true pairs."""
        points, numbers = self._in_cells(lons, lats)
        for number, (west, south, east, north) in self._broad:
            inside = np.flatnonzero((lons >= west) & (lons <= east) & (lats >= south) & (lats <= north))
            points = np.concatenate((points, inside))
            numbers = np.concatenate((numbers, np.full(len(inside), number, dtype=np.int64)))
        return points, numbers

    def _in_cells(self, lons: Floats, lats: Floats) -> tuple[Ints, Ints]:
        if not self._cells.size:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        cells = _cells(lats) * _COLUMNS + _cells(lons)
        at = np.minimum(np.searchsorted(self._cells, cells), len(self._cells) - 1)
        there = np.flatnonzero(self._cells[at] == cells)
        starts, ends = self._starts[at[there]], self._starts[at[there] + 1]
        which, step = _counted(ends - starts)
        return there[which], self._numbers[starts[which] + step]


def _cells(degrees: Floats) -> Ints:
    return np.floor(degrees / _CELL_DEG).astype(np.int64)


def _counted(counts: Ints) -> tuple[Ints, Ints]:
    """For counts (n,), return each index repeated that often, and the repetition's number."""
    total = int(counts.sum())
    which = np.repeat(np.arange(len(counts)), counts)
    return which, np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)

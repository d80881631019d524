"""A k-d tree over the map: finds the region of each of many points.

Inner nodes split by longitude or latitude: values below the cut go to one side, others to the other. Leaves are the
caller's numbers.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zones.ellipsoid import Floats
from zones.keytable import Ints

ROOT = -1  # parent of the first node or leaf
World = tuple[float, float, float, float]  # west, south, east, north
WORLD: World = (-180.0, -90.0, 180.0, 90.0)


class Part(NamedTuple):
    """Rows of a batch of points, their region, and its place and depth in the tree."""

    rows: Ints
    region: World
    place: int
    depth: int


class Tree:
    """Inner nodes in arrays. A child is a node's number, or ``~leaf``; a place is ``2 * node + side``, or ``ROOT``."""

    def __init__(self) -> None:
        self._axis = np.zeros(64, dtype=np.int8)  # 0 splits by longitude, 1 by latitude
        self._cut = np.zeros(64)
        self._children = np.zeros(128, dtype=np.int32)
        self._nodes = 0
        self._root = ~0

    @property
    def nbytes(self) -> int:
        return self._axis.nbytes + self._cut.nbytes + self._children.nbytes

    def hang_leaf(self, place: int, leaf: int) -> None:
        self._hang(place, ~leaf)

    def locate(self, lons: Floats, lats: Floats) -> NDArray[np.int32]:
        """Return the leaf of each point's region."""
        codes = np.full(len(lons), self._root, dtype=np.int32)
        open_ = np.arange(len(lons) if self._root >= 0 else 0)
        points = np.stack((lons, lats))
        while open_.size:
            nodes = codes[open_]
            above = points[self._axis[nodes], open_] >= self._cut[nodes]
            below = self._children[2 * nodes + above]
            codes[open_] = below
            open_ = open_[below >= 0]
        return ~codes

    def split(self, top: Part, lons: Floats, lats: Floats, most: int) -> list[Part]:
        """Halve the points until no part exceeds ``most``, adding inner nodes; parts become leaves.

        Any number of points in a single spot stay one part, as they can't be split.
        """
        done: list[Part] = []
        open_ = [(top, lons, lats)]
        while open_:
            part, xs, ys = open_.pop()
            cut = _cut(xs, ys) if len(xs) > most else None
            if cut is None:
                done.append(part)
                continue
            axis, value = cut
            node = self._branch(part.place, axis, value)
            west, south, east, north = part.region
            if axis == 0:
                above, regions = xs >= value, ((west, south, value, north), (value, south, east, north))
            else:
                above, regions = ys >= value, ((west, south, east, value), (west, value, east, north))
            for side, rows in enumerate((~above, above)):
                half = Part(part.rows[rows], regions[side], 2 * node + side, part.depth + 1)
                open_.append((half, xs[rows], ys[rows]))
        return done

    def _branch(self, place: int, axis: int, value: float) -> int:
        node = self._nodes
        self._nodes += 1
        if node == len(self._axis):
            self._axis = np.concatenate((self._axis, np.zeros_like(self._axis)))
            self._cut = np.concatenate((self._cut, np.zeros_like(self._cut)))
            self._children = np.concatenate((self._children, np.zeros_like(self._children)))
        self._axis[node], self._cut[node] = axis, value
        self._hang(place, node)
        return node

    def _hang(self, place: int, code: int) -> None:
        if place == ROOT:
            self._root = code
        else:
            self._children[place] = code


def _cut(lons: Floats, lats: Floats) -> tuple[int, float] | None:
    """Return axis and value that halve the points along the longer side; None if all are in one spot."""
    width, height = float(np.ptp(lons)), float(np.ptp(lats))
    if width == height == 0:
        return None
    shrink = max(math.cos(math.radians(float(lats[0]))), 1e-3)
    axis = 0 if width * shrink > height or height == 0 else 1
    values = lats if axis else lons
    middle = len(values) // 2
    value = float(np.partition(values, middle)[middle])
    if value == values.min():  # half or more are on the low edge, and the low side must not be empty
        value = float(values[values > value].min())
    return axis, value

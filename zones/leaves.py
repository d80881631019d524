"""Points in leaves: runs of slots in a few long numpy arrays, one run per region of a k-d tree.

A leaf's points fill its run contiguously from the start, so that a leaf is one slice, and moving a point takes a few
writes without a Python object. Regions are in an rtree, which finds the leaves that a shape may touch. An overflowing
leaf is replaced by a small tree.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rtree.index import Index

from zones.distinct import distinct
from zones.ellipsoid import Bools, Floats
from zones.geometry import Shape
from zones.kdtree import ROOT, WORLD, Part, Tree
from zones.keytable import Ints

LEAF_POINTS = 256  # points per leaf when planted; more slow down small circles, fewer slow down large ones
_GRAIN_BITS = 6  # runs are aligned to 64 slots
_SLACK = 1.25  # room for new points
_WORTH_TIDYING = 16  # leaves
_CROOKED_DEPTH = 12  # levels beyond twice those of a balanced tree


class Points(NamedTuple):
    """Columns of equal length."""

    keys: Ints
    owners: Ints
    lons: Floats
    lats: Floats

    def take(self, which: Ints | Bools | slice) -> "Points":
        return Points(self.keys[which], self.owners[which], self.lons[which], self.lats[which])

    def joined(self, other: "Points") -> "Points":
        return Points(
            np.concatenate((self.keys, other.keys)),
            np.concatenate((self.owners, other.owners)),
            np.concatenate((self.lons, other.lons)),
            np.concatenate((self.lats, other.lats)),
        )

    @classmethod
    def empty(cls, number: int) -> "Points":
        """Return uninitialized columns."""
        keys, owners = np.empty(number, dtype=np.int64), np.empty(number, dtype=np.int64)
        return cls(keys, owners, np.empty(number), np.empty(number))


class Moved(NamedTuple):
    """Keys whose slots changed."""

    keys: Ints
    slots: Ints


class Leaves:
    """See the module. Slots are valid until the next ``plant``, ``put_in`` or ``take_out``."""

    def __init__(self) -> None:
        self.plant(Points.empty(0))

    @property
    def nbytes(self) -> int:
        per_leaf = (self._start, self._room, self._count, self._region, self._place, self._depth, *self._tight)
        return sum(each.nbytes for each in (*self.columns, self._leaf_of_grain, *per_leaf)) + self._tree.nbytes

    @property
    def crooked(self) -> bool:
        """Return whether the tree is so unbalanced or empty that rebuilding pays."""
        leaves = self._leaves - len(self._free_leaves)
        lopsided = self._deepest > 2 * math.log2(leaves) + _CROOKED_DEPTH and leaves > 1.5 * self._planted
        return lopsided or (self._planted > _WORTH_TIDYING and 8 * self.total < LEAF_POINTS * self._planted)

    def leaf_of(self, slots: Ints) -> Ints:
        return np.asarray(self._leaf_of_grain[slots >> _GRAIN_BITS])

    def locate(self, lons: Floats, lats: Floats) -> Ints:
        """Return the leaf of each point's region."""
        return self._tree.locate(lons, lats).astype(np.int64)

    def all_slots(self) -> Ints:
        return _spans(self._start[: self._leaves], self._count[: self._leaves])

    def holds(self, slots: Ints) -> Bools:
        """Return which slots hold a live point."""
        leaves = self.leaf_of(slots)
        behind = slots - self._start[leaves]
        return np.asarray((behind >= 0) & (behind < self._count[leaves]))

    def within(self, shape: Shape) -> Ints:
        """Return the slots of the points in a shape, distinct, unordered."""
        leaves = self._candidates(shape)
        whole = shape.covers_boxes(*(column[leaves] for column in self._tight))
        taken, edge = leaves[whole], leaves[~whole]
        asked = _spans(self._start[edge], self._count[edge])
        inside = asked[shape.covers(self.columns.lons[asked], self.columns.lats[asked])]
        return np.concatenate((_spans(self._start[taken], self._count[taken]), inside)) if len(taken) else inside

    def _candidates(self, shape: Shape) -> Ints:
        """Return the leaves that may have points in the shape: by region, then by the box of actual points."""
        boxes = np.array(shape.boxes())
        found, _ = self._regions.intersection_v(boxes[:, :2], boxes[:, 2:])  # type: ignore[no-untyped-call]
        leaves = found if len(boxes) == 1 else distinct(found)
        west, south, east, north = (column[leaves] for column in self._tight)
        near = np.zeros(len(leaves), dtype=np.bool_)
        for box in boxes:
            near |= (west <= box[2]) & (east >= box[0]) & (south <= box[3]) & (north >= box[1])
        return np.asarray(leaves[near & (self._count[leaves] > 0)])

    def plant(self, points: Points) -> Moved:
        """Rebuild with these points."""
        self.total = len(points.keys)
        self._tree = Tree()
        whole = Part(np.arange(self.total), WORLD, ROOT, 0)
        parts = self._tree.split(whole, points.lons, points.lats, LEAF_POINTS)
        self._leaves = self._planted = len(parts)
        self._free_leaves: list[int] = []
        self._free_runs: dict[int, list[int]] = {}
        self._used = 0  # slots ever assigned to a run
        self._deepest = 0
        self._start = np.zeros(self._leaves, dtype=np.int64)
        self._room = np.zeros(self._leaves, dtype=np.int64)
        self._count = np.zeros(self._leaves, dtype=np.int64)
        self._place = np.zeros(self._leaves, dtype=np.int64)
        self._depth = np.zeros(self._leaves, dtype=np.int64)
        self._region = np.zeros((self._leaves, 4))
        # West, south, east and north of the current and former points.
        self._tight: list[NDArray[Any]] = [np.zeros(self._leaves) for _ in range(4)]
        slots = sum(_room_for(len(part.rows)) for part in parts)
        self.columns = Points.empty(slots)
        self._leaf_of_grain = np.zeros(slots >> _GRAIN_BITS, dtype=np.int64)
        ids = np.arange(self._leaves)
        moved = self._settle(points, parts, ids)
        self._regions = Index((ids, self._region[:, :2], self._region[:, 2:]))
        return moved

    def put_in(self, points: Points, leaves: Ints) -> Moved:
        """Add points to the leaves that ``locate`` returned."""
        order = np.argsort(leaves, kind="stable")
        points = points.take(order)
        touched, first, newcomers = np.unique(leaves[order], return_index=True, return_counts=True)
        self.total += len(leaves)
        fits = self._count[touched] + newcomers <= self._room[touched]
        moved = [self._append(points, touched[fits], first[fits], newcomers[fits])]
        for leaf, start, number in zip(touched[~fits].tolist(), first[~fits], newcomers[~fits], strict=True):
            moved.append(self._replant(leaf, points.take(slice(start, start + number))))
        return Moved(np.concatenate([each.keys for each in moved]), np.concatenate([each.slots for each in moved]))

    def take_out(self, slots: Ints) -> Moved:
        """Remove the points in ``slots`` (distinct); each run's last points fill the gaps."""
        leaves = self.leaf_of(slots)
        order = np.argsort(leaves, kind="stable")
        slots, leaves = slots[order], leaves[order]
        touched, leavers = np.unique(leaves, return_counts=True)
        self.total -= len(slots)
        self._count[touched] -= leavers
        self.columns.lons[slots] = np.nan  # marked until the gaps are filled
        tail = _spans(self._start[touched] + self._count[touched], leavers)
        survivors = tail[~np.isnan(self.columns.lons[tail])]
        gaps = slots[slots < self._start[leaves] + self._count[leaves]]
        for column in self.columns:
            column[gaps] = column[survivors]
        return Moved(self.columns.keys[gaps], gaps)

    def rewrite(self, slots: Ints, points: Points) -> None:
        """Overwrite the points in ``slots``: new owners, and new positions within their leaves."""
        for column, values in zip(self.columns, points, strict=True):
            column[slots] = values
        leaves = self.leaf_of(slots)
        west, south, east, north = self._tight
        np.minimum.at(west, leaves, points.lons)
        np.minimum.at(south, leaves, points.lats)
        np.maximum.at(east, leaves, points.lons)
        np.maximum.at(north, leaves, points.lats)

    def _append(self, points: Points, leaves: Ints, first: Ints, newcomers: Ints) -> Moved:
        """Append points, sorted by leaf, to leaves that have room."""
        fresh = points.take(_spans(first, newcomers))
        slots = _spans(self._start[leaves] + self._count[leaves], newcomers)
        for column, values in zip(self.columns, fresh, strict=True):
            column[slots] = values
        self._count[leaves] += newcomers
        self._widen(leaves, newcomers, fresh)
        return Moved(fresh.keys, slots)

    def _widen(self, leaves: Ints, newcomers: Ints, fresh: Points) -> None:
        """Extend each leaf's tight box to its new points, sorted by leaf; each leaf has some."""
        if not len(leaves):
            return
        starts = np.cumsum(newcomers) - newcomers
        west, south, east, north = self._tight
        west[leaves] = np.minimum(west[leaves], np.minimum.reduceat(fresh.lons, starts))
        south[leaves] = np.minimum(south[leaves], np.minimum.reduceat(fresh.lats, starts))
        east[leaves] = np.maximum(east[leaves], np.maximum.reduceat(fresh.lons, starts))
        north[leaves] = np.maximum(north[leaves], np.maximum.reduceat(fresh.lats, starts))

    def _replant(self, leaf: int, extra: Points) -> Moved:
        """Replace a leaf that can't take ``extra`` by a small tree, or a larger leaf."""
        start = int(self._start[leaf])
        points = self.columns.take(slice(start, start + int(self._count[leaf]))).joined(extra)
        west, south, east, north = self._region[leaf].tolist()
        here = Part(
            np.arange(len(points.keys)), (west, south, east, north), int(self._place[leaf]), int(self._depth[leaf])
        )
        self._regions.delete(leaf, here.region)
        self._free_runs.setdefault(int(self._room[leaf]), []).append(start)
        self._free_leaves.append(leaf)
        self._count[leaf] = 0
        parts = self._tree.split(here, points.lons, points.lats, LEAF_POINTS)
        ids = np.array([self._new_leaf() for _ in parts])
        moved = self._settle(points, parts, ids)
        for part, new in zip(parts, ids.tolist(), strict=True):
            self._regions.insert(new, part.region)
        return moved

    def _settle(self, points: Points, parts: list[Part], ids: Ints) -> Moved:
        """Assign each new leaf its place in the tree, a run, and its points."""
        for part, leaf in zip(parts, ids.tolist(), strict=True):
            room = _room_for(len(part.rows))
            start = self._new_run(room)
            self._leaf_of_grain[start >> _GRAIN_BITS : (start + room) >> _GRAIN_BITS] = leaf
            self._start[leaf], self._room[leaf], self._count[leaf] = start, room, len(part.rows)
            self._region[leaf], self._place[leaf], self._depth[leaf] = part.region, part.place, part.depth
            self._deepest = max(self._deepest, part.depth)
            self._tree.hang_leaf(part.place, leaf)
        for column, nowhere in zip(self._tight, (np.inf, np.inf, -np.inf, -np.inf), strict=True):
            column[ids] = nowhere
        fresh = points.take(np.concatenate([part.rows for part in parts]))
        slots = _spans(self._start[ids], self._count[ids])
        for column, values in zip(self.columns, fresh, strict=True):
            column[slots] = values
        peopled = ids[self._count[ids] > 0]
        self._widen(peopled, self._count[peopled], fresh)
        return Moved(fresh.keys, slots)

    def _new_leaf(self) -> int:
        if self._free_leaves:
            return self._free_leaves.pop()
        leaf = self._leaves
        self._leaves += 1
        if leaf == len(self._start):
            more = leaf // 2 + 16
            self._start, self._room, self._count = (_longer(x, more) for x in (self._start, self._room, self._count))
            self._place, self._depth, self._region = (
                _longer(x, more) for x in (self._place, self._depth, self._region)
            )
            self._tight = [_longer(column, more) for column in self._tight]
        return leaf

    def _new_run(self, room: int) -> int:
        """Return the first slot of a free run; grows the arrays by a quarter if needed."""
        free = self._free_runs.get(room)
        if free:
            return free.pop()
        start = self._used
        self._used += room
        short = self._used - len(self.columns.keys)
        if short > 0:
            more = _room_for(max(short, len(self.columns.keys) // 4))
            self.columns = self.columns.joined(Points.empty(more))
            self._leaf_of_grain = _longer(self._leaf_of_grain, more >> _GRAIN_BITS)
        return start


def _longer(column: NDArray[Any], more: int) -> NDArray[Any]:
    return np.concatenate((column, np.zeros((more, *column.shape[1:]), dtype=column.dtype)))


def _room_for(points: int) -> int:
    """Return the slots for a leaf of that many points: some spare, aligned."""
    grain = 1 << _GRAIN_BITS
    return -(-int(points * _SLACK + 1) // grain) * grain


def _spans(starts: Ints, counts: Ints) -> Ints:
    """Return ``start, start + 1, …`` for each run, concatenated."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - counts), counts) + np.arange(total)

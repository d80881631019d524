"""The alert index: which active areas contain a point?

An rtree holds a box or two per shape, for a few points at a time; a grid of the same boxes serves many. Candidates are
then checked, circles by bounds and the geodesic, polygons by their edges, all pairs of point and shape at once.
Single-threaded, as on an event loop.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rtree.index import Index, Property

from zones.area_grid import AreaGrid
from zones.circles import Box, Circle
from zones.ellipsoid import EDGE_M, Bools, DegreeBounds, Floats, apart, degree_bounds, distance_m
from zones.geometry import Area, Patch, covered_pairwise
from zones.keytable import Ints

_WORTH_A_GRID = 64
"""Number of points from which the grid is used: for fewer the tree is as fast, and building a grid costs about as much
as a tree look-up per area.
"""
_LON, _LAT, _RADIUS, _BOUNDS = 0, 1, 2, 3  # columns of a circle's row; four columns of bounds


class AreaIndex:
    """Areas by id (int64).

    Small rtree nodes halve the time of look-ups and inserts compared to the default of 100.
    """

    def __init__(self) -> None:
        self._boxes = Index(properties=Property(leaf_capacity=16, index_capacity=16, near_minimum_overlap_factor=8))
        self._shapes: dict[int, list[tuple[int, list[Box]]]] = {}  # per area: shape numbers and their boxes
        self._free: list[int] = []
        self._used = 0
        self._area_of = np.zeros(16, dtype=np.int64)
        self._circles = np.full((16, 7), np.nan)  # NaN for other shapes
        self._patches: NDArray[Any] = np.full(16, None, dtype=object)
        self._grid: AreaGrid | None = None

    def __len__(self) -> int:
        return len(self._shapes)

    def __contains__(self, area_id: int) -> bool:
        return area_id in self._shapes

    def put(self, area_id: int, area: Area) -> None:
        """Add an area, or replace the one of this id."""
        self.remove(area_id)
        held: list[tuple[int, list[Box]]] = []
        for shape in area.shapes:
            number = self._new_number()
            self._area_of[number] = area_id
            if isinstance(shape, Circle):
                bounds = degree_bounds(shape.lat, shape.radius_m)
                self._circles[number] = (shape.lon, shape.lat, shape.radius_m, *bounds)
                self._patches[number] = None
            elif isinstance(shape, Patch):
                self._circles[number] = np.nan
                self._patches[number] = shape.polygons
            boxes = shape.boxes()
            for box in boxes:
                self._boxes.insert(number, box)
            held.append((number, boxes))
        self._shapes[area_id] = held
        self._grid = None

    def remove(self, area_id: int) -> bool:
        """Remove an area; False if absent."""
        held = self._shapes.pop(area_id, None)
        for number, boxes in held or ():
            for box in boxes:
                self._boxes.delete(number, box)
            self._patches[number] = None
            self._free.append(number)
            self._grid = None
        return held is not None

    def at(self, lon: float, lat: float) -> Ints:
        """Return the ids of areas containing a point, edges included: sorted, distinct; none off the Earth."""
        return self.at_many([lon], [lat])[1]

    def at_many(self, lons: Any, lats: Any) -> tuple[Ints, Ints]:
        """For points as arrays (n,), return the pairs of point index and id of an area containing it.

        Two int64 arrays (k,), sorted by point, then id. Points that are NaN or not on the Earth are in no area.
        """
        lons, lats = np.asarray(lons, dtype=np.float64), np.asarray(lats, dtype=np.float64)
        on_earth = np.flatnonzero((np.abs(lons) <= 180) & (np.abs(lats) <= 90))  # noqa: PLR2004
        if not self._shapes or not on_earth.size:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        points, shapes = self._candidates(lons[on_earth], lats[on_earth])
        points = on_earth[points]
        held = self._hold(shapes, lons[points], lats[points])
        points, ids = points[held], self._area_of[shapes[held]]
        order = np.lexsort((ids, points))
        points, ids = points[order], ids[order]
        # Areas with several shapes or boxes may be found more than once.
        first = np.ones(len(points), dtype=np.bool_)
        first[1:] = (points[1:] != points[:-1]) | (ids[1:] != ids[:-1])
        return points[first], ids[first]

    def _candidates(self, lons: Floats, lats: Floats) -> tuple[Ints, Ints]:
        """Return pairs (point index, shape number) with intersecting boxes, by the faster method."""
        if self._grid is None and len(lons) >= max(_WORTH_A_GRID, len(self._shapes)):
            boxes = ((number, box) for held in self._shapes.values() for number, parts in held for box in parts)
            self._grid = AreaGrid(boxes)
        if self._grid is not None and len(lons) >= _WORTH_A_GRID:
            return self._grid.candidates(lons, lats)
        corners = np.column_stack((lons, lats))
        shapes, counts = self._boxes.intersection_v(corners, corners)  # type: ignore[no-untyped-call]
        return np.repeat(np.arange(len(lons)), counts.astype(np.int64)), shapes

    def _hold(self, shapes: Ints, lons: Floats, lats: Floats) -> Bools:
        """Return whether each shape contains its point."""
        figures = self._circles[shapes]
        radius_m = figures[:, _RADIUS]
        bounds = DegreeBounds(*figures[:, _BOUNDS:].T)
        east, north = apart(lons, figures[:, _LON]), np.abs(lats - figures[:, _LAT])
        inside = bounds.surely_within(east, north, radius_m)
        unsure = np.flatnonzero(~(inside | bounds.surely_beyond(east, north, radius_m)))
        round_ = ~np.isnan(radius_m[unsure])
        asked, cornered = unsure[round_], unsure[~round_]
        if asked.size:
            metres = distance_m(figures[asked, _LON], figures[asked, _LAT], lons[asked], lats[asked])
            inside[asked] = metres <= radius_m[asked] + EDGE_M
        if cornered.size:
            inside[cornered] = covered_pairwise(self._patches[shapes[cornered]], lons[cornered], lats[cornered])
        return inside

    def _new_number(self) -> int:
        if self._free:
            return self._free.pop()
        number = self._used
        self._used += 1
        if number == len(self._area_of):
            self._area_of = np.concatenate((self._area_of, np.zeros_like(self._area_of)))
            self._circles = np.concatenate((self._circles, np.full_like(self._circles, np.nan)))
            self._patches = np.concatenate((self._patches, np.full_like(self._patches, None)))
        return number

"""The place index: which people's points are in an area?

Points are loaded by the million and move; results are numpy arrays, never one object per hit. The rtree finds the
leaves (see ``zones.leaves``) that an area may touch; leaves proven to be inside are taken whole, the points of the
others are checked one by one, by a bound if that suffices, else by the geodesic.

Single-threaded, as on an event loop: each call leaves the index consistent.
"""

from operator import index
from typing import Any, NamedTuple

import numpy as np

from zones.distinct import distinct
from zones.ellipsoid import Floats
from zones.errors import InvalidPoint
from zones.geometry import Area
from zones.keytable import MISSING, Ints, KeyTable
from zones.leaves import Leaves, Points

_WAITING = 1024  # single puts are buffered up to this many, or until the next query


class Hits(NamedTuple):
    """Points as columns of equal length (k,), unordered: int64 keys and owners, degrees in doubles."""

    keys: Ints
    owners: Ints
    lons: Floats
    lats: Floats


class PlaceIndex:
    """Points by key. Each has an owner, who may have many points. Keys are distinct int64, which may be negative."""

    def __init__(self) -> None:
        self._leaves = Leaves()
        self._table = KeyTable()
        self._waiting: dict[int, tuple[int, float, float]] = {}

    def __len__(self) -> int:
        self._flush()
        return self._leaves.total

    @property
    def nbytes(self) -> int:
        """Return the bytes in arrays: all but the rtree's few kilobytes."""
        return self._leaves.nbytes + self._table.nbytes

    def load(self, keys: Any, owners: Any, lons: Any, lats: Any) -> None:
        """Replace all points: arrays (n,) of keys, owners, degrees. The last of a repeated key counts.

        Raises ``InvalidPoint`` for the first invalid one, changing nothing.
        """
        points = _checked(keys, owners, lons, lats)
        self._waiting.clear()
        self._plant(points)

    def put(self, key: int, owner: int, lon: float, lat: float) -> None:
        """Add a point, or move it and change its owner. Raises ``InvalidPoint``."""
        if not -180 <= lon <= 180:  # noqa: PLR2004 - so written, NaN is refused too
            raise _not_on_earth("lon", lon, 180)
        if not -90 <= lat <= 90:  # noqa: PLR2004
            raise _not_on_earth("lat", lat, 90)
        self._waiting[index(key)] = (index(owner), lon, lat)
        if len(self._waiting) >= _WAITING:
            self._flush()

    def put_many(self, keys: Any, owners: Any, lons: Any, lats: Any) -> None:
        """Like ``put`` for arrays (n,), far faster; the last of a repeated key counts. Raises like ``load``."""
        points = _checked(keys, owners, lons, lats)
        self._flush()
        self._merge(points)

    def remove(self, key: int) -> bool:
        """Remove a point; False if absent."""
        waiting = self._waiting.pop(key, None) is not None
        slot = self._table.find_one(key)
        if slot == MISSING:
            return waiting
        self._take_out(np.array([slot]))
        return True

    def remove_many(self, keys: Any) -> int:
        """Remove points; return how many existed."""
        self._flush()
        slots = self._table.find(distinct(np.asarray(keys, dtype=np.int64)))
        return self._take_out(slots[slots != MISSING].astype(np.int64))

    def of_owners(self, owners: Any) -> Ints:
        """Return the keys of several owners' points, sorted. Takes one scan of all points for any number of owners."""
        self._flush()
        columns = self._leaves.columns
        theirs = np.flatnonzero(np.isin(columns.owners, np.asarray(owners, dtype=np.int64)))
        return np.sort(columns.keys[theirs[self._leaves.holds(theirs)]])

    def owners_among(self, owners: Any) -> Ints:
        """Return those of several owners who have a point: sorted, distinct. One scan, as for ``of_owners``."""
        self._flush()
        columns = self._leaves.columns
        theirs = np.flatnonzero(np.isin(columns.owners, np.asarray(owners, dtype=np.int64)))
        return distinct(columns.owners[theirs[self._leaves.holds(theirs)]])

    def within(self, area: Area, without: Area | None = None) -> Hits:
        """Return the points in an area, edges included, distinct; those in ``without`` are left out."""
        slots = self._slots_within(area)
        if without is not None:
            there = np.zeros(len(self._leaves.columns.keys), dtype=np.bool_)
            there[self._slots_within(without)] = True
            slots = slots[~there[slots]]
        return Hits(*self._leaves.columns.take(slots))

    def owners_within(self, area: Area) -> Ints:
        """Return the owners of points in an area: sorted, distinct."""
        slots = self._slots_within(area)  # first, as it may replace the columns
        return distinct(self._leaves.columns.owners[slots])

    def _slots_within(self, area: Area) -> Ints:
        self._flush()
        found = [self._leaves.within(shape) for shape in area.shapes]
        return found[0] if len(found) == 1 else distinct(np.concatenate(found))

    def _flush(self) -> None:
        if not self._waiting:
            return
        number = len(self._waiting)
        keys = np.fromiter(self._waiting, dtype=np.int64, count=number)
        owners, lons, lats = zip(*self._waiting.values(), strict=True)
        self._waiting.clear()
        self._merge(
            Points(
                keys,
                np.array(owners, dtype=np.int64),
                np.array(lons, dtype=np.float64),
                np.array(lats, dtype=np.float64),
            )
        )

    def _plant(self, points: Points) -> None:
        self._table = KeyTable()
        moved = self._leaves.plant(points)
        self._table.put(moved.keys, moved.slots.astype(np.int32))

    def _merge(self, points: Points) -> None:
        """Add or move points of distinct keys."""
        slots = self._table.find(points.keys).astype(np.int64)
        known = slots != MISSING
        leaves = self._leaves
        if len(points.keys) - np.count_nonzero(known) > leaves.total:
            kept = np.ones(len(leaves.columns.keys), dtype=np.bool_)
            kept[slots[known]] = False
            everyone = leaves.all_slots()
            self._plant(leaves.columns.take(everyone[kept[everyone]]).joined(points))
            return
        there = leaves.locate(points.lons, points.lats)
        stays = known & (leaves.leaf_of(np.where(known, slots, 0)) == there)
        if stays.any():
            leaves.rewrite(slots[stays], points.take(stays))
        leaves_it = known & ~stays
        if leaves_it.any():
            self._note(leaves.take_out(slots[leaves_it]))
        comes = ~stays
        if comes.any():
            self._note(leaves.put_in(points.take(comes), there[comes]))
        self._tidy()

    def _take_out(self, slots: Ints) -> int:
        if len(slots):
            self._table.remove(self._leaves.columns.keys[slots])
            self._note(self._leaves.take_out(slots))
            self._tidy()
        return len(slots)

    def _note(self, moved: Any) -> None:
        self._table.put(moved.keys, moved.slots.astype(np.int32))

    def _tidy(self) -> None:
        if self._leaves.crooked:
            self._plant(self._leaves.columns.take(self._leaves.all_slots()))


def _not_on_earth(field: str, value: float, limit: int) -> InvalidPoint:
    code = "bad-longitude" if limit == 180 else "bad-latitude"  # noqa: PLR2004
    return InvalidPoint(code, field, value=value, most=limit)


def _checked(keys: Any, owners: Any, lons: Any, lats: Any) -> Points:
    """Return columns of distinct keys, every point on the Earth."""
    points = Points(
        np.ascontiguousarray(keys, dtype=np.int64),
        np.ascontiguousarray(owners, dtype=np.int64),
        np.ascontiguousarray(lons, dtype=np.float64),
        np.ascontiguousarray(lats, dtype=np.float64),
    )
    if len({column.shape for column in points}) != 1 or points.keys.ndim != 1:
        raise InvalidPoint("points-uneven")
    for field, column, limit in (("lons", points.lons, 180), ("lats", points.lats, 90)):
        wrong = np.flatnonzero(~(np.abs(column) <= limit))
        if wrong.size:
            at = int(wrong[0])
            raise _not_on_earth(f"{field}[{at}]", float(column[at]), limit)
    return _last_of_each(points)


def _last_of_each(points: Points) -> Points:
    order = np.argsort(points.keys, kind="stable")
    ordered = points.keys[order]
    repeated = ordered[1:] == ordered[:-1]
    if not repeated.any():
        return points
    last = np.append(~repeated, True)
    return points.take(order[last])

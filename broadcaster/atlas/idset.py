"""A set of integers, read as a sorted numpy array and changed one at a time."""

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from zones import distinct

Lookup = Callable[[NDArray[np.int64]], NDArray[np.bool_]]

_TABLE_OF = 4096
_ROOM = 64
"""A table serves from so many ids on, and of so many octets each at most; for fewer, looking each up is quicker."""


class IdSet:
    """8 bytes a member; changes are merged at the next read."""

    def __init__(self, ids: NDArray[np.int64] | None = None) -> None:
        self._ids = np.empty(0, np.int64) if ids is None else distinct(ids)
        self._added: set[int] = set()
        self._removed: set[int] = set()

    def add(self, member: int) -> None:
        self._removed.discard(member)
        self._added.add(member)

    def discard(self, member: int) -> None:
        self._added.discard(member)
        self._removed.add(member)

    def put(self, member: int, there: bool) -> None:  # noqa: FBT001  as in a list of members
        """Add or discard a member."""
        if there:
            self.add(member)
        else:
            self.discard(member)

    def array(self) -> NDArray[np.int64]:
        """Return the members, ascending; read-only."""
        if self._removed:
            self._ids = np.setdiff1d(self._ids, _array(self._removed), assume_unique=True)
            self._removed.clear()
        if self._added:
            new = np.sort(without(_array(self._added), self._ids))
            self._ids = np.insert(self._ids, np.searchsorted(self._ids, new), new)
            self._added.clear()
        return self._ids

    def __len__(self) -> int:
        return len(self.array())


def _array(ids: Iterable[int]) -> NDArray[np.int64]:
    return np.fromiter(ids, np.int64)


def held(ids: NDArray[np.int64], members: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which of ``ids`` are in the ascending array ``members``."""
    if len(members) == 0:
        return np.zeros(len(ids), np.bool_)
    if len(ids) >= _TABLE_OF and members[-1] - members[0] < _ROOM * len(ids):
        return _table_of(members)(ids)
    at = np.searchsorted(members, ids)
    at[at == len(members)] = 0
    found: NDArray[np.bool_] = members[at] == ids
    return found


def looked_up(members: NDArray[np.int64]) -> Lookup:
    """Return ``held`` for these members, for many calls: their table is made once, where it has room."""
    if len(members) and members[-1] - members[0] < _ROOM * len(members):
        return _table_of(members)
    return partial(held, members=members)


def _table_of(members: NDArray[np.int64]) -> Lookup:
    below, above = int(members[0]) - 1, int(members[-1]) + 1
    table = np.zeros(above - below + 1, np.bool_)
    table[members - below] = True
    return lambda ids: table[np.clip(ids, below, above) - below]


def common(ids: NDArray[np.int64], members: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the ``ids`` (in their order) that are in the ascending array ``members``."""
    return ids[held(ids, members)] if len(members) else ids[:0]


def without(ids: NDArray[np.int64], members: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the ``ids`` (in their order) that are not in the ascending array ``members``."""
    return ids[~held(ids, members)] if len(members) else ids

"""A hash table from keys to slots, in two numpy arrays.

A dict of a million ints takes more than 100 bytes a key and is queried one by one; this takes 24 to 48 and is queried
in batches. Open addressing with linear probing, at most half full, so a look-up takes some two probes.
"""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Slots = NDArray[np.int32]

MISSING = -1  # also marks a cell that was never used, at which a search ends
_GONE = -2  # a deleted cell: a search continues
_SPREAD = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio: neighbouring keys land far apart
_SMALLEST_BITS = 8


class KeyTable:
    """Maps distinct int64 keys to slots (int32, from 0)."""

    def __init__(self) -> None:
        self._clear(_SMALLEST_BITS)

    def __len__(self) -> int:
        return self._live

    @property
    def nbytes(self) -> int:
        return self._keys.nbytes + self._slots.nbytes

    def find(self, keys: Ints) -> Slots:
        """Return each key's slot, or ``MISSING``."""
        cells = self._search(keys)
        return np.where(cells >= 0, self._slots[cells], np.int32(MISSING))

    def find_one(self, key: int) -> int:
        """Return a key's slot, or ``MISSING``; faster than a batch of one."""
        cell = ((key * _SPREAD) & 0xFFFF_FFFF_FFFF_FFFF) >> self._shift
        while (slot := self._slots.item(cell)) != MISSING:
            if slot >= 0 and self._keys.item(cell) == key:
                return slot
            cell = (cell + 1) & self._mask
        return MISSING

    def put(self, keys: Ints, slots: Slots) -> None:
        """Set slots, adding missing keys. ``keys`` must be distinct."""
        cells = self._search(keys)
        known = cells >= 0
        self._slots[cells[known]] = slots[known]
        if known.all():
            return
        new = ~known
        self._add(keys[new], slots[new])

    def remove(self, keys: Ints) -> None:
        """Remove keys; missing ones are ignored."""
        cells = self._search(keys)
        cells = cells[cells >= 0]
        self._slots[cells] = _GONE
        self._live -= len(cells)

    def _clear(self, bits: int) -> None:
        self._shift = 64 - bits
        self._mask = (1 << bits) - 1
        self._keys: Ints = np.zeros(1 << bits, dtype=np.int64)
        self._slots: Slots = np.full(1 << bits, MISSING, dtype=np.int32)
        self._live = 0
        self._used = 0  # live and gone

    def _home(self, keys: Ints) -> Ints:
        spread = keys.view(np.uint64) * np.uint64(_SPREAD)
        return (spread >> np.uint64(self._shift)).view(np.int64)

    def _search(self, keys: Ints) -> Ints:
        """Return the cell of each key, or -1."""
        found = np.full(len(keys), -1, dtype=np.int64)
        cells = self._home(np.ascontiguousarray(keys))
        open_ = np.arange(len(keys))
        wanted = keys
        while open_.size:
            slots = self._slots[cells]
            hit = (self._keys[cells] == wanted) & (slots >= 0)
            found[open_[hit]] = cells[hit]
            more = np.flatnonzero(~hit & (slots != MISSING))
            open_, wanted = open_[more], wanted[more]
            cells = (cells[more] + 1) & self._mask
        return found

    def _add(self, keys: Ints, slots: Slots) -> None:
        """Add keys known to be missing."""
        if 2 * (self._used + len(keys)) > len(self._keys):
            self._rebuild(self._live + len(keys))
        self._live += len(keys)
        self._used += len(keys)
        cells = self._home(np.ascontiguousarray(keys))
        while keys.size:
            free = np.flatnonzero(self._slots[cells] == MISSING)
            # Keys of the batch may collide: all write, the last wins, the others notice and continue.
            self._keys[cells[free]] = keys[free]
            self._slots[cells[free]] = slots[free]
            placed = np.zeros(len(keys), dtype=np.bool_)
            placed[free] = self._keys[cells[free]] == keys[free]
            more = np.flatnonzero(~placed)
            keys, slots = keys[more], slots[more]
            cells = (cells[more] + 1) & self._mask

    def _rebuild(self, expected: int) -> None:
        """Resize so that ``expected`` keys fill at most a third, and drop deleted cells."""
        live = self._slots >= 0
        keys, slots = self._keys[live], self._slots[live]
        self._clear(max(_SMALLEST_BITS, (3 * expected - 1).bit_length()))
        self._add(keys, slots)

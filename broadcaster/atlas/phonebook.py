"""Contacts of subscribers, in arrays; a shared contact counts once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broadcaster.domain.people import CHANNELS
from broadcaster.store.people.feed import EVERY_STATION

_MANY = 10_000


@dataclass(frozen=True, slots=True)
class ContactTable:
    """Contacts of some people. ``people``: indexes into these, ascending. All arrays have the same length.

    ``first``: the contact's first occurrence, whose person gets the message. ``refused``: (person, channel) of contacts
    whose owners opted out of the station, shape (2, m).
    """

    people: NDArray[np.int64]
    contacts: NDArray[np.int64]
    channels: NDArray[np.int64]
    first: NDArray[np.bool_]
    refused: NDArray[np.int64]

    def counts(self, n: int, *, first: bool = False) -> NDArray[np.int64]:
        """Return the number of contacts per person and channel, shape (n, channels)."""
        cells = self.people * len(CHANNELS) + self.channels
        if first:
            cells = cells[self.first]
        return _by_person_and_channel(cells, n)

    def refusals(self, n: int) -> NDArray[np.int64]:
        """Return the number of opted-out contacts per person and channel, shape (n, channels)."""
        people, channels = self.refused
        return _by_person_and_channel(people * len(CHANNELS) + channels, n)


def _by_person_and_channel(cells: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    return np.bincount(cells, minlength=n * len(CHANNELS)).reshape(n, len(CHANNELS))


class Phonebook:
    """Takes 9 bytes per contact and 12 per subscriber; later changes are kept separately until there are many."""

    def __init__(self) -> None:
        self._contacts = np.empty(0, np.int64)
        self._channels = np.empty(0, np.int8)
        self._start = np.zeros(1, np.int64)
        self._size = np.zeros(1, np.int32)
        self._changed: dict[int, list[tuple[int, int]]] = {}
        self._refused: defaultdict[int, set[int]] = defaultdict(set)

    def load(self, pairs: NDArray[np.int64], refused: Iterable[tuple[int, int]]) -> None:
        """Load (subscriber id, contact id, channel number), shape (3, n), by ascending subscriber.

        ``refused``: (station id or ``EVERY_STATION``, contact id).
        """
        self._arrange(*pairs)
        self._changed.clear()
        self._refused.clear()
        for station_id, contact_id in refused:
            self._refused[station_id].add(contact_id)

    def _arrange(self, owners: NDArray[np.int64], contacts: NDArray[np.int64], channels: NDArray[np.int64]) -> None:
        last = int(owners[-1]) if len(owners) else 0
        self._contacts = contacts.copy()
        self._channels = channels.astype(np.int8)
        self._size = np.bincount(owners, minlength=last + 1).astype(np.int32)
        self._start = np.concatenate(([0], np.cumsum(self._size[:-1], dtype=np.int64)))

    def put(self, subscriber_id: int, contacts: Sequence[tuple[int, int]], refused: Iterable[tuple[int, int]]) -> None:
        """Replace a subscriber's contacts, (contact id, channel number); ``refused``: (station id, contact id)."""
        self._changed[subscriber_id] = list(contacts)
        not_allowed = set(refused)
        for station_id, refusing in self._refused.items():
            refusing.difference_update(each for each, _ in contacts if (station_id, each) not in not_allowed)
        for station_id, contact_id in not_allowed:
            self._refused[station_id].add(contact_id)
        if len(self._changed) > max(_MANY, len(self._contacts) // 10):
            self._settle()

    def _settle(self) -> None:
        """Merge the changes into the arrays."""
        owners = np.repeat(np.arange(len(self._size)), self._size)
        kept = ~np.isin(owners, np.fromiter(self._changed, np.int64))
        old = np.stack((owners[kept], self._contacts[kept], self._channels[kept]))
        new = np.array(
            [(each, *contact) for each, contacts in self._changed.items() for contact in contacts], np.int64
        ).reshape(-1, 3)
        pairs = np.concatenate((old, new.T), axis=1)
        self._arrange(*pairs[:, np.argsort(pairs[0], kind="stable")])
        self._changed.clear()

    def contacts_of(self, ids: NDArray[np.int64], station_id: int) -> ContactTable:
        """Return the contacts by which a station may write to these subscribers."""
        known = ids < len(self._size)
        if self._changed:
            known &= ~np.isin(ids, np.fromiter(self._changed, np.int64))
        sizes = np.zeros(len(ids), np.int64)
        sizes[known] = self._size[ids[known]]
        people = np.repeat(np.arange(len(ids)), sizes)
        offset = np.arange(len(people)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        at = self._start[ids[people]] + offset if len(people) else np.empty(0, np.int64)
        contacts, channels = self._contacts[at], self._channels[at].astype(np.int64)
        late = [
            (int(index), contact_id, channel)
            for index in np.flatnonzero(~known)
            for contact_id, channel in self._changed.get(int(ids[index]), ())
        ]
        if late:
            rows = np.array(late, np.int64)
            people = np.concatenate((people, rows[:, 0]))
            order = np.argsort(people, kind="stable")
            people = people[order]
            contacts = np.concatenate((contacts, rows[:, 1]))[order]
            channels = np.concatenate((channels, rows[:, 2]))[order]
        refusing = self._refused.get(station_id, set()) | self._refused.get(EVERY_STATION, set())
        refused = np.isin(contacts, np.fromiter(refusing, np.int64, len(refusing)))
        said_no = np.stack((people[refused], channels[refused]))
        people, contacts, channels = people[~refused], contacts[~refused], channels[~refused]
        first = np.zeros(len(contacts), np.bool_)
        first[np.unique(contacts, return_index=True)[1]] = True
        return ContactTable(people, contacts, channels, first, said_no)

"""Followers, group members and reachable channels, in arrays by subscriber id."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from broadcaster.atlas.idset import IdSet
from broadcaster.atlas.phonebook import Phonebook
from broadcaster.store import Unit
from broadcaster.store.people import feed
from zones import distinct

_NONE = 0
_MOST = np.iinfo(np.uint8).max


class Roster:
    """Takes about 6 bytes per subscriber, 8 per follower and member, 8 more if registered by the station; plus the
    phonebook.

    The store assigns subscriber ids in order, so they can index arrays.
    """

    def __init__(self) -> None:
        self.phonebook = Phonebook()
        self._locale = np.zeros(1024, np.uint8)
        self._first = np.full(1024, _NONE, np.int32)
        self._vulnerable = np.zeros(1024, np.bool_)
        self._unconfirmed, self._paused = IdSet(), IdSet()
        self._others: dict[int, set[int]] = {}
        self._locales: list[str] = [""]
        self._stations: defaultdict[int, IdSet] = defaultdict(IdSet)
        self._registered: defaultdict[int, IdSet] = defaultdict(IdSet)
        self._groups: defaultdict[int, IdSet] = defaultdict(IdSet)
        self._group_ids: dict[tuple[int, str], int] = {}
        self._groups_of: defaultdict[int, list[int]] = defaultdict(list)

    async def load(self, unit: Unit) -> None:
        """Read everything from the store."""
        self.__init__()  # type: ignore[misc]  # begin anew
        await feed.traits(unit, self._take)
        self.phonebook.load(await feed.contact_pairs(unit), await feed.refusals(unit))
        stations, followers, registered = await feed.follower_pairs(unit)
        for station_id, subscriber_ids in _by_first(np.array((stations, followers))[:, registered > 0]):
            self._registered[station_id] = IdSet(subscriber_ids)
        for station_id, subscriber_ids in _by_first(np.array((stations, followers))):
            self._stations[station_id] = IdSet(subscriber_ids)
            taken = self._first[subscriber_ids] != _NONE
            for each in subscriber_ids[taken]:
                self._others.setdefault(int(each), set()).add(station_id)
            self._first[subscriber_ids[~taken]] = station_id
        for group_id, subscriber_ids in _by_first(await feed.member_pairs(unit)):
            self._groups[group_id] = IdSet(subscriber_ids)
        self._name_groups(await feed.group_names(unit))

    def _take(self, part: feed.Traits) -> None:
        self._grow(int(part.ids[-1]))
        numbers = {locale: self._locale_number(locale) for locale in dict.fromkeys(part.locales)}
        self._locale[part.ids] = [numbers[each] for each in part.locales]
        self._vulnerable[part.ids] = part.vulnerable
        for flagged, ids in ((part.unconfirmed, self._unconfirmed), (part.paused, self._paused)):
            for each in part.ids[flagged].tolist():
                ids.add(each)

    def refresh(
        self, subscriber_ids: Sequence[int], known: dict[int, feed.Known], group_ids: dict[tuple[int, str], int] | None
    ) -> None:
        """Apply the store's current state of these subscribers; one not in ``known`` was erased.

        ``group_ids``: ids of all groups by (station id, slug), if one of these subscribers is in any.
        """
        if group_ids is not None:
            self._name_groups(group_ids)
        for each in subscriber_ids:
            self._put(each, known.get(each, _ERASED))

    def _name_groups(self, group_ids: dict[tuple[int, str], int]) -> None:
        for deleted in self._groups.keys() - group_ids.values():
            del self._groups[deleted]  # its id may be reused for another group
        self._group_ids = group_ids
        self._groups_of.clear()
        for (station_id, _), group_id in group_ids.items():
            self._groups_of[station_id].append(group_id)

    def _put(self, each: int, entry: feed.Known) -> None:
        self._grow(each)
        before = self.stations_of(each)
        self.phonebook.put(each, entry.contacts, entry.refused)
        self._locale[each] = self._locale_number(entry.locale)
        self._vulnerable[each] = entry.vulnerable
        self._unconfirmed.put(each, entry.unconfirmed)
        self._paused.put(each, entry.paused)
        for station_id in before - entry.stations:
            self._stations[station_id].discard(each)
        for station_id in before - entry.registered:
            self._registered[station_id].discard(each)
        for station_id in entry.registered:
            self._registered[station_id].add(each)
        for station_id in entry.stations - before:
            self._stations[station_id].add(each)
        ordered = sorted(entry.stations)
        self._first[each] = ordered[0] if ordered else _NONE
        self._others.pop(each, None)
        if len(ordered) > 1:
            self._others[each] = set(ordered[1:])
        for station_id in before | entry.stations:
            for group_id in self._groups_of[station_id]:
                self._groups[group_id].put(each, group_id in entry.groups)

    def stations_of(self, subscriber_id: int) -> set[int]:
        if subscriber_id >= len(self._first) or self._first[subscriber_id] == _NONE:
            return set()
        return {int(self._first[subscriber_id]), *self._others.get(subscriber_id, ())}

    def followers(self, station_id: int) -> NDArray[np.int64]:
        """Return the followers of a station, ascending."""
        return self._stations[station_id].array() if station_id in self._stations else np.empty(0, np.int64)

    def registered(self, station_id: int) -> NDArray[np.int64]:
        """Return the followers in the station's own register, ascending."""
        return self._registered[station_id].array() if station_id in self._registered else np.empty(0, np.int64)

    def unconfirmed(self) -> NDArray[np.int64]:
        """Return the subscribers with an unconfirmed sign-up, ascending."""
        return self._unconfirmed.array()

    def paused(self) -> NDArray[np.int64]:
        """Return the paused subscribers, ascending."""
        return self._paused.array()

    def everybody(self) -> NDArray[np.int64]:
        """Return all subscribers, ascending."""
        return np.flatnonzero(self._locale != _NONE)

    def members(self, station_id: int, slugs: Sequence[str]) -> NDArray[np.int64]:
        """Return the members of any of the station's groups, ascending."""
        found = np.empty(0, np.int64)
        for slug in slugs:
            group_id = self._group_ids.get((station_id, slug))
            if group_id is not None and group_id in self._groups:
                found = distinct(np.concatenate((found, self._groups[group_id].array())))
        return found

    def locales(self, ids: NDArray[np.int64]) -> dict[str, NDArray[np.bool_]]:
        """Return, by locale, a mask over ``ids``."""
        numbers = self._locale[ids]
        return {self._locales[number]: numbers == number for number in np.unique(numbers)}

    def vulnerable(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return a mask of the vulnerable among ``ids``."""
        known = ids < len(self._vulnerable)
        return known & self._vulnerable[np.where(known, ids, 0)]

    def _locale_number(self, locale: str) -> int:
        try:
            return self._locales.index(locale)
        except ValueError:
            if len(self._locales) > _MOST:
                return 0
            self._locales.append(locale)
            return len(self._locales) - 1

    def _grow(self, subscriber_id: int) -> None:
        size = len(self._locale)
        if subscriber_id < size:
            return
        more = max(subscriber_id + 1, size * 3 // 2) - size
        self._locale = np.concatenate((self._locale, np.zeros(more, np.uint8)))
        self._first = np.concatenate((self._first, np.full(more, _NONE, np.int32)))
        self._vulnerable = np.concatenate((self._vulnerable, np.zeros(more, np.bool_)))


_ERASED = feed.Known()


def _by_first(pairs: NDArray[np.int64]) -> list[tuple[int, NDArray[np.int64]]]:
    """Split (firsts, seconds) into the seconds of each first, all ascending."""
    firsts, seconds = pairs[:, np.lexsort(pairs[::-1])]
    each, starts = np.unique(firsts, return_index=True)
    return list(zip(each.tolist(), np.split(seconds, starts[1:]), strict=True)) if len(each) else []

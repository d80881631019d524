"""The place index and the roster, kept in step with the store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from broadcaster import collector
from broadcaster.atlas.density import Density
from broadcaster.atlas.idset import among
from broadcaster.atlas.roster import Roster
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.store import feed
from zones import PlaceIndex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from broadcaster.store import Store
    from zones import Area

_PART = 2000


class Atlas:
    """Answers who is concerned by an alert, as of the last change that ``follow`` has taken over."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.places = PlaceIndex()
        self.roster = Roster()
        self.density = Density()
        self.seq = 0
        self._following = asyncio.Lock()

    async def load(self) -> None:
        """Read all from the store."""
        with collector.at_rest():
            await self._load()

    async def _load(self) -> None:
        async with self._store.read() as unit:
            seq = await feed.newest(unit)
            parts = [part async for part in feed.points(unit)]
            await self.roster.load(unit)
        if not parts:
            self.places = PlaceIndex()
        else:
            self.places.load(
                np.concatenate([part.keys for part in parts]),
                np.concatenate([part.owners for part in parts]),
                np.concatenate([part.lons for part in parts]),
                np.concatenate([part.lats for part in parts]),
            )
        self.seq = seq

    async def follow(self) -> None:
        """Take over the changes since the last time; whoever asks meanwhile waits for the same."""
        async with self._following:
            await self._follow()

    async def _follow(self) -> None:
        while True:
            async with self._store.read() as unit:
                changed = await feed.changed_after(unit, self.seq, _PART)
                if not changed:
                    return
                ids = sorted({subscriber_id for _, subscriber_id in changed})
                known = await feed.known(unit, ids)
                await self.roster.refresh(unit, ids, known)
            self._place(ids, known)
            self.seq = changed[-1][0]

    def _place(self, ids: Sequence[int], known: dict[int, feed.Known]) -> None:
        points = [(key, each, lon, lat) for each, entry in known.items() for key, lon, lat in entry.points]
        keys = np.array([point[0] for point in points], np.int64)
        self.places.remove_many(np.setdiff1d(self.places.of_owners(ids), keys))
        if points:
            _, owners, lons, lats = zip(*points, strict=True)
            self.places.put_many(keys, np.array(owners, np.int64), np.array(lons), np.array(lats))

    def concerned(self, station_id: int, area: Area | None, audience: Audience) -> NDArray[np.int64]:
        """Give the subscribers whom the rule ``audience`` finds, ascending; *told* is the store's to answer."""
        inside = None if area is None else self.places.owners_within(area)
        match audience.kind:
            case AudienceKind.EVERYONE:
                return np.empty(0, np.int64) if inside is None else inside
            case AudienceKind.FOLLOWERS:
                return np.empty(0, np.int64) if inside is None else among(inside, self.roster.followers(station_id))
            case AudienceKind.ALL_FOLLOWERS:
                return self.roster.followers(station_id)
            case AudienceKind.GROUPS:
                members = self.roster.members(station_id, audience.groups)
                return members if inside is None else among(inside, members)
            case AudienceKind.TOLD:
                message = "the store knows who was told"
                raise ValueError(message)

    def most_exposed_first(self, ids: NDArray[np.int64], area: Area | None) -> NDArray[np.int64]:
        """Order subscribers: those enrolled as vulnerable before the others, and of each the nearest first."""
        near = self.nearest_first(ids, area)
        before = self.roster.vulnerable(near)
        return np.concatenate((near[before], near[~before]))

    def nearest_first(self, ids: NDArray[np.int64], area: Area | None) -> NDArray[np.int64]:
        """Order subscribers by their distance from the middle of the area, those without a point in it last."""
        if area is None or len(ids) == 0:
            return ids
        hits = self.places.within(area)
        order = np.argsort(area.distance_m(hits.lons, hits.lats), kind="stable")
        owners = hits.owners[order]
        _, first = np.unique(owners, return_index=True)
        near = owners[np.sort(first)]
        near = among(near, np.sort(ids))
        return np.concatenate((near, np.setdiff1d(ids, near, assume_unique=True)))

"""The place index and the roster, kept current from the store."""

import asyncio
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadcaster import collector
from broadcaster.atlas.choices import Choices
from broadcaster.atlas.crowd import Crowd
from broadcaster.atlas.density import Cell, Density
from broadcaster.atlas.homes import homes_of
from broadcaster.atlas.idset import Lookup, common, held, looked_up, without
from broadcaster.atlas.lattice import Square
from broadcaster.atlas.roster import Roster
from broadcaster.domain.alerts import Alert
from broadcaster.domain.audience import Audience, AudienceKind, Pool
from broadcaster.domain.coverage import CellId, Homes
from broadcaster.domain.report import Delta
from broadcaster.store import Store, Unit
from broadcaster.store.people import feed, fixes
from zones import Area, Hits, PlaceIndex, distinct

_PART = 2000
_NOWHERE_M = 1e8
"""Farther than any place on Earth."""


class Counted(NamedTuple):
    """``own``: ids of people of the station's register. ``others``: estimated number of others, rounded to tens.

    ``pool``: ids of all people who may be among the others, anywhere, so that the actual ones stay private.
    ``unconfirmed``: estimated number of unconfirmed sign-ups, who are not among the others.
    """

    own: NDArray[np.int64]
    others: int
    pool: NDArray[np.int64]
    unconfirmed: int = 0


class _News(NamedTuple):
    """Changes up to ``seq``. ``moved``: people whose only change is their position, in ``points``. ``more``: further
    changes are left.
    """

    seq: int
    changed: list[int]
    known: dict[int, feed.Known]
    group_ids: dict[tuple[int, str], int] | None
    moved: set[int]
    points: dict[int, tuple[float, float]]
    more: bool


class Atlas:
    """Finds an alert's recipients, as of the latest ``follow``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.places = PlaceIndex()
        self.roster = Roster()
        self.density = Density()
        self.crowd = Crowd(store.vault)
        self.choices = Choices(store)
        self.seq = 0
        self._newest = 0
        self._following = asyncio.Lock()

    async def load(self) -> None:
        """Read everything from the store."""
        with collector.at_rest():
            await self._load()

    async def _load(self) -> None:
        async with self._store.read() as unit:
            seq = await feed.newest(unit)
            parts = await feed.points(unit)
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
        self._newest = max((int(part.owners.max()) for part in parts), default=0)
        self.seq = seq

    async def follow(self) -> None:
        """Apply the changes since the last run; concurrent callers share one run."""
        async with self._following:
            await self._follow()

    async def _follow(self) -> None:
        more = True
        while more:
            news = await self._store.run_read(self._news)
            if news is None:
                return
            if news.changed:  # not only positions changed
                self.roster.refresh(news.changed, news.known, news.group_ids)
                self._place(news.changed, news.known)
            self._move(news.moved, news.points)
            self.seq, more = news.seq, news.more

    async def _news(self, unit: Unit) -> _News | None:
        """Read the changes since the last run; for people who only moved, just their position."""
        changed = await feed.changed_after(unit, self.seq, _PART)
        if not changed:
            return None
        ids = {change.subscriber_id for change in changed if change.fix is None}
        moved = {change.subscriber_id for change in changed} - ids
        known = await feed.known(unit, sorted(ids)) if ids else {}
        group_ids = await feed.group_names(unit) if any(entry.groups for entry in known.values()) else None
        points = await fixes.points_of(unit, moved) if moved else {}
        return _News(changed[-1].seq, sorted(ids), known, group_ids, moved, points, more=len(changed) == _PART)

    def _move(self, moved: set[int], points: dict[int, tuple[float, float]]) -> None:
        forgotten = moved - points.keys()
        if forgotten:
            self.places.remove_many(np.array([-each for each in forgotten], np.int64))
        if points:
            owners = np.fromiter(points, np.int64)
            self._newest = max(self._newest, int(owners.max()))
            lons, lats = np.array(list(points.values())).T
            self.places.put_many(-owners, owners, lons, lats)

    def _place(self, ids: Sequence[int], known: dict[int, feed.Known]) -> None:
        points = [(key, each, lon, lat) for each, entry in known.items() for key, lon, lat in entry.points]
        keys = np.array([point[0] for point in points], np.int64)
        # New subscribers have no points yet; looking up owners scans all points.
        before = [each for each in ids if each <= self._newest]
        if before:
            self.places.remove_many(np.setdiff1d(self.places.of_owners(before), keys))
        self._newest = max(self._newest, *ids)
        if points:
            _, owners, lons, lats = zip(*points, strict=True)
            self.places.put_many(keys, np.array(owners, np.int64), np.array(lons), np.array(lats))

    def concerned(self, station_id: int, area: Area | None, audience: Audience) -> NDArray[np.int64]:
        """Return the subscribers matched by ``audience``, ascending; *told* is answered by the store."""
        pool = self._pool(station_id, audience)
        if pool is not None and not audience.is_local(area=area is not None):
            return pool
        if area is None:
            return np.empty(0, np.int64)
        inside = self.places.owners_within(area)
        return inside if pool is None else common(inside, pool)

    def _pool(self, station_id: int, audience: Audience) -> NDArray[np.int64] | None:
        """Return the people that a rule selects from, ascending; None: everybody."""
        match audience.pool:
            case Pool.FOLLOWERS:
                return self.roster.followers(station_id)
            case Pool.MEMBERS:
                return self.roster.members(station_id, audience.groups)
            case Pool.STORED:
                message = "the store knows who was told"
                raise ValueError(message)
        return None

    def inside_or_nowhere(self, ids: NDArray[np.int64], area: Area) -> NDArray[np.int64]:
        """Return which of ``ids`` have a point in the area, or no point at all."""
        outside = without(ids, self.places.owners_within(area))
        return without(ids, self.places.owners_among(outside)) if len(outside) else ids

    def counted(self, station_id: int, area: Area | None, audience: Audience) -> Counted:
        """Estimate whom ``concerned`` would find, revealing nobody's position (``atlas.crowd``)."""
        own = self.roster.registered(station_id)
        if audience.kind is AudienceKind.GROUPS:
            # A station chooses group members, so a group within an area could single out one person: count members
            # anywhere.
            members = self.roster.members(station_id, audience.groups)
            return self._anywhere(members, own, area, f"groups {station_id}")
        if audience.kind is AudienceKind.ALL_FOLLOWERS:
            return self._anywhere(self.roster.followers(station_id), own, None, f"followers {station_id}")
        if area is None:
            return Counted(own[:0], 0, own[:0])
        everyone = audience.kind is AudienceKind.EVERYONE
        pool = self.roster.everybody() if everyone else self.roster.followers(station_id)
        waiting = common(pool, self.roster.unconfirmed())
        pool = without(pool, waiting)
        others = self.crowd.within(area, (station_id, audience.kind), self.places, self._others(pool, own))
        unconfirmed = self._waiting(waiting, area, (station_id, f"unconfirmed {audience.kind}"))
        return Counted(self._at_home(own, area), others, without(pool, own), unconfirmed)

    def delta(self, alert: Alert, area: Area | None, counted: Counted, informed: NDArray[np.int64]) -> Delta:
        """Estimate people by how an update concerns them, like ``counted``; ``informed``: ids of people informed of the
        alert, ascending.

        People in the register are counted exactly, by their homes; all others in tens.
        """
        own = self.roster.registered(alert.station_id)
        known, others = common(informed, own), without(informed, own)
        still = known if area is None else self._at_home(known, area)
        what = f"told {alert.first_id}"
        everyone = self.crowd.about(len(others), what)
        inside = everyone
        if area is not None:
            which = (alert.station_id, what)
            inside = min(everyone, self.crowd.within(area, which, self.places, lambda hits: held(hits.owners, others)))
        new = len(without(counted.own, informed)) + max(0, counted.others - inside)
        return Delta(new, len(still) + inside, len(known) - len(still) + everyone - inside)

    def _waiting(self, ids: NDArray[np.int64], area: Area, which: tuple[int, str]) -> int:
        return self.crowd.within(area, which, self.places, lambda hits: held(hits.owners, ids)) if len(ids) else 0

    def _anywhere(self, ids: NDArray[np.int64], own: NDArray[np.int64], area: Area | None, what: str) -> Counted:
        registered = common(ids, own)
        waiting = self.roster.unconfirmed()
        others = without(without(ids, own), waiting)
        inside = registered if area is None else self._at_home(registered, area)
        unconfirmed = self.crowd.about(len(common(ids, waiting)), f"unconfirmed {what}")
        return Counted(inside, self.crowd.about(len(others), what), others, unconfirmed)

    def _at_home(self, ids: NDArray[np.int64], area: Area) -> NDArray[np.int64]:
        """Return which of ``ids`` (ascending) have a place in the area; device positions do not count."""
        hits = self.places.within(area)
        return distinct(common(hits.owners[hits.keys > 0], ids))

    def _others(self, pool: NDArray[np.int64], own: NDArray[np.int64]) -> Callable[[Hits], NDArray[np.bool_]]:
        """Return a filter for points: points of ``pool`` that are not places of ``own`` (both ascending ids).

        Devices of ``own`` count while away from home, when none of their places is among the given points.
        """

        @cache
        def known() -> tuple[Lookup, Lookup]:
            return looked_up(own), looked_up(pool)

        def counted(hits: Hits) -> NDArray[np.bool_]:
            is_own, in_pool = known()
            theirs = is_own(hits.owners)
            at_home = theirs & np.isin(hits.owners, hits.owners[theirs & (hits.keys > 0)])
            return in_pool(hits.owners) & ~at_home

        return counted

    def followers_seen(self, station_id: int, area: Area | None) -> list[Cell]:
        """Return the density of followers (``atlas.density``), in cells around the station."""
        own = self.roster.registered(station_id)
        followers = without(self.roster.followers(station_id), self.roster.unconfirmed())

        def others(area: Area) -> list[Square]:
            return self.crowd.squares(
                area, (station_id, AudienceKind.FOLLOWERS), self.places, self._others(followers, own)
            )

        return self.density.picture(station_id, area, self.places, own, others)

    def homes(self, station_id: int, area: Area) -> dict[CellId, Homes]:
        """Return homes per cell: of those whom the station registered; followers by themselves as ``crowd`` tells."""
        own = self.roster.registered(station_id)
        followers = without(self.roster.followers(station_id), self.roster.unconfirmed())
        ways = self.roster.phonebook.contacts_of(own, station_id).counts(len(own))
        others = self.crowd.squares(
            area, (station_id, AudienceKind.FOLLOWERS), self.places, self._others(followers, own)
        )
        return homes_of(self.places.within(area), own, own[ways.sum(axis=1) > 0], others)

    def most_exposed_first(self, ids: NDArray[np.int64], area: Area | None) -> NDArray[np.int64]:
        """Order subscribers (given ascending): vulnerable ones, all others, the unconfirmed.

        Each nearest to the area's middle first, people without a point in the area last.
        """
        away_m = np.full(len(ids), _NOWHERE_M)
        if area is not None and len(ids):
            hits = self.places.within(area)
            at = np.searchsorted(ids, hits.owners).clip(max=len(ids) - 1)
            theirs = ids[at] == hits.owners
            np.minimum.at(away_m, at[theirs], area.distance_m(hits.lons[theirs], hits.lats[theirs]))
        return ids[np.argsort(self._head_start_m(ids) + away_m, kind="stable")]

    def most_exposed(self, alert: Alert, most: int, known: Area | None) -> list[int]:
        """Return some people whom an alert concerns, those whom ``most_exposed_first`` would put in front.

        Outside ``known``, if there are any. At most ``most``; far quicker than finding and ordering everybody.
        """
        area, audience = alert.area, alert.audience
        if area is None or not audience.is_local(area=True):
            people = self.concerned(alert.station_id, area, audience)
            first: list[int] = self.most_exposed_first(people, area)[:most].tolist()
            return first
        owners, lons, lats = self.places.within(area, known)[1:]
        pool = self._pool(alert.station_id, audience)
        if pool is not None:
            theirs = held(owners, pool)
            owners, lons, lats = owners[theirs], lons[theirs], lats[theirs]
        if known is not None and not len(owners):
            return self.most_exposed(alert, most, None)
        away_m = self._head_start_m(owners) + area.distance_m(lons, lats)
        first_points = np.argpartition(away_m, min(most, len(owners) - 1))[:most] if len(owners) else owners
        in_order = first_points[np.argsort(away_m[first_points], kind="stable")]
        return list(dict.fromkeys(owners[in_order].tolist()))

    def _head_start_m(self, ids: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return metres that put the vulnerable before all others, and the unconfirmed last."""
        turn = np.where(self.roster.vulnerable(ids), 0.0, 1.0)
        turn[held(ids, self.roster.unconfirmed())] = 2.0
        return turn * 2 * _NOWHERE_M

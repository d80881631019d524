"""Enter: the other direction of the fence. Whoever comes into the area of an alert that holds gets it, once.

A device that moved, a resident who registered, an imported list: all are changes of subscribers, and are looked at in
the order in which they were written. How far that went is kept in the store, so that a restart misses nobody.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from broadcaster.pipeline.resolve import dispatch
from broadcaster.store import feed, stations

if TYPE_CHECKING:
    from broadcaster.domain.alerts import Alert
    from broadcaster.services import Services
    from broadcaster.store import Unit

_PART = 1000


async def enter(services: Services) -> int:
    """Look at the changes since the last time; give how many people were added to alerts."""
    found = 0
    while True:
        async with services.store.read() as unit:
            cursor = await feed.entrants_cursor(unit)
            changed = await feed.changed_after(unit, cursor, _PART)
        if not changed:
            return found
        # Read after the changes: an alert that one of them is too late for was there before it.
        await services.active.follow()
        async with services.store.read() as unit:
            ids = sorted({subscriber_id for _, subscriber_id in changed})
            known = await feed.known(unit, ids) if ids and len(services.active) else {}
            concerning = await _stations_of(unit, known)
        entering: defaultdict[int, list[int]] = defaultdict(list)
        by_id: dict[int, Alert] = {}
        for subscriber_id, entry in known.items():
            groups: defaultdict[int, set[str]] = defaultdict(set)
            for station_id, slug in (concerning[group_id] for group_id in entry.groups):
                groups[station_id].add(slug)
            points = [(lon, lat) for _, lon, lat in entry.points]
            for alert in services.active.concerning(points, entry.stations, groups):
                by_id[alert.id] = alert
                entering[alert.id].append(subscriber_id)
        now = services.clock.now()
        for alert_id, subscriber_ids in entering.items():
            found += await dispatch(services, by_id[alert_id], subscriber_ids, since=now)
        async with services.store.write() as unit:
            await feed.move_entrants_cursor(unit, changed[-1][0])


async def _stations_of(unit: Unit, known: dict[int, feed.Known]) -> dict[int, tuple[int, str]]:
    """Give (station id, slug) by group id, of the groups these subscribers are in."""
    wanted = {group_id for entry in known.values() for group_id in entry.groups}
    return await stations.groups_by_id(unit, wanted) if wanted else {}

"""Enter: people who come into the area of an active alert get it once.

Registrations and imports are checked at their current place. Each fix of a moving device is checked, since people who
passed through the area must know, even if they have left. Changes are processed in write order; the cursor is in the
store, so that a restart misses nobody.
"""

import functools
from collections import defaultdict
from collections.abc import Sequence

from broadcaster.pipeline.dispatch import dispatch
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit
from broadcaster.store.alerts import dispatching
from broadcaster.store.people import feed, fixes
from broadcaster.store.stations import stations

_PART = 1000


async def enter(services: Services) -> int:
    """Process changes since the last run; return how many people were added to alerts."""
    found, full = 0, True
    while full:
        cursor, changed = await services.store.run_read(_unseen)
        if not changed:
            break
        # Read alerts after the changes, so that none resolved without one of these changes is missed.
        await services.active.follow()
        if len(services.active):
            now = services.clock.now()
            for alert_id, subscriber_ids in (await _entering(services, changed)).items():
                for alert in services.active.alerts([alert_id]):
                    found += await dispatch(services, alert, subscriber_ids, since=now)
        await services.store.run_write(functools.partial(_seen, after=cursor, upto=changed[-1].seq))
        full = len(changed) == _PART
    return found


async def _unseen(unit: Unit) -> tuple[int, list[feed.Change]]:
    cursor = await feed.entrants_cursor(unit)
    return cursor, await feed.changed_after(unit, cursor, _PART)


async def _seen(unit: Unit, after: int, upto: int) -> None:
    await fixes.forget_looked_at(unit, after, upto)
    await feed.move_entrants_cursor(unit, upto)


async def _entering(services: Services, changed: Sequence[feed.Change]) -> dict[int, list[int]]:
    """Return, by alert id, the subscribers whom these changes bring into the alert.

    People who only moved within an alert they are in are left out, so that a device on the edge costs no transaction.
    """
    settled = {change.subscriber_id for change in changed if change.fix is None}
    been = _been_in(services, changed)
    if not settled and not been:
        return {}

    async def read(unit: Unit) -> tuple[dict[int, feed.Known], dict[int, tuple[int, str]]]:
        for alert_id, ids in been.items():
            ids.difference_update(await dispatching.in_alert(unit, alert_id, sorted(ids - settled)))
        known = await feed.known(unit, sorted(settled.union(*been.values())))
        group_ids = {group_id for entry in known.values() for group_id in entry.groups}
        return known, await stations.groups_by_id(unit, group_ids) if group_ids else {}

    known, concerning = await services.store.run_read(read)
    entering: defaultdict[int, list[int]] = defaultdict(list)
    for subscriber_id, entry in known.items():
        groups: defaultdict[int, set[str]] = defaultdict(set)
        for station_id, slug in (concerning[group_id] for group_id in entry.groups):
            groups[station_id].add(slug)
        points = [(lon, lat) for _, lon, lat in entry.points] if subscriber_id in settled else []
        passed = [alert_id for alert_id, ids in been.items() if subscriber_id in ids]
        for alert in services.active.concerning(points, entry.stations, groups, passed):
            entering[alert.id].append(subscriber_id)
    return entering


def _been_in(services: Services, changed: Sequence[feed.Change]) -> dict[int, set[int]]:
    """Return, by alert, the subscribers who entered it with one of these fixes."""
    open_fix = functools.partial(fixes.open_fix, services.store.vault)
    reported = [(change.subscriber_id, open_fix(change.subscriber_id, change.fix)) for change in changed if change.fix]
    been: defaultdict[int, set[int]] = defaultdict(set)
    where = [(sighting.lon, sighting.lat) for _, sighting in reported]
    for index, alert in services.active.at_many(where):
        subscriber_id, sighting = reported[index]
        if sighting.enters(alert):
            been[alert.id].add(subscriber_id)
    return been

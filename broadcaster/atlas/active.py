"""Active alerts and their areas."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from broadcaster.clock import Clock
from broadcaster.domain.alerts import Alert
from broadcaster.domain.audience import Pool
from broadcaster.store import Store, Unit
from broadcaster.store.alerts import alerts
from zones import AreaIndex

_TURNS = (0.0, 360.0, -360.0)
"""Degrees by which a box across the antimeridian meets what is on its other side."""


class ActiveAlerts:
    """Active alerts by id, an index of their areas, and, by station, alerts that reach people anywhere."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._alerts: dict[int, Alert] = {}
        self._areas = AreaIndex()
        self._far: defaultdict[int, set[int]] = defaultdict(set)
        self._reading = 0
        self._ended: set[int] = set()

    async def follow(self) -> list[Alert]:
        """Apply the store's active alerts, and drop cancelled ones; return the new ones.

        Changes made here while the store is read are newer than the data read, and win.
        """
        before = set(self._alerts)
        self._reading += 1
        try:

            async def read(unit: Unit) -> tuple[set[int], list[Alert]]:
                held = set(await alerts.active_ids(unit, self._clock.now()))
                return held, await alerts.by_ids(unit, sorted(held.difference(before)))

            held, found = await self._store.run_read(read)
            for alert_id in before - held:
                self.remove(alert_id)
            new = [alert for alert in found if alert.id not in self._ended and alert.id not in self._alerts]
            for alert in new:
                self.put(alert)
            return new
        finally:
            self._reading -= 1
            if not self._reading:
                self._ended.clear()

    def put(self, alert: Alert) -> None:
        """Add an alert, if it may be active."""
        if not alert.active(self._clock.now()):
            return
        self._alerts[alert.id] = alert
        if alert.area is not None:
            self._areas.put(alert.id, alert.area)
        if not _is_local(alert):
            self._far[alert.station_id].add(alert.id)

    def remove(self, alert_id: int) -> None:
        """Remove an alert, if present."""
        if self._reading:
            self._ended.add(alert_id)
        alert = self._alerts.pop(alert_id, None)
        if alert is None:
            return
        if alert.area is not None:
            self._areas.remove(alert_id)
        if not _is_local(alert):
            self._far[alert.station_id].discard(alert_id)
            if not self._far[alert.station_id]:
                del self._far[alert.station_id]

    def sweep(self, now: datetime) -> None:
        for alert in list(self._alerts.values()):
            if not alert.active(now):
                self.remove(alert.id)

    def at(self, lon: float, lat: float) -> list[int]:
        """Return the ids of active alerts at a point (WGS 84 degrees), ascending."""
        now = self._clock.now()
        return [each for each in self._areas.at(lon, lat).tolist() if self._alerts[each].active(now)]

    def reaching(self, box: tuple[float, float, float, float], margin: tuple[float, float]) -> list[Alert]:
        """Return alerts whose areas may reach into a box (west, south, east, north) widened by a margin (lon, lat).

        All in WGS 84 degrees.
        """
        now, (wide, high) = self._clock.now(), margin
        west, south, east, north = box[0] - wide, box[1] - high, box[2] + wide, box[3] + high
        return [
            alert
            for alert in self._alerts.values()
            if alert.area is not None
            and alert.active(now)
            and any(
                w + turn <= east and e + turn >= west and s <= north and n >= south
                for w, s, e, n in alert.area.bounds()
                for turn in _TURNS
            )
        ]

    def alerts(self, ids: Iterable[int]) -> list[Alert]:
        now = self._clock.now()
        return [self._alerts[each] for each in ids if each in self._alerts and self._alerts[each].active(now)]

    def now(self) -> list[Alert]:
        return self.alerts(self._alerts)

    def at_many(self, points: Sequence[tuple[float, float]]) -> list[tuple[int, Alert]]:
        """Return pairs (index of a point, active alert there); points as for ``at``."""
        if not points:
            return []
        now = self._clock.now()
        lons, lats = zip(*points, strict=True)
        found = zip(*(each.tolist() for each in self._areas.at_many(lons, lats)), strict=True)
        return [(index, alert) for index, alert_id in found if (alert := self._alerts[alert_id]).active(now)]

    def concerning(
        self,
        points: Iterable[tuple[float, float]],
        stations: set[int],
        groups: dict[int, set[str]],
        been: Iterable[int] = (),
    ) -> list[Alert]:
        """Return the alerts for a person at these points who follows these stations.

        ``groups``: slugs of their groups by station. ``been``: alerts whose areas they passed through.
        """
        inside = {each for lon, lat in points for each in self.at(lon, lat)}.union(been)
        far = {each for station_id in stations.union(groups) for each in self._far.get(station_id, ())}
        return [alert for alert in self.alerts(sorted(inside | far)) if _concerned(alert, inside, stations, groups)]

    def __len__(self) -> int:
        return len(self._alerts)


def _concerned(alert: Alert, inside: set[int], stations: set[int], groups: dict[int, set[str]]) -> bool:
    if _is_local(alert) and alert.id not in inside:
        return False
    match alert.audience.pool:
        case Pool.EVERYBODY:
            return True
        case Pool.FOLLOWERS:
            return alert.station_id in stations
        case Pool.MEMBERS:
            return not groups.get(alert.station_id, set()).isdisjoint(alert.audience.groups)
        case Pool.STORED:
            return False


def _is_local(alert: Alert) -> bool:
    return alert.audience.is_local(area=alert.area is not None)

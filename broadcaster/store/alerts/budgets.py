"""How much of its budgets a station's alerts have used, in SMS and calls."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from broadcaster.domain.alerts import ENDINGS, GRAVE, Alert, Status
from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.escalation import PAID, Budgets, read_budgets
from broadcaster.domain.people import CHANNEL_NUMBER, ChannelName
from broadcaster.domain.warned import Warned
from broadcaster.domain.zones import zone_of
from broadcaster.store.alerts import counting
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import alert_counts, alerts, stations


@dataclass(frozen=True, slots=True)
class Exceeded:
    """An exhausted budget: ``used`` of ``most`` messages, in this month or (not ``month``) by one alert."""

    channel: ChannelName
    month: bool
    used: int
    most: int

    @property
    def warned(self) -> Warned:
        whose = "month" if self.month else "alert"
        return Warned(f"{whose}-budget-{self.channel}", {"used": self.used, "most": self.most})


async def allowance(unit: Unit, alert: Alert, now: datetime) -> dict[int, int]:
    """Return how many messages an alert may still send, by channel number, for channels with a limit.

    Actual severe or extreme alerts have no limit, nor have endings, which must reach everyone who was told. A lock
    serializes the counts of one station.
    """
    if alert.role in ENDINGS or (alert.severity in GRAVE and alert.status is Status.ACTUAL):
        return {}
    budgets, month = await _of_station(unit, alert.station_id, now)
    if budgets == Budgets():
        return {}
    await unit.in_turn("budgets", alert.station_id)
    here, there = await _used(unit, alert.station_id, alert.id), await _used(unit, alert.station_id, None, month)
    left = {name: budgets.of(name).left(here[name], there[name]) for name in PAID}
    return {CHANNEL_NUMBER[name]: n for name, n in left.items() if n is not None}


async def left(unit: Unit, station_id: int, now: datetime) -> dict[ChannelName, int]:
    """Return how many messages a new alert may send, by channel, for channels with a limit."""
    budgets, month = await _of_station(unit, station_id, now)
    if budgets == Budgets():
        return {}
    used = await _used(unit, station_id, None, month)
    found = {name: budgets.of(name).left(0, used[name]) for name in PAID}
    return {name: n for name, n in found.items() if n is not None}


async def exceeded(unit: Unit, station_id: int, alert_id: int | None, now: datetime) -> list[Exceeded]:
    """Return a station's exhausted budgets: the month's, and an alert's."""
    budgets, month = await _of_station(unit, station_id, now)
    if budgets == Budgets():
        return []
    there = await _used(unit, station_id, None, month)
    here: Mapping[ChannelName, int] = {} if alert_id is None else await _used(unit, station_id, alert_id)
    found = [(name, True, there[name], budgets.of(name).month) for name in PAID]
    found += [(name, False, here.get(name, 0), budgets.of(name).alert) for name in PAID if alert_id is not None]
    return [Exceeded(name, month, used, most) for name, month, used, most in found if most is not None and used >= most]


async def _of_station(unit: Unit, station_id: int, now: datetime) -> tuple[Budgets, datetime]:
    """Return a station's budgets, and when its month began."""
    query = select(stations.c.budgets, stations.c.region).where(stations.c.id == station_id)
    row: Any = (await unit.conn.execute(query)).one()
    month = now.astimezone(zone_of(row.region)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return read_budgets(row.budgets), month


async def _used(
    unit: Unit, station_id: int, alert_id: int | None, since: datetime | None = None
) -> Counter[ChannelName]:
    """Count messages of an alert, or of a station since then: repeated ones too, but none withdrawn or stopped."""
    query = (
        select(alert_counts.c.subject, func.sum(alert_counts.c.n))
        .join(alerts, alerts.c.id == alert_counts.c.alert_id)
        .where(
            alerts.c.station_id == station_id,
            alert_counts.c.subject.in_([*PAID, *map(counting.repeated, PAID)]),
            alert_counts.c.state != DeliveryState.CANCELLED,
        )
        .group_by(alert_counts.c.subject)
    )
    query = query.where(alerts.c.sent_at >= since) if alert_id is None else query.where(alerts.c.id == alert_id)
    found: Counter[ChannelName] = Counter()
    for subject, n in await unit.conn.execute(query):
        found[ChannelName(counting.channel_of(subject))] += n
    return found

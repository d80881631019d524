"""Resolve: find an area's people and dispatch them in parts.

The first part is small, so that the first messages leave while the last recipients are still being written.
"""

import asyncio
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from broadcaster.domain.alerts import Alert, Lane
from broadcaster.domain.audience import Pool
from broadcaster.pipeline.dispatch import dispatch
from broadcaster.pipeline.services import Services
from broadcaster.store.alerts import alerts, report, tracking

FIRST_PART = 100
PART = {Lane.URGENT: 1000, Lane.ROUTINE: 250}
"""People written per transaction; urgent work waits for at most one routine part."""

_TOLD_PART = 5000
_SETTLE_S = 0.5
_ON_ITS_WAY = 2.5
"""A message may be under way for this many send timeouts: ``deliver`` cuts it at two, then it is recorded."""


async def resolve(services: Services, alert_id: int) -> int:
    """Write recipients and deliveries for everyone an alert concerns; return how many people are new to it.

    Idempotent: after a crash it adds those missing. An alert held by another resolver is skipped.
    """
    now = services.clock.now()
    async with services.store.write() as unit:
        at = await unit.now(now)
        until = at + timedelta(seconds=services.settings.lease_s)
        if not await alerts.lease(unit, alert_id, services.owner, at, until):
            return 0
        alert = await alerts.by_id(unit, alert_id)
    if alert is None:
        return 0
    services.changed(alert)
    await services.bus.publish(f"alert:{alert_id}")
    found = 0
    if alert.audience.pool is Pool.STORED:
        found = await _follow_told(services, alert)
    elif alert.cancelled_at is None and now < alert.expires_at:
        await services.here.follow()
        people = services.here.concerned(alert.station_id, alert.area, alert.audience)
        found = await _dispatch_all(services, alert, services.here.most_exposed_first(people, alert.area))
    async with services.store.write() as unit:
        now = services.clock.now()
        await alerts.resolved(unit, alert_id, now)
        await tracking.finish(unit, alert_id, now)
    services.forget(alert_id)
    await services.bus.publish(f"alert:{alert_id}")
    return found


async def _dispatch_all(services: Services, alert: Alert, people: NDArray[np.int64]) -> int:
    found, start, size = 0, 0, FIRST_PART
    while start < len(people):
        await services.precedence.give_way(alert.rank)
        found += await dispatch(services, alert, people[start : start + size].tolist(), since=alert.sent_at)
        start, size = start + size, PART[alert.lane]
    return found


async def _follow_told(services: Services, alert: Alert) -> int:
    """Dispatch to everyone told of the earlier alert; to those whose message is under way, once it has left."""
    first = alert.audience.told
    if first is None:
        return 0
    clock = asyncio.get_running_loop().time
    deadline = clock() + services.settings.send_timeout_s * _ON_ITS_WAY
    found = 0
    async with services.watch(first) as signal:
        while True:
            async with services.store.read() as unit:
                left = await report.unsettled(unit, first)
            told = services.here.most_exposed_first(await _told(services, first), None)
            found += await _dispatch_all(services, alert, told)
            if not left or clock() >= deadline:
                return found
            await signal.wait(_SETTLE_S)


async def _told(services: Services, alert_id: int) -> NDArray[np.int64]:
    told: list[int] = []
    while True:
        async with services.store.read() as unit:
            part = await report.told(unit, alert_id, after=told[-1] if told else 0, limit=_TOLD_PART)
        told.extend(part)
        if len(part) < _TOLD_PART:
            break
    async with services.store.read() as unit:
        maybe = await report.maybe_told(unit, alert_id)
    return np.union1d(np.array(told, np.int64), np.array(maybe, np.int64))

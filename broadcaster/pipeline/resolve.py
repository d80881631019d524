"""Resolve: find the people whom an alert concerns, and dispatch to them in parts."""

from datetime import timedelta

from broadcaster.domain.alerts import ENDINGS, Alert, ThreadRole
from broadcaster.domain.audience import Pool
from broadcaster.pipeline.dispatch import dispatch_all
from broadcaster.pipeline.services import Services
from broadcaster.pipeline.update import once_settled, spread
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts, threads, tracking


async def resolve(services: Services, alert_id: int) -> int:
    """Write recipients and deliveries for everyone an alert concerns. Return how many people are new to it.

    Idempotent: after a crash it adds those missing. An alert held by another resolver is skipped.
    """
    now = services.clock.now()

    async def lease(unit: Unit) -> tuple[Alert | None, Alert | None]:
        at = await unit.now(now)
        until = at + timedelta(seconds=services.settings.lease_s)
        if not await alerts.lease(unit, alert_id, services.owner, at, until):
            return None, None
        alert = await alerts.by_id(unit, alert_id)
        if alert is None or alert.role is not ThreadRole.UPDATE:
            return alert, None
        return alert, await alerts.by_id(unit, alert.references[-1])

    alert, before = await services.store.run_write(lease)
    if alert is None:
        return 0
    services.changed(alert)
    await services.bus.publish(f"alert:{alert_id}")
    found = 0
    if alert.role in ENDINGS:
        found = await _tell_informed(services, alert)
    elif alert.cancelled_at is not None or now >= alert.expires_at:
        pass
    elif alert.role is ThreadRole.UPDATE:
        found = await spread(services, alert, before)
    elif alert.audience.pool is not Pool.STORED:
        await services.here.follow()
        people = services.here.concerned(alert.station_id, alert.area, alert.audience)
        found = await dispatch_all(services, alert, services.here.most_exposed_first(people, alert.area))
    async with services.store.write() as unit:
        now = services.clock.now()
        await alerts.resolved(unit, alert_id, now)
        await tracking.finish(unit, alert_id, now)
    services.forget(alert_id)
    await services.bus.publish(f"alert:{alert_id}")
    return found


async def _tell_informed(services: Services, alert: Alert) -> int:
    """Dispatch an ending to everyone informed of its alert; where a message is being sent, after it was sent."""

    async def tell(*, settled: bool) -> int:
        async with services.store.read() as unit:
            informed = await threads.informed_of(unit, alert, settled=settled)
        return await dispatch_all(services, alert, services.here.most_exposed_first(informed, None))

    return await once_settled(services, alert, tell)

"""Wake: send alerts that waited for the end of people's quiet hours, most severe first, in bounded runs."""

from broadcaster.pipeline.dispatch import dispatch
from broadcaster.pipeline.services import Services
from broadcaster.store.alerts import alerts, tracking, waiting

PEOPLE = 1000
"""People per run; there is a run every second, as a whole town's quiet hours end at once."""


async def wake(services: Services) -> None:
    """Dispatch to people whose quiet hours are over.

    Contacts, pauses and wishes are evaluated again. Deliveries of cancelled or expired alerts end accordingly.
    """
    now = services.clock.now()
    due = await services.store.run_read(lambda unit: waiting.due(unit, now, PEOPLE))
    for alert_id, subscriber_ids in due.items():
        async with services.store.read() as unit:
            alert = await alerts.by_id(unit, alert_id)
        if alert is None:
            continue
        await services.precedence.give_way(alert.rank)
        await dispatch(services, alert, subscriber_ids, since=now)
        async with services.store.write() as unit:
            await tracking.finish(unit, alert_id, now)

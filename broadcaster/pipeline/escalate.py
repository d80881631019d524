"""Escalate: tell people who did not react by the next step of the alert's policy, most severe alerts first."""

from broadcaster.domain.people import CHANNEL_NUMBER
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts, escalating, escalations
from broadcaster.store.alerts.escalations import Due

ROWS = 200
"""Most rows in one run; there is a run every second."""


async def escalate(services: Services) -> None:
    """Take the rows that are due. Between two of them, work that is more urgent goes first."""
    for _ in range(ROWS):
        now = services.clock.now()
        row = await services.store.look(lambda unit: escalations.due(unit, now))  # noqa: B023  awaited here
        if row is None:
            return
        await services.precedence.give_way(row.rank)
        await _take(services, row)
        await services.bus.publish(f"alert:{row.alert_id}")


async def _take(services: Services, row: Due) -> None:
    async with services.store.read() as unit:
        alert = await alerts.by_id(unit, row.alert_id)
    usual = None if alert is None else await services.usual_wishes(alert)
    sizes = {CHANNEL_NUMBER[name]: sender.batch_size for name, sender in services.senders.items()}

    async def take(unit: Unit) -> None:
        await escalating.take(unit, row, services.clock.now(), batch_sizes=sizes, usual=usual)

    with services.precedence.holding(row.rank):
        await services.store.at_once(take)

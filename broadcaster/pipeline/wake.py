"""Wake: what waited for the end of people's quiet hours goes out, the gravest first, so many people a turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadcaster.pipeline.dispatch import dispatch
from broadcaster.store.alerts import alerts, tracking, waiting

if TYPE_CHECKING:
    from broadcaster.pipeline.services import Services

PEOPLE = 1000
"""How many people are woken in a turn, of which there is one a second: a whole town's quiet hours end at once."""


async def wake(services: Services) -> None:
    """Dispatch to people whose quiet hours are over.

    They get what then holds for them: contacts, pauses and wishes are looked at anew. Of an alert that was lifted or
    is over their deliveries end so.
    """
    now = services.clock.now()
    due = await services.store.look(lambda unit: waiting.due(unit, now, PEOPLE))
    for alert_id, subscriber_ids in due.items():
        async with services.store.read() as unit:
            alert = await alerts.by_id(unit, alert_id)
        if alert is None:
            continue
        await services.precedence.give_way(alert.rank)
        await dispatch(services, alert, subscriber_ids, since=now)
        async with services.store.write() as unit:
            await tracking.finish(unit, alert_id, now)

"""Dispatch: from people to durable deliveries."""

from collections.abc import Sequence
from datetime import datetime

from broadcaster.domain.alerts import Alert
from broadcaster.domain.people import CHANNEL_NUMBER
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit
from broadcaster.store.alerts import dispatching


async def dispatch(services: Services, alert: Alert, subscriber_ids: Sequence[int], *, since: datetime) -> int:
    """Write recipients, deliveries and batches for these people in one transaction, and announce the batches.

    People already in the alert are skipped. Return how many were new.
    """
    usual = await services.usual_wishes(alert)
    sizes = {CHANNEL_NUMBER[name]: sender.batch_size for name, sender in services.senders.items()}

    async def write(unit: Unit) -> int:
        now = services.clock.now()
        return await dispatching.write_chunk(
            unit, alert, subscriber_ids, since=since, now=now, batch_sizes=sizes, usual=usual
        )

    new = await services.store.at_once(write)
    await services.bus.publish(f"alert:{alert.id}")
    return new

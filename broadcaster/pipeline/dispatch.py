"""Dispatch: from people to durable deliveries.

The first part is small, so that the first messages leave while the last recipients are still being written.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from broadcaster.domain.alerts import Alert, Lane
from broadcaster.domain.people import CHANNEL_NUMBER
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit
from broadcaster.store.alerts import dispatching

FIRST_PART = 100
PART = {Lane.URGENT: 1000, Lane.ROUTINE: 250}
"""People written per transaction; urgent work waits for at most one routine part."""


async def dispatch_all(services: Services, alert: Alert, people: NDArray[np.int64]) -> int:
    """Dispatch to all these people in order, part by part. Return how many were new."""
    found, start, size = 0, 0, FIRST_PART
    while start < len(people):
        await services.precedence.give_way(alert.rank)
        found += await dispatch(services, alert, people[start : start + size].tolist(), since=alert.sent_at)
        start, size = start + size, PART[alert.lane]
    return found


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

    new = await services.store.run_write(write)
    await services.bus.publish(f"alert:{alert.id}")
    return new

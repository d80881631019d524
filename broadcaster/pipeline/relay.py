"""Relay: move committed events from the outbox to the bus, in order."""

import asyncio
import functools
from collections import defaultdict
from contextlib import suppress

from broadcaster.pipeline.services import Services
from broadcaster.pipeline.topics import ALERTS, PEOPLE, queue_of, resolve_queue
from broadcaster.store import urgently
from broadcaster.store.engine import outbox

_RELAYED = 500
_LOOK_S = 1.0


async def relay(services: Services, told: asyncio.Event) -> None:
    """Relay pending events, on a signal or after a second, since a dead process may have left some."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_LOOK_S):
            await told.wait()
    told.clear()
    try:
        while True:
            waiting = await services.store.run_read(lambda unit: outbox.waiting(unit, _RELAYED))
            if not waiting:
                return
            await _carry(services, waiting)
            await asyncio.sleep(0)  # to whom it was carried comes first: SQLite has one writer
            ids = [event_id for event_id, *_ in waiting]
            with urgently():  # short, and urgent events may be queued behind these
                await services.store.run_write(functools.partial(outbox.relayed, ids=ids))
    except BaseException:
        told.set()
        raise


async def _carry(services: Services, events: list[tuple[int, str, str, int]]) -> None:
    jobs: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    topics: set[str] = set()
    for _, topic, ref, rank in events:
        if topic == "batch":
            channel, _, batch_id = ref.partition(":")
            jobs[queue_of(channel, rank)].append((batch_id, rank))
        elif topic == "alert":
            jobs[resolve_queue(rank)].append((ref, rank))
            topics.add(ALERTS)
        elif topic == "people":
            topics.add(PEOPLE)
        elif topic == "cancelled":
            topics.update((f"cancelled:{ref}", ALERTS))
    for queue, wanted in jobs.items():
        await services.bus.put(queue, wanted)
    for topic in sorted(topics):
        await services.bus.publish(topic)

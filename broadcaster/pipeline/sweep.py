"""Sweep: requeue unfinished work from the store, and take over from dead processes."""

import time
from collections import defaultdict
from datetime import datetime, timedelta

import structlog

from broadcaster.pipeline.lead import dead
from broadcaster.pipeline.services import Services
from broadcaster.pipeline.topics import queue_of, resolve_queue
from broadcaster.store import Unit, urgently
from broadcaster.store.alerts import alerts, batches
from broadcaster.store.operations import upkeep

_STEP = timedelta(seconds=10)
_DUE = 2000
_log = structlog.get_logger(__name__)


async def sweep(services: Services) -> None:
    """Requeue due batches and unresolved alerts that no process holds."""
    async with services.store.read() as unit:
        now = await unit.now(services.clock.now())
        due = await batches.due(unit, now, _DUE)
        unresolved = await alerts.unresolved(unit, now)
    jobs: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for batch in due:
        jobs[queue_of(batch.channel, batch.rank)].append((str(batch.id), batch.rank))
    for alert_id, rank in unresolved:
        jobs[resolve_queue(rank)].append((str(alert_id), rank))
    for queue, wanted in jobs.items():
        await services.bus.put(queue, wanted)


async def take_over(services: Services) -> None:
    """Take over at once from processes proven dead; one that is only silent keeps its work until the lease ends."""
    if services.settings.embedded:
        return
    async with services.store.read() as unit:
        gone = await dead(unit, services, await batches.holders(unit) | await alerts.holders(unit))
    if not gone:
        return

    async def free(unit: Unit) -> list[batches.Batch]:
        await alerts.free(unit, gone)
        return await batches.free(unit, gone)

    with urgently():
        freed = await services.store.transact(free)
    _log.warning("took over from dead processes", owners=sorted(gone), batches=len(freed))
    jobs: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for batch in freed:
        jobs[queue_of(batch.channel, batch.rank)].append((str(batch.id), batch.rank))
    for queue, wanted in jobs.items():
        await services.bus.put(queue, wanted, again=True)


class ClockJumps:
    """Detects jumps of the clock, which spoil due times, by comparing it with a monotonic one."""

    def __init__(self) -> None:
        self._seen: tuple[datetime, float] | None = None

    async def repair(self, services: Services) -> bool:
        """Restore due times that were set too late by a fast clock, since corrected.

        Return whether there was such a clock.
        """
        async with services.store.read() as unit:
            now = await unit.now(services.clock.now())
        at = time.monotonic()
        then, before = self._seen or (now, at)
        back = then + timedelta(seconds=at - before) - now
        if back > _STEP:
            _log.warning("the clock went back", seconds=back.total_seconds())
            async with services.store.write() as unit:
                await upkeep.clock_went_back(unit, back, now)
        self._seen = now, at
        return back > _STEP

"""The loops that run the stages: relay, resolvers, senders, entrants, ledger, sweeper."""

from __future__ import annotations

import asyncio
import functools
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from broadcaster.domain.alerts import Lane
from broadcaster.metrics import ENTERED, MATCHED, RESOLVE_SECONDS, WAITING
from broadcaster.pipeline.deliver import deliver
from broadcaster.pipeline.enter import enter
from broadcaster.pipeline.resolve import resolve
from broadcaster.store import StoreUnavailable, alerts, batches, outbox, sandbox, upkeep

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from broadcaster.domain.people import ChannelName
    from broadcaster.services import Services

RESOLVE = "resolve"
PEOPLE = "people"
_RUNNERS = {Lane.URGENT: 4, Lane.ROUTINE: 2}
_RESOLVERS = 2
_RELAYED = 500
_SWEEP_S = 1.0
_UPKEEP_EVERY = 300
_AGAIN_S = 1.0
_DUE = 2000
_FIRST_ROUTINE_RANK = 10
_log = structlog.get_logger(__name__)


def queue_of(channel: ChannelName | str, rank: int) -> str:
    """Give the queue of a channel's batches in the lane of that rank."""
    lane = Lane.URGENT if rank < _FIRST_ROUTINE_RANK else Lane.ROUTINE
    return f"deliver.{channel}.{lane}"


@asynccontextmanager
async def working(services: Services) -> AsyncIterator[None]:
    """Run every loop within the block; at its end stop the intake, let what is under way end, write it down."""
    told = asyncio.Event()
    told.set()
    services.store.on_told = told.set
    ledger = asyncio.create_task(services.ledger.run(), name="ledger")
    crew = _Crew(services)
    crew.start("relay", lambda: relay(services, told))
    crew.start("sweeper", lambda: _sweeping(services))
    crew.start("entrants", lambda: _entering(services))
    for _ in range(_RESOLVERS):
        crew.start("resolver", lambda: crew.take(RESOLVE, _resolve))
    for name in services.senders:
        for lane, runners in _RUNNERS.items():
            for _ in range(runners):
                crew.start("sender", functools.partial(crew.take, f"deliver.{name}.{lane}", _deliver))
    try:
        yield
    finally:
        services.stopping.set()
        services.store.on_told = None
        await crew.end()
        await services.ledger.settled()
        ledger.cancel()
        await asyncio.gather(ledger, return_exceptions=True)


class _Crew:
    """The tasks of the loops, and which of them have a job in hand."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()

    def start(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        self._tasks.add(asyncio.create_task(self._repeat(name, step), name=name))

    async def _repeat(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        """Repeat a step; whatever goes wrong is logged, and tried again a little later."""
        while not self._services.stopping.is_set():
            try:
                await step()
            except StoreUnavailable as error:
                _log.warning("the store is away", loop=name, error=str(error))
                await asyncio.sleep(_AGAIN_S)
            except Exception:  # noqa: BLE001  logged; the other loops and the next turn go on
                _log.exception("a loop failed, and goes on", loop=name)
                await asyncio.sleep(_AGAIN_S)

    async def take(self, queue: str, work: Callable[[Services, int], Awaitable[None]]) -> None:
        """Take a job and do it."""
        job = await self._services.bus.take(queue)
        task = asyncio.current_task()
        if task is not None:
            self._busy.add(task)
        try:
            await work(self._services, int(job.ref))
        finally:
            if task is not None:
                self._busy.discard(task)
            await self._services.bus.done(job)

    async def end(self) -> None:
        """Let jobs in hand end, within the grace time: senders give back what they did not send."""
        for task in self._tasks - self._busy:
            task.cancel()
        if self._busy:
            await asyncio.wait(set(self._busy), timeout=self._services.settings.grace_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def relay(services: Services, told: asyncio.Event) -> None:
    """Carry the events that were committed to the bus, in their order."""
    await told.wait()
    told.clear()
    while True:
        async with services.store.read() as unit:
            waiting = await outbox.waiting(unit, _RELAYED)
        if not waiting:
            return
        for _, topic, ref, rank in waiting:
            if topic == "batch":
                channel, _, batch_id = ref.partition(":")
                await services.bus.put(queue_of(channel, rank), [(batch_id, rank)])
            elif topic == "alert":
                await services.bus.put(RESOLVE, [(ref, rank)])
            elif topic == "people":
                await services.bus.publish(PEOPLE)
        async with services.store.write() as unit:
            await outbox.relayed(unit, [event_id for event_id, *_ in waiting])


async def _resolve(services: Services, alert_id: int) -> None:
    services.held.add(alert_id)
    try:
        with RESOLVE_SECONDS.time():
            found = await resolve(services, alert_id)
    finally:
        services.held.discard(alert_id)
    MATCHED.inc(found)
    _log.info("resolved", alert=alert_id, people=found)


async def _deliver(services: Services, batch_id: int) -> None:
    services.held.add(batch_id)
    try:
        await deliver(services, batch_id)
    finally:
        services.held.discard(batch_id)


async def _entering(services: Services) -> None:
    async with services.bus.listen(PEOPLE) as signal:
        while True:
            ENTERED.inc(await enter(services))
            await signal.wait(_SWEEP_S * 10)


async def _sweeping(services: Services) -> None:
    """Put back on the bus whatever the store says is unfinished; keep what is held; forget what is old."""
    turn = 0
    while True:
        await sweep(services)
        if turn % _UPKEEP_EVERY == 0:
            async with services.store.write() as unit:
                await upkeep.trim_changes(unit)
                await sandbox.trim(unit, services.settings.sandbox_keep)
        turn += 1
        await asyncio.sleep(_SWEEP_S)


async def sweep(services: Services) -> None:
    """One sweep: due batches and unresolved alerts go to the bus, held leases are renewed, expired areas forgotten."""
    now = services.clock.now()
    async with services.store.read() as unit:
        due = await batches.due(unit, now, _DUE)
        unresolved = await alerts.unresolved(unit, now)
    for batch in due:
        await services.bus.put(queue_of(batch.channel, batch.rank), [(str(batch.id), batch.rank)])
    if unresolved:
        await services.bus.put(RESOLVE, [(str(alert_id), rank) for alert_id, rank in unresolved])
    if services.held:
        async with services.store.write() as unit:
            until = now + timedelta(seconds=services.settings.lease_s)
            await batches.renew(unit, services.owner, until)
            await alerts.renew(unit, services.owner, until)
    services.active.sweep(now)
    for name in services.senders:
        for lane in Lane:
            queue = f"deliver.{name}.{lane}"
            WAITING.labels(queue).set(await services.bus.depth(queue))

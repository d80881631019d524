"""Loops that run the stages: relay, resolvers, senders, entrants, ledger, sweeper."""

import asyncio
import functools
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from broadcaster import presence
from broadcaster.bus import BusUnavailable
from broadcaster.domain.alerts import Lane, Severity, Status, rank_of
from broadcaster.figures import Figures
from broadcaster.geocoding.client import Geocoder, GeocoderUnavailable
from broadcaster.geocoding.placing import name_alerts, place_all
from broadcaster.metrics import ENTERED, MATCHED, RESOLVE_SECONDS
from broadcaster.pipeline.carrier import hear
from broadcaster.pipeline.deliver import deliver
from broadcaster.pipeline.enter import enter
from broadcaster.pipeline.lead import LEAD_S, leads
from broadcaster.pipeline.reach import ASKED, answer
from broadcaster.pipeline.relay import relay
from broadcaster.pipeline.render.warming import warm
from broadcaster.pipeline.resolve import resolve
from broadcaster.pipeline.services import ProcessRole, Services
from broadcaster.pipeline.sweep import ClockJumps, sweep, take_over
from broadcaster.pipeline.topics import ALERTS, PEOPLE, RESOLVE
from broadcaster.pipeline.warming import warm_connections, warm_store
from broadcaster.store import StoreUnavailable, Unit
from broadcaster.store.alerts import alerts, batches
from broadcaster.store.engine import leases
from broadcaster.store.engine.turnstile import urgently
from broadcaster.store.operations import alive, processes
from broadcaster.timetable import timetable
from schedules import Timetable

_EXTREME, _SEVERE = (rank_of(each, Status.ACTUAL) for each in (Severity.EXTREME, Severity.SEVERE))
_MODERATE, _ANY = (rank_of(each, Status.ACTUAL) for each in (Severity.MODERATE, Severity.MINOR))
# Greatest rank that each runner takes, so that urgent work finds a free runner, no matter how many less urgent batches
# are in progress or how slow their sender is.
_RUNNERS = {Lane.URGENT: (_SEVERE,) * 4 + (_EXTREME,) * 2, Lane.ROUTINE: (_ANY,) * 2 + (_MODERATE,)}
_RESOLVERS = {Lane.URGENT: (_SEVERE,) * 3 + (_EXTREME,), Lane.ROUTINE: (_ANY,) * 2}
_SWEEP_S = 1.0
_FOLLOW_S = 5.0
_ENTER_PACE_S = 0.05
"""Interval between checks for changes under load: a check costs about the same for one change as for a hundred."""
_INDEX_PACE_S = 0.5
"""The same for the index; look-ups apply the changes first."""
_AGAIN_S = 1.0
_SETTLE_S = 2.0
_WARM_S = 0.5
"""By then the loops have had their first turn, and the pool has the connections that it keeps."""
_PLACE_S, _GEOCODER_AWAY_S = 5.0, 60.0
_CANCELLED_S = 5.0
"""Time limit for cancelled tasks, since one that waits for a silent store would never end."""
_LOCK_WAIT_S = 10.0
_LOCK_AGAIN_S = 0.1
_log = structlog.get_logger(__name__)


async def _warmed(warming: Awaitable[None]) -> None:
    try:
        await warming
    except StoreUnavailable:
        pass  # then the first alert takes that time
    except Exception:  # noqa: BLE001  logged; it must not keep the service down
        _log.exception("what the first alert needs could not be made ready")


async def warm_up(services: Services) -> None:
    """Spend before the service listens what its first alert would wait for."""
    await _warmed(warm_store(services))
    if ProcessRole.SENDER in services.roles:
        await _warmed(asyncio.to_thread(warm, services.links, services.clock.now()))


async def _warm_later(services: Services) -> None:
    await asyncio.sleep(_WARM_S)
    await warm_connections(services)


@asynccontextmanager
async def working(services: Services) -> AsyncIterator[None]:
    """Run the loops of this process's roles within the block.

    Shutdown: stop the intake, let current work end, record its outcomes.
    """
    told = asyncio.Event()
    told.set()
    services.store.on_publish = told.set
    await services.bus.open()
    living = None
    if not services.settings.embedded:
        living = await _live(services)
        with suppress(StoreUnavailable):  # now, so that it is visible at once
            await presence.announce(services)
    ledger = asyncio.create_task(services.ledger.run(), name="ledger")
    crew = _Crew(services)
    crew.start("relay", lambda: relay(services, told))
    crew.start("holding", lambda: _holding(services))
    crew.start("active alerts", lambda: _following(services))
    if not services.settings.embedded:  # embedded, one process has every role
        crew.start("presence", lambda: _announcing(services))
    figures = Figures(services)
    recurring = timetable(services, figures)
    if ProcessRole.SCHEDULER in services.roles:
        crew.start("sweeper", lambda: _sweeping(services, figures, recurring))
        crew.start("addresses", lambda: _placing(services))
    if ProcessRole.RESOLVER in services.roles:
        crew.start("entrants", lambda: _entering(services))
        crew.start("answers", lambda: services.bus.answer(ASKED, functools.partial(answer, services)))
        for lane, resolvers in _RESOLVERS.items():
            for most in resolvers:
                crew.start("resolver", functools.partial(crew.take, f"{RESOLVE}.{lane}", most, _resolve))
    if ProcessRole.SENDER in services.roles:
        _start_senders(crew, services)
    warming = asyncio.create_task(_warmed(_warm_later(services)), name="warming")
    try:
        yield
    finally:
        services.stopping.set()
        services.store.on_publish = None
        warming.cancel()
        await crew.end()
        await recurring.stop()
        await _written_down(services)
        ending = [ledger] if living is None else [ledger, living]
        for task in ending:
            task.cancel()
        await asyncio.wait(ending, timeout=_CANCELLED_S)


def _start_senders(crew: "_Crew", services: Services) -> None:
    crew.start("probes", lambda: _probing(services))
    for name, sender in services.senders.items():
        sender.channel.make_ready()
        if sender.listener is not None:
            crew.start("reports", functools.partial(hear, services, sender))
        for lane, runners in _RUNNERS.items():
            for most in runners:
                crew.start("sender", functools.partial(crew.take, f"deliver.{name}.{lane}", most, deliver))


async def _live(services: Services) -> asyncio.Task[None]:
    """Hold the lock that proves this process alive; return its task."""
    services.owner = alive.HOLDER + services.owner
    held = asyncio.Event()

    async def holding() -> None:
        while True:
            try:
                await alive.hold(services.store, services.owner, held)
            except StoreUnavailable as error:
                services.deaths.doubt(at=time.monotonic())
                _log.warning("liveness session lost", error=str(error))
                await asyncio.sleep(_LOCK_AGAIN_S)

    task = asyncio.create_task(holding(), name="living")
    with suppress(TimeoutError):  # the store is unavailable: nothing can be leased until it is back
        async with asyncio.timeout(_LOCK_WAIT_S):
            await held.wait()
    return task


async def _written_down(services: Services) -> None:
    """Record the outcomes of everything sent, and release this process's leads.

    There is a time limit, as on a full disk or with a silent server we would be killed. Messages whose outcomes could
    not be written are sent again, and marked.
    """
    try:
        async with asyncio.timeout(services.settings.grace_s + _SETTLE_S):
            await services.ledger.settled()
            async with services.store.write() as unit:
                await leases.give_back(unit, services.owner)
                await processes.withdraw(unit, services.owner)
    except (StoreUnavailable, TimeoutError) as error:
        _log.error("outcomes could not be written: their messages are sent again", error=str(error))


class _Crew:
    """The loops' tasks, with the busy ones marked."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()

    def start(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        self._tasks.add(asyncio.create_task(self._repeat(name, step), name=name))

    async def _repeat(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        """Repeat a step; errors are logged, and retried after a moment."""
        while not self._services.stopping.is_set():
            try:
                await step()
            except (StoreUnavailable, BusUnavailable) as error:
                # Store and bus log their unavailability themselves, once instead of per loop.
                _log.debug("a loop waits for the store or the bus", loop=name, error=str(error))
                await asyncio.sleep(_AGAIN_S)
            except Exception:  # noqa: BLE001  logged; the other loops and the next turn go on
                _log.exception("a loop failed, and goes on", loop=name)
                await asyncio.sleep(_AGAIN_S)

    async def take(self, queue: str, most: int, work: Callable[[Services, int], Awaitable[None]]) -> None:
        """Take a job of at most that rank, and run it."""
        job = await self._services.bus.take(queue, most)
        task = asyncio.current_task()
        if task is not None:
            self._busy.add(task)
        try:
            with self._services.precedence.holding(job.rank):
                await work(self._services, int(job.ref))
        finally:
            if task is not None:
                self._busy.discard(task)
            with suppress(BusUnavailable):  # the job is then redelivered, and the store knows that it is done
                await self._services.bus.done(job)

    async def end(self) -> None:
        """Let current jobs end within the grace time; senders release deliveries that they did not send."""
        for task in self._tasks - self._busy:
            task.cancel()
        for sender in self._services.senders.values():
            sender.gate.dismiss()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._services.settings.grace_s):
                # Shutdown waits for detached sends, which a busy job may still add.
                while under_way := self._busy | self._services.lingering:
                    await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        every = self._tasks | self._services.lingering
        for task in every:
            task.cancel()
        await asyncio.wait(every, timeout=_CANCELLED_S)


async def _resolve(services: Services, alert_id: int) -> None:
    if alert_id in services.held_alerts:  # as for a batch: a clock jump may have ended its lease
        return
    services.held_alerts.add(alert_id)
    try:
        with RESOLVE_SECONDS.time():
            found = await resolve(services, alert_id)
    finally:
        services.held_alerts.discard(alert_id)
    MATCHED.inc(found)
    _log.info("resolved", alert=alert_id, people=found)


async def _entering(services: Services) -> None:
    """Keep the index current, and run *enter*, which only one resolver at a time does."""
    clock = asyncio.get_running_loop().time
    leads_until = follows_at = 0.0
    async with services.bus.listen(PEOPLE) as signal:
        while True:
            now = clock()
            again_at = now + _ENTER_PACE_S
            if now >= leads_until and await leads(services, "entrants"):
                leads_until = now + LEAD_S / 6
            if now < leads_until:  # first: people are waiting for it
                ENTERED.inc(await enter(services))
            idle_s = LEAD_S / 3
            if now >= follows_at:
                follows_at = now + _INDEX_PACE_S
                await services.here.follow()
            else:
                idle_s = follows_at - now
            await signal.wait(idle_s)
            await asyncio.sleep(again_at - clock())


async def _following(services: Services) -> None:
    """Keep track of active alerts, issued or cancelled by any process."""
    async with services.bus.listen(ALERTS) as signal:
        while True:
            for alert in await services.active.follow():
                services.expect(alert)
            await signal.wait(_FOLLOW_S)


async def _holding(services: Services) -> None:
    """Renew the leases of this process's work.

    One statement, without a transaction around it: when CPU is short each round trip may take a second, because other
    tasks run in between.
    """
    lease_s = services.settings.lease_s
    await asyncio.sleep(lease_s / 4)
    held, resolving = dict(services.held_batches), sorted(services.held_alerts)
    asked_at = time.monotonic()

    async def renew_batches(unit: Unit) -> set[int]:
        return await batches.renew(unit, services.owner, held.keys(), unit.later(services.clock.now(), lease_s))

    async def renew_alerts(unit: Unit) -> None:
        await alerts.renew(unit, services.owner, resolving, unit.later(services.clock.now(), lease_s))

    with urgently():  # waiting behind an alert to a million people, it would be too late, and the leases taken over
        renewed = await services.store.run_write(renew_batches, single=True) if held else set()
        for batch_id, until in held.items():
            if batch_id in renewed:
                services.leased(batch_id, asked_at)
            elif 0 < until == services.held_batches.get(batch_id):  # under the same lease: another has taken it over
                services.leased(batch_id, -math.inf)
        if resolving:
            await services.store.run_write(renew_alerts, single=True)


async def _announcing(services: Services) -> None:
    """Announce this process periodically."""
    async with services.store.write() as unit:
        await processes.forget_dead(unit, services.clock.now())
    while True:
        await asyncio.sleep(processes.BEAT_S)
        await presence.announce(services)


async def _probing(services: Services) -> None:
    """Probe the providers periodically, so that an outage is known before the next alert."""
    every_s = services.settings.probe_every_s
    if not every_s:
        await asyncio.Event().wait()
    pause_s, whole_at = min(every_s, presence.REACH_EVERY_S), time.monotonic() + every_s
    while True:
        await asyncio.sleep(pause_s)
        whole = time.monotonic() >= whole_at
        await presence.probe(services, whole=whole)
        whole_at += every_s if whole else 0


async def _sweeping(services: Services, figures: Figures, recurring: Timetable) -> None:
    """Lead, or stand by: requeue unfinished work, and run the timetable."""
    jumps = ClockJumps()
    while True:
        if await leads(services, "scheduler"):
            if await jumps.repair(services):
                await recurring.stop()  # the lease was set by a fast clock
            recurring.start()
            await take_over(services)
            await sweep(services)
        else:
            await recurring.stop()
            figures.forget()
        await asyncio.sleep(_SWEEP_S)


async def _placing(services: Services) -> None:
    """Look up alerts' places and waiting addresses while this process leads; pause while the geocoder is away."""
    pause_s = _PLACE_S
    if services.settings.geocoder_url and await leads(services, "scheduler"):
        geocoder = Geocoder(services.settings.geocoder_url)
        for work in (name_alerts, place_all):  # either may fail alone, as not every geocoder supports both requests
            try:
                await work(services.store, geocoder, services.clock)
            except GeocoderUnavailable:
                pause_s = _GEOCODER_AWAY_S
    await asyncio.sleep(pause_s)

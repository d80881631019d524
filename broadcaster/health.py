"""Collects the service's current troubles for /readyz, the console and ``tocsin doctor``.

Each process finds its own troubles (disk, providers) and announces them with its roles (``workers``). A report adds the
troubles that others announced, the state of the queues in the store, and whether the bus answers.
"""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from broadcaster.bus import Bus, BusUnavailable
from broadcaster.clock import Clock
from broadcaster.config import Settings
from broadcaster.domain.alerts import Lane, lane_of_rank
from broadcaster.domain.health import NO_ROLE, Code, Trouble, in_order
from broadcaster.domain.people import ChannelName
from broadcaster.sending.sender import Sender
from broadcaster.store import Store, StoreUnavailable, Unit, schedules
from broadcaster.store.alerts import counting, retiring
from broadcaster.store.alerts import report as reports
from broadcaster.store.operations import gauges, processes
from broadcaster.store.operations.gauges import Reading
from schedules import SchoolCalendar

PATIENCE_S = 3.0
"""Seconds after which store and bus count as unavailable."""

STUCK_S = 6.0
LATE_S = {Lane.URGENT: 10.0, Lane.ROUTINE: 60.0}
"""An alert's first message is late after this many seconds."""

SCHOOL_DAYS = timedelta(days=120)
"""How long before the end of the known school holidays schedules that skip these are a trouble."""

_MB = 1_000_000
_REFUSED_SINCE = timedelta(days=30)
_MOST_REFUSALS = 5


class Process(Protocol):
    """The parts of this process that are checked."""

    settings: Settings
    store: Store
    bus: Bus
    clock: Clock
    owner: str
    school: SchoolCalendar
    senders: dict[ChannelName, Sender]
    probed: dict[ChannelName, list[Trouble]]


class Health:
    """Checks the service. Concurrent callers share a check; nobody waits longer than ``PATIENCE_S``."""

    def __init__(self, services: Process) -> None:
        self._services = services
        self._store = _Look(self._of_the_store, Code.STORE_AWAY)
        self._bus = _Look(self._of_the_bus, Code.BUS_AWAY)
        self._kept: tuple[float, list[Trouble]] | None = None

    async def troubles(self, *, kept_s: float = 0.0) -> list[Trouble]:
        """Return the troubles, errors first; with ``kept_s`` they may be that many seconds old."""
        if self._kept is not None and time.monotonic() - self._kept[0] < kept_s:
            return self._kept[1]
        own, shared, bus = await asyncio.gather(
            asyncio.to_thread(own_troubles, self._services), self._store.take(), self._bus.take()
        )
        found = in_order([*shared, *bus, *own])
        self._kept = time.monotonic(), found
        return found

    async def _of_the_store(self) -> list[Trouble]:
        services = self._services
        async with services.store.read() as unit:
            now, embedded = services.clock.now(), services.settings.embedded
            return await stored_troubles(unit, now, services.school, embedded=embedded, owner=services.owner)

    async def _of_the_bus(self) -> list[Trouble]:
        await self._services.bus.ping()
        return []


class _Look:
    """Runs one check at a time; concurrent callers wait for its result, with a time limit."""

    def __init__(self, really: Callable[[], Awaitable[list[Trouble]]], silent: Code) -> None:
        self._really = really
        self._silent = silent
        self._task: asyncio.Task[list[Trouble]] | None = None

    async def take(self) -> list[Trouble]:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._looked())
        await asyncio.wait({self._task}, timeout=PATIENCE_S)
        return self._task.result() if self._task.done() else [Trouble(self._silent)]

    async def _looked(self) -> list[Trouble]:
        try:
            return await self._really()
        except (StoreUnavailable, BusUnavailable):
            return [Trouble(self._silent)]


async def stored_troubles(
    unit: Unit, now: datetime, school: SchoolCalendar, *, embedded: bool, owner: str = ""
) -> list[Trouble]:
    """Return the store's troubles: roles without a process, stalled queues, stopped channels, unknown school holidays.

    ``owner``: the asking process, which knows its own troubles.
    """
    found = [
        Trouble(Code.CHANNEL_STOPPED, {"channel": str(name)}, why) for name, why in (await reports.stops(unit)).items()
    ]
    refusals = await retiring.refusals_now(unit, now - _REFUSED_SINCE)
    found += [refused(each) for each in refusals[:_MOST_REFUSALS]]
    if not embedded:
        living = await processes.living(unit, now)
        found += absent_roles(living)
        found += [each for process in living if process.id != owner for each in process.troubles]
    found += _school_days(school, await schedules.school_zones(unit), now)
    return [*found, *_standing_still(await gauges.read(unit, now))]


def _school_days(school: SchoolCalendar, zones: Sequence[str], now: datetime) -> Iterator[Trouble]:
    for zone in sorted(set(zones) & set(school.zones)):
        last = school.known_until(zone)
        if last < (now + SCHOOL_DAYS).date():
            yield Trouble(Code.SCHOOL_DAYS_END, {"zone": zone, "day": last.isoformat()})


def refused(found: retiring.KeeperRefusal) -> Trouble:
    """Return the trouble of a provider that refuses us for every receiver."""
    named = found.channel in {ChannelName.EMAIL, ChannelName.PUSH}
    keeper = found.keeper if named else found.code.partition(":")[0]
    params: dict[str, str | int] = {"channel": str(found.channel), "keeper": keeper, "people": found.refused}
    return Trouble(Code.SENDER_REFUSED, params, f"{found.detail} ({found.code})")


def absent_roles(living: Sequence[processes.Process]) -> Iterator[Trouble]:
    """Yield a trouble for each role without a living process."""
    there = {role for process in living for role in process.roles}
    return (Trouble(code) for role, code in NO_ROLE.items() if role not in there)


def _standing_still(reading: Reading) -> Iterator[Trouble]:
    waiting = [
        (reading.at - each.sent_at).total_seconds()
        for each in reading.alerts
        if each.resolved_at is None and not each.leased
    ]
    late = [seconds for seconds in waiting if seconds >= STUCK_S]
    if late:
        yield Trouble(Code.ALERTS_WAIT, {"seconds": int(max(late))})
    stuck: dict[str, float] = {}
    for (channel, rank), due_at in reading.due.items():
        seconds = (reading.at - due_at).total_seconds()
        # Many batches may wait for a slow provider, but while a sender holds one of them, the queue moves.
        if seconds >= STUCK_S and (channel, lane_of_rank(rank)) not in reading.held:
            stuck[channel] = max(seconds, stuck.get(channel, 0.0))
    for name, seconds in stuck.items():
        yield Trouble(Code.QUEUE_STUCK, {"channel": str(name), "seconds": int(seconds)})
    for alert in reading.alerts:
        seconds = (reading.at - alert.since).total_seconds()
        told = alert.told.get(counting.ACCEPTED, 0) or alert.finished_at is not None or alert.expires_at <= reading.at
        if alert.queued and not told and seconds >= LATE_S[alert.lane]:
            yield Trouble(Code.FIRST_LATE, {"seconds": int(seconds)}, alert_id=alert.id)


def own_troubles(services: Process) -> list[Trouble]:
    """Return this process's troubles: disk and providers. Blocks on the disk."""
    return [*_disk(services.settings), *_providers(services)]


def _disk(settings: Settings) -> Iterator[Trouble]:
    """Warn before the disk is full, since nothing can be accepted without space."""
    if settings.embedded and settings.least_free_mb:
        with suppress(OSError):  # the store itself reports a missing folder
            free_mb = shutil.disk_usage(settings.store_path.parent).free // _MB
            if free_mb < settings.least_free_mb:
                yield Trouble(Code.DISK_LOW, {"megabytes": free_mb})


def _providers(services: Process) -> Iterator[Trouble]:
    for name, sender in services.senders.items():
        if sender.sandboxed:
            continue
        away = sender.origins.in_trouble()
        replaced: list[str] = []
        if sender.failover is not None:
            ill = [each.name for each in sender.failover.providers if each.breaker.in_trouble]
            all_ill = len(ill) == len(sender.failover.providers)
            away, replaced = (ill, []) if all_ill else ([], ill)
        for provider in away:
            yield Trouble(Code.PROVIDER_AWAY, {"channel": str(name), "provider": provider})
        for provider in replaced:
            yield Trouble(Code.PROVIDER_REPLACED, {"channel": str(name), "provider": provider})
        yield from services.probed.get(name, ())

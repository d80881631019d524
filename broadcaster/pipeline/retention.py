"""Enforces how long each kind of data is kept; run by the leading scheduler."""

import asyncio
from datetime import datetime, timedelta
from functools import partial

from broadcaster.domain.audit import Action, Actor, ActorKind
from broadcaster.domain.retention import PERIODS, WARNINGS, Kind
from broadcaster.pipeline import notices
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit, sandbox
from broadcaster.store.operations import audit, retention
from broadcaster.store.operations.retention import Enforcement, Step
from broadcaster.store.people import inactive
from broadcaster.store.register import erasing
from broadcaster.store.stations import stations

_PARTS = 200
"""Transactions a run and kind; the next run goes on."""
_WARNED_AT_ONCE = 100


async def keep_periods(services: Services) -> None:
    """Delete what is older than its period, a part a transaction; warn and erase inactive residents."""
    now = services.clock.now()
    known = await services.store.run_read(retention.enforced)
    sandboxed = partial(sandbox.trim, keep_n=services.settings.sandbox_keep)
    steps: dict[Kind, Step] = {**retention.STEPS, Kind.SANDBOX: sandboxed}
    for kind, step in steps.items():
        before, removed = now - period(services, kind), 0
        for _ in range(_PARTS if _has_started(kind, known.get(kind), now) else 0):
            async with services.store.write() as unit:
                done = await step(unit, before)
            removed += done
            if not done:
                break
            await asyncio.sleep(0)
        await _record(services, kind, removed, now)
    for number in range(len(WARNINGS)):
        await _warn(services, number, now)
    await _record(services, Kind.INACTIVE, await _erase(services, now), now)


def period(services: Services, kind: Kind) -> timedelta:
    """Return how long a kind of data is kept."""
    found = PERIODS[kind]
    return found.length(getattr(services.settings, found.setting) if found.setting else 0)


def _has_started(kind: Kind, known: Enforcement | None, now: datetime) -> bool:
    """Return whether the period may delete yet: one of months waits (``GRACE``) when it is new."""
    if known is None:
        return not PERIODS[kind].has_grace
    return known.starts_at is None or known.starts_at <= now


async def _record(services: Services, kind: Kind, removed: int, now: datetime) -> None:
    async with services.store.write() as unit:
        await retention.record(unit, kind, removed, now)


async def _warn(services: Services, number: int, now: datetime) -> None:
    """Warn people for whom this many warnings were sent and the next is due, by all contacts that can be written to.

    A warning is recorded after it is sent: if the process dies in between, it is sent twice rather than never. Each run
    goes on after the people whom the last one tried, so that those whose only provider is down delay nobody else.
    """
    left = WARNINGS[number]
    soon = now - (period(services, Kind.INACTIVE) - left)
    last = now - (WARNINGS[number - 1] - left) if number else None
    due = partial(inactive.silent_since, before=soon, limit=_WARNED_AT_ONCE, warnings=number, warned=last)
    async with services.store.read() as unit:
        after = await inactive.reached(unit, number)
        silent = await due(unit, after=after)
        if after and not silent:
            silent = await due(unit)
    if not silent:
        return
    async with services.store.write() as unit:
        await inactive.reach(unit, number, silent[-1])
        still = set(silent) - await inactive.record_signs(unit, silent, soon)
        found = await inactive.to_warn(unit, still)
        theirs = {each.id: each for each in await stations.by_ids(unit, {each.station_id for each in found})}
        await inactive.warned(unit, still - {each.id for each in found}, number + 1, now, before=soon)

    async def tell(who: inactive.Silent) -> None:
        if await notices.warn(services, who, theirs[who.station_id], now + left):
            async with services.store.write() as unit:
                await inactive.warned(unit, [who.id], number + 1, now, before=soon)

    async with asyncio.TaskGroup() as group:  # together, as each may wait long for a provider that is down
        for each in found:
            group.create_task(tell(each))


async def _erase(services: Services, now: datetime) -> int:
    """Erase people who got all warnings in time and gave no sign; return how many."""
    before = now - period(services, Kind.INACTIVE)
    async with services.store.read() as unit:
        silent = await inactive.silent_since(
            unit, before, _WARNED_AT_ONCE, warnings=len(WARNINGS), warned=now - WARNINGS[-1]
        )
    if not silent:
        return 0

    async def keep(unit: Unit) -> int:
        alive = await inactive.record_signs(unit, silent, before)
        gone = [each for each in silent if each not in alive]
        for each in gone:
            await erasing.erase(unit, each, erasing.Way.SILENT, now)
            await audit.record(unit, Actor(ActorKind.SERVICE, now), Action.PERSON_REMOVED, each, silent=True)
        return len(gone)

    return await services.store.transact(keep)

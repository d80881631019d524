"""Schedule: issue alerts written for later. The leader issues each due occurrence once; late ones wait for a person."""

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from broadcaster.domain.alerts import Alert, ThreadRole
from broadcaster.domain.audience import AudienceKind
from broadcaster.domain.audit import Action, Actor, ActorKind
from broadcaster.domain.refusals import Conflict, Refused
from broadcaster.domain.schedules import Occurrence, Outcome, Schedule
from broadcaster.domain.stations import Station
from broadcaster.pipeline import scheduling
from broadcaster.pipeline.approving import check_second, needed
from broadcaster.pipeline.duty import check_on_duty
from broadcaster.pipeline.issue import announce, drawn_up, record
from broadcaster.pipeline.rules import ground_of
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit, schedules
from broadcaster.store.alerts import alerts
from broadcaster.store.schedules import Settled
from broadcaster.store.stations import stations
from zones import Jurisdiction

_AT_ONCE = 500
"""Schedules per transaction."""
_MOST_DUE = 1000
"""Occurrences recorded per schedule and run; older ones, after months of downtime, are dropped."""
_MEASURE_BEFORE = timedelta(minutes=10)
_MEASURED = 50


async def issue_due(services: Services) -> int:
    """Issue each due occurrence once and record missed ones. Return how many alerts were issued."""
    await _recount_due(services)
    issued = 0
    while True:
        now = services.clock.now()

        async def read(unit: Unit, now: datetime = now) -> tuple[list[Schedule], _Facts]:
            due = await schedules.due(unit, now, _AT_ONCE)
            return due, await _facts(unit, due, now)

        due, facts = await services.store.run_read(read)
        if not due:
            return issued
        plans = await asyncio.to_thread(_plans, services, due, facts, now)

        async def settle(unit: Unit, plans: list[Settled] = plans, now: datetime = now) -> list[Settled]:
            written = await schedules.settle(unit, plans)
            for plan in written:
                if plan.alert is not None:
                    sent = Actor(ActorKind.SERVICE, now), Action.ALERT_SENT, plan.alert
                    await record(unit, *sent, schedule=plan.schedule.id, author=plan.schedule.key_id)
            return written

        written = await services.store.run_write(settle)
        for plan in written:
            if plan.alert is not None:
                issued += 1
                announce(services, plan.alert)
        if not written:
            return issued  # another leader was faster


@dataclass
class _Facts:
    """Facts that planning needs, each read once. ``authors``: valid keys; ``reminded``: alerts by id.

    ``groups`` and ``grounds``: by station, for stations that need them.
    """

    stations: dict[int, Station]
    authors: set[int]
    reminded: dict[int, Alert]
    groups: dict[int, dict[str, int]]
    grounds: dict[int, Jurisdiction] = field(default_factory=dict)

    def ground(self, station: Station) -> Jurisdiction:
        if station.id not in self.grounds:
            self.grounds[station.id] = ground_of(station)
        return self.grounds[station.id]


async def _facts(unit: Unit, due: list[Schedule], now: datetime) -> _Facts:
    known = await stations.by_ids(unit, {each.station_id for each in due})
    authors = await stations.valid_keys(unit, {each.key_id for each in due}, now)
    reminded = await alerts.by_ids(unit, sorted({each.reminds for each in due if each.reminds is not None}))
    to_groups = {each.station_id for each in due if each.message.audience.kind is AudienceKind.GROUPS}
    groups = {each: await stations.group_ids(unit, each) for each in to_groups}
    return _Facts({each.id: each for each in known}, authors, {each.id: each for each in reminded}, groups)


def _plans(services: Services, due: list[Schedule], facts: _Facts, now: datetime) -> list[Settled]:
    return [_plan(services, each, facts, now) for each in due]


def _plan(services: Services, schedule: Schedule, facts: _Facts, now: datetime) -> Settled:
    station = facts.stations[schedule.station_id]
    try:
        when = scheduling.recurrence(services, schedule, station)
    except Refused as error:  # its school zone is no longer in the data
        gone = Occurrence(schedule.id, schedule.next_at or now, Outcome.REFUSED, why=error)
        return Settled(schedule, None, now, (gone,))
    if schedule.reminds is not None:
        alert = facts.reminded.get(schedule.reminds)
        if alert is None or not alert.active(now):
            return Settled(schedule, None, now, ())
    instants: deque[datetime] = deque(maxlen=_MOST_DUE)
    next_at = None
    for at in when.after(schedule.next_at or now, inclusive=True):
        if at > now:
            next_at = at
            break
        instants.append(at)
    ended_at = now if next_at is None else None
    if not instants:  # the day has become a holiday
        return Settled(schedule, next_at, ended_at, ())
    *earlier, last = instants
    missed = tuple(Occurrence(schedule.id, at, Outcome.MISSED) for at in earlier)
    if now - last > schedule.late:
        return Settled(schedule, next_at, ended_at, (*missed, Occurrence(schedule.id, last, Outcome.MISSED)))
    try:
        if schedule.unapproved or schedule.key_id not in facts.authors:
            raise Refused("approval-missing" if schedule.unapproved else "author-gone", "author")  # noqa: TRY301
        alert = _drawn_up(services, schedule, facts, now, last)
    except Refused as error:
        refused = Occurrence(schedule.id, last, Outcome.REFUSED, why=error)
        return Settled(schedule, next_at, ended_at, (*missed, refused))
    sent = Occurrence(schedule.id, last, Outcome.ISSUED, alert.id, reach=schedule.reach, reach_now=schedule.reach_now)
    return Settled(schedule, next_at, ended_at, (*missed, sent), alert)


def _drawn_up(services: Services, schedule: Schedule, facts: _Facts, now: datetime, at: datetime) -> Alert:
    """Return an occurrence's alert, which ends at the same time as if sent on time."""
    station = facts.stations[schedule.station_id]
    command = scheduling.command_of(schedule, station, at)
    ground = None if command.message.area is None else facts.ground(station)
    reminded = None if schedule.reminds is None else facts.reminded.get(schedule.reminds)
    if reminded is not None and command.expires_at is not None:
        command = replace(
            command,
            expires_at=min(command.expires_at, reminded.expires_at),
            references=(*reminded.references, reminded.id),
            role=ThreadRole.REMINDER,
            thread_id=reminded.first_id,
        )
    return drawn_up(services, command, facts.groups.get(station.id, {}), now, ground)


async def answer_missed(
    services: Services, schedule: Schedule, at: datetime, *, actor: Actor, send: bool
) -> Alert | None:
    """Send or dismiss an occurrence that was not sent. Raises ``Conflict`` if that was decided already.

    Raises ``Forbidden`` for somebody who is not on duty, or whose decision needs a second person.
    """
    now = services.clock.now()
    alert = people = None
    if send:
        await check_on_duty(services, schedule.station_id, actor)
        async with services.store.read() as unit:
            facts = await _facts(unit, [schedule], now)
        people = await scheduling.counted(services, schedule, facts.stations)
        if schedule.unapproved or await _outgrown(services, schedule, facts, people):
            await check_second(services, schedule.station_id, schedule.key_id, actor)
        alert = await asyncio.to_thread(_drawn_up, services, schedule, facts, now, now)
    outcome = Outcome.CANCELLED if alert is None else Outcome.ISSUED

    async def keep(unit: Unit) -> bool:
        number = None if alert is None else alert.id
        word = Occurrence(schedule.id, at, outcome, number, reach=schedule.reach, reach_now=people)
        if not await schedules.answer(unit, word):
            return False
        if alert is None:
            await scheduling.record(unit, actor, Action.OCCURRENCE_DISMISSED, schedule)
        else:
            await alerts.add_many(unit, [(alert, actor.key_id)])
            await record(unit, actor, Action.ALERT_SENT, alert, schedule=schedule.id)
        return True

    if not await services.store.transact(keep):
        raise Conflict("occurrence-answered")
    if alert is not None:
        announce(services, alert)
    return alert


async def measure(services: Services) -> None:
    """Recount the reach of schedules due soon, so that operators are warned in advance, and approvers asked."""
    await _recount(services, services.clock.now() + _MEASURE_BEFORE, binding=False)


async def _recount_due(services: Services) -> None:
    """Recount schedules that may need approval, and fell due while nothing ran that could recount them before."""
    while await _recount(services, services.clock.now(), binding=True):
        pass


async def _recount(services: Services, until: datetime, *, binding: bool) -> bool:
    """Recount the reach of some schedules; return whether there were any. ``binding``: see ``schedules.to_measure``."""
    now = services.clock.now()
    async with services.store.read() as unit:
        wanted = await schedules.to_measure(unit, until, _MEASURED, binding=binding)
        facts = await _facts(unit, wanted, now)
    for each in wanted:
        people = await scheduling.counted(services, each, facts.stations)
        asks = await _outgrown(services, each, facts, people)
        async with services.store.write() as unit:
            await schedules.measured(unit, each, people, asks=asks)
    return bool(wanted)


async def _outgrown(services: Services, schedule: Schedule, facts: _Facts, people: int | None) -> bool:
    """Return whether a schedule's reach grew so much that it needs approval, perhaps again."""
    grown = schedule.outgrew(people)
    return grown and await needed(services, facts.stations[schedule.station_id], schedule.message)

"""Schedule: alerts for later. The leader issues each due occurrence once; late ones wait for a decision."""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from broadcaster.bus import NoAnswer
from broadcaster.domain.alerts import Alert, MsgType, Role, Status
from broadcaster.domain.audience import AudienceKind
from broadcaster.domain.audit import Action, Actor, ActorKind
from broadcaster.domain.refusals import Conflict, Refused, refused
from broadcaster.domain.schedules import LONGEST_REASON, Consent, Kind, Occurrence, Outcome, Schedule, needs_reason
from broadcaster.domain.stations import Station
from broadcaster.pipeline.approving import check_second, needed
from broadcaster.pipeline.issue import LONGEST, IssueAlert, announce, draw_up, drawn_up, record
from broadcaster.pipeline.reach import Question, reach
from broadcaster.pipeline.rules import ground_of
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit, schedules
from broadcaster.store.alerts import alerts
from broadcaster.store.operations import audit
from broadcaster.store.schedules import Settled
from broadcaster.store.stations import stations
from schedules import BadSchedule, DaysOff, Recurrence
from zones import Jurisdiction

_AT_ONCE = 500
"""Schedules per transaction."""
_MOST_DUE = 1000
"""Occurrences recorded per schedule and run; older ones, after months of downtime, are dropped."""
_MEASURE_BEFORE = timedelta(minutes=10)
_MEASURED = 50
_log = structlog.get_logger(__name__)


def recurrence(services: Services, schedule: Schedule, station: Station) -> Recurrence:
    """Return when a schedule is due. Raises ``Refused``."""
    try:
        off = days_off(services, station, public=schedule.public_holidays, school_zone=schedule.school_zone)
        return Recurrence(schedule.starts, schedule.zone, schedule.rule, schedule.except_on, off)
    except BadSchedule as error:
        raise refused(error) from error


def days_off(services: Services, station: Station, *, public: bool, school_zone: str | None) -> DaysOff:
    """Return the days left out. Raises ``BadSchedule`` for an unknown school zone."""
    return DaysOff(public, station.insee, services.school.days(school_zone) if school_zone else frozenset())


def starts_at(said: str, zone: str) -> datetime:
    """Parse a wall-clock time in ``zone``, a tz database name. Raises ``Refused``."""
    try:
        time = datetime.fromisoformat(said)
        Recurrence(time.replace(tzinfo=None), zone)  # validates the zone
        return time if time.tzinfo is None else time.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except BadSchedule as error:
        raise refused(error) from error
    except (ValueError, OverflowError) as error:
        raise Refused("not-a-local-time", "at") from error


async def checked(services: Services, schedule: Schedule, station: Station) -> Schedule:
    """Return a new or edited schedule with its next due time. Raises ``Refused``."""
    now = services.clock.now()
    message = schedule.message
    if schedule.kind is Kind.DRILL and message.audience.kind is not AudienceKind.GROUPS:
        raise Refused("drill-without-group", "audience")
    if schedule.kind is Kind.DRILL and message.status is not Status.EXERCISE:
        raise Refused("drill-not-exercise", "status")
    grave = schedule.kind is not Kind.REMINDER and needs_reason(message.severity, message.status)
    if grave and not schedule.reason.strip():
        raise Refused("reason-needed", "reason")
    if len(schedule.reason) > LONGEST_REASON:
        raise Refused("text-too-long", "reason", n=len(schedule.reason) - LONGEST_REASON, most=LONGEST_REASON)
    if not timedelta(0) < schedule.lasts <= LONGEST:
        raise Refused("lasts-out-of-range", "expires", days=LONGEST.days)
    if schedule.onset is not None and not timedelta(0) <= schedule.onset < schedule.lasts:
        raise Refused("onset-not-while-it-lasts", "onset")
    if schedule.grace is not None and schedule.grace < timedelta(0):
        raise Refused("too-small", "grace", least=0)
    when = recurrence(services, schedule, station)
    await check_times(services, when)
    async with services.store.read() as unit:
        known = await stations.group_ids(unit, station.id)
    await draw_up(services, _command(schedule, station, now), known, now)
    people = await counted(services, schedule, {station.id: station})
    since = now if schedule.next_at is None else min(now, schedule.next_at)
    next_at = None if schedule.paused else when.next_after(since, inclusive=since < now)
    asks = schedule.kind is not Kind.REMINDER and await needed(services, station, message)
    consent = Consent.ASKED if asks else None
    return replace(schedule, next_at=next_at, reach=people, reach_now=None, consent=consent, approved_reach=None)


def _as_approved(was: Schedule, ready: Schedule) -> Schedule:
    """Return an edited schedule, still approved if it says the same to the same."""
    if ready.message != was.message or was.consent is not Consent.APPROVED:
        return ready
    return replace(ready, consent=was.consent, approved_reach=was.approved_reach)


async def check_times(services: Services, when: Recurrence) -> None:
    """Raise ``Refused`` for times that are past, never come, or come too often."""
    try:
        await asyncio.to_thread(when.check, services.clock.now())
    except BadSchedule as error:
        raise refused(error) from error


def _command(schedule: Schedule, station: Station, now: datetime) -> IssueAlert:
    return IssueAlert(
        station=station,
        actor=Actor(ActorKind.SERVICE, now),
        message=schedule.message,
        expires_at=now + schedule.lasts,
        onset_at=None if schedule.onset is None else now + schedule.onset,
        msg_type=MsgType.UPDATE if schedule.kind is Kind.REMINDER else MsgType.ALERT,
    )


async def issue_due(services: Services) -> int:
    """Issue each due occurrence once and record missed ones. Return how many alerts were issued."""
    issued = 0
    while True:
        now = services.clock.now()

        async def read(unit: Unit, now: datetime = now) -> tuple[list[Schedule], _Facts]:
            due = await schedules.due(unit, now, _AT_ONCE)
            return due, await _facts(unit, due, now)

        due, facts = await services.store.look(read)
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

        written = await services.store.at_once(settle)
        for plan in written:
            if plan.alert is not None:
                issued += 1
                announce(services, plan.alert)
        if not written:
            return issued  # another leader was faster


@dataclass
class _Facts:
    """What planning needs to know, each read once. ``authors``: valid keys; ``reminded``: alerts by id.

    ``groups`` and ``grounds``: by station, for those that need them.
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
        when = recurrence(services, schedule, station)
    except Refused as error:  # its school zone is no longer in any file
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
    """Return an occurrence's alert; it ends when it would have, had it been sent on time."""
    station = facts.stations[schedule.station_id]
    command = _command(schedule, station, at)
    ground = None if command.message.area is None else facts.ground(station)
    reminded = None if schedule.reminds is None else facts.reminded.get(schedule.reminds)
    if reminded is not None and command.expires_at is not None:
        command = replace(
            command,
            expires_at=min(command.expires_at, reminded.expires_at),
            references=(*reminded.references, reminded.id),
            role=Role.REMINDER,
            thread_id=reminded.first_id,
        )
    return drawn_up(services, command, facts.groups.get(station.id, {}), now, ground)


async def answer(services: Services, schedule: Schedule, at: datetime, *, actor: Actor, send: bool) -> Alert | None:
    """Send or dismiss an occurrence that was not sent. Raises ``Conflict`` if that was decided already."""
    now = services.clock.now()
    alert = None
    if send and schedule.unapproved:
        await check_second(services, schedule.station_id, schedule.key_id, actor)
    if send:
        async with services.store.read() as unit:
            facts = await _facts(unit, [schedule], now)
        alert = await asyncio.to_thread(_drawn_up, services, schedule, facts, now, now)
    people = None if alert is None else await counted(services, schedule, facts.stations)
    outcome = Outcome.CANCELLED if alert is None else Outcome.ISSUED

    async def keep(unit: Unit) -> bool:
        number = None if alert is None else alert.id
        word = Occurrence(schedule.id, at, outcome, number, reach=schedule.reach, reach_now=people)
        if not await schedules.answer(unit, word):
            return False
        if alert is None:
            await _record(unit, actor, Action.OCCURRENCE_DISMISSED, schedule)
        else:
            await alerts.add_many(unit, [(alert, actor.key_id)])
            await record(unit, actor, Action.ALERT_SENT, alert, schedule=schedule.id)
        return True

    if not await services.store.transact(keep):
        raise Conflict("occurrence-answered")
    if alert is not None:
        announce(services, alert)
    return alert


async def write(
    services: Services,
    station: Station,
    schedule: Schedule,
    *,
    actor: Actor,
    idempotency_key: str | None = None,
    request_hash: bytes | None = None,
) -> Schedule:
    """Store a new schedule; idempotent by key and request. Raises ``Refused``, ``Conflict``."""
    ready = await checked(services, schedule, station)

    async def keep(unit: Unit) -> tuple[Schedule, bytes] | None:
        found = None
        if idempotency_key is not None:
            found = await schedules.by_idempotency_key(unit, station.id, idempotency_key)
        if found is None:
            await schedules.add(unit, ready, idempotency_key=idempotency_key, request_hash=request_hash)
            await _record(unit, actor, Action.SCHEDULE_MADE, ready)
        return found

    earlier = await services.store.transact(keep)
    if earlier is None:
        return ready
    if earlier[1] != (request_hash or b""):
        raise Conflict("key-of-another-schedule")
    return earlier[0]


async def change(
    services: Services,
    station: Station,
    was: Schedule,
    now_is: Schedule,
    at: datetime | None,
    *,
    actor: Actor,
    following: bool,
) -> Schedule:
    """Change a schedule: wholly, only the occurrence ``at``, or that and all ``following``.

    Return the schedule that holds the change; for one or following occurrences a new one with the id ``now_is.id``.
    Raises ``Refused``, and ``Conflict`` if it was edited, ended or issued meanwhile.
    """
    if was.ended_at is not None:
        raise Conflict("schedule-ended")
    if at is None:
        pauses = now_is == replace(was, paused=True)  # allowed whatever else is wrong
        ready = replace(now_is, next_at=None) if pauses else _as_approved(was, await checked(services, now_is, station))
        await _replace(services, actor, was, ready, None)
        return ready
    if at <= services.clock.now():
        raise Conflict("occurrence-past")
    when = recurrence(services, was, station)
    try:
        earlier, later = when.split(at)
        rest: Recurrence | None = earlier if following else when.without(at)
    except BadSchedule as error:
        raise refused(error) from error
    left = None
    if rest is not None:
        left = replace(was, starts=rest.start, rule=rest.rule, except_on=rest.except_on)
        left = replace(left, next_at=None if was.paused else rest.next_after(services.clock.now()))
    if left is None or (left.next_at is None and not left.paused):
        left = replace(left or was, ended_at=services.clock.now(), next_at=None)
    if following:
        moved = replace(now_is, rule=later.rule if now_is.rule == was.rule else now_is.rule)
    else:
        moved = replace(now_is, rule=None, except_on=frozenset(), public_holidays=False, school_zone=None)
    if moved.starts == was.starts:
        moved = replace(moved, starts=later.start)
    if moved.paused and not following:
        await _replace(services, actor, was, left, None)  # pausing one occurrence leaves it out
        return left
    ready = _as_approved(was, await checked(services, replace(moved, next_at=None), station))
    await _replace(services, actor, was, left, ready)
    return ready


async def approve(services: Services, was: Schedule, *, actor: Actor) -> None:
    """Let a schedule go out when it is due. Raises ``Forbidden`` for its author, ``Conflict`` if it was changed."""
    await check_second(services, was.station_id, was.key_id, actor)
    people = was.reach if was.reach_now is None else was.reach_now
    await _replace(services, actor, was, replace(was, consent=Consent.APPROVED, approved_reach=people), None)


async def end(services: Services, was: Schedule, *, actor: Actor) -> None:
    """End a schedule, overdue or not: nothing more is sent, and missed occurrences are dismissed."""
    ended = replace(was, ended_at=services.clock.now(), next_at=None)
    await _replace(services, actor, was, ended, None)


async def _replace(services: Services, actor: Actor, was: Schedule, kept: Schedule, added: Schedule | None) -> None:
    async def keep(unit: Unit) -> bool:
        if not await schedules.change(unit, was, kept):
            return False
        if added is not None:
            await schedules.add(unit, added)
        if kept.ended_at is not None:
            await schedules.let_go(unit, kept.id)
        action = Action.SCHEDULE_CHANGED
        if kept.ended_at is not None and added is None:
            action = Action.SCHEDULE_ENDED
        elif kept.consent is Consent.APPROVED and was.unapproved:
            action = Action.SCHEDULE_APPROVED
        await _record(unit, actor, action, kept)
        if added is not None:
            await _record(unit, actor, Action.SCHEDULE_MADE, added)
        return True

    if not await services.store.transact(keep):
        raise Conflict("schedule-changed")


async def _record(unit: Unit, actor: Actor, action: Action, schedule: Schedule) -> None:
    severity, paused = str(schedule.message.severity), schedule.paused
    await audit.record(
        unit, actor, action, schedule.id, station_id=schedule.station_id, severity=severity, paused=paused
    )


async def measure(services: Services) -> None:
    """Recount the reach of schedules due soon, so that operators can be warned beforehand."""
    now = services.clock.now()
    async with services.store.read() as unit:
        wanted = await schedules.to_measure(unit, now + _MEASURE_BEFORE, _MEASURED)
        facts = await _facts(unit, wanted, now)
    for each in wanted:
        people = await counted(services, each, facts.stations)
        async with services.store.write() as unit:
            await schedules.measured(unit, each, people)


async def counted(services: Services, schedule: Schedule, known: Mapping[int, Station]) -> int | None:
    """Return how many people a schedule's message would reach now; None if unknown."""
    try:
        found = await reach(services, Question(known[schedule.station_id], schedule.message))
    except (NoAnswer, Refused) as error:
        _log.info("the reach of a schedule could not be counted", schedule=schedule.id, error=type(error).__name__)
        return None
    return found.people


def upcoming(services: Services, schedule: Schedule, station: Station) -> Iterator[datetime]:
    """Yield the next due times of a schedule that is neither paused nor ended."""
    if schedule.next_at is None:
        return iter(())
    return recurrence(services, schedule, station).after(schedule.next_at, inclusive=True)

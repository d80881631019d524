"""Schedules as operators write them: check, store, change, approve, end. ``schedule.py`` issues due occurrences."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from broadcaster.bus import NoAnswer
from broadcaster.domain.alerts import MsgType, Status
from broadcaster.domain.approvals import goes_beyond
from broadcaster.domain.audience import AudienceKind
from broadcaster.domain.audit import Action, Actor, ActorKind
from broadcaster.domain.refusals import Conflict, Refused, refused
from broadcaster.domain.schedules import LONGEST_REASON, Consent, Kind, Schedule, needs_reason
from broadcaster.domain.stations import Station
from broadcaster.pipeline.approving import check_second, needed
from broadcaster.pipeline.duty import check_on_duty
from broadcaster.pipeline.issue import LONGEST, IssueAlert, draw_up
from broadcaster.pipeline.reach import Question, reach
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit, schedules
from broadcaster.store.alerts import alerts
from broadcaster.store.operations import audit
from broadcaster.store.stations import stations
from schedules import BadSchedule, DaysOff, Recurrence

_log = structlog.get_logger(__name__)


def recurrence(services: Services, schedule: Schedule, station: Station) -> Recurrence:
    """Return the recurrence of a schedule. Raises ``Refused``."""
    try:
        off = days_off(services, station, public=schedule.public_holidays, school_zone=schedule.school_zone)
        return Recurrence(schedule.starts, schedule.zone, schedule.rule, schedule.except_on, off)
    except BadSchedule as error:
        raise refused(error) from error


def days_off(services: Services, station: Station, *, public: bool, school_zone: str | None) -> DaysOff:
    """Return the days to skip. Raises ``BadSchedule`` for an unknown school zone."""
    return DaysOff(public, station.insee, services.school.days(school_zone) if school_zone else frozenset())


def starts_at(said: str, zone: str) -> datetime:
    """Parse a wall-clock time in ``zone``, a tz database name. Raises ``Refused``."""
    try:
        time = datetime.fromisoformat(said)
        Recurrence(time.replace(tzinfo=None), zone)  # also validates the zone
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
        reminded = None if schedule.reminds is None else await alerts.by_id(unit, schedule.reminds)
    await draw_up(services, command_of(schedule, station, now), known, now)
    people = await counted(services, schedule, {station.id: station})
    since = now if schedule.next_at is None else min(now, schedule.next_at)
    next_at = None if schedule.paused else when.next_after(since, inclusive=since < now)
    beyond = reminded is None or goes_beyond(reminded.message, message)
    asks = beyond and await needed(services, station, message)
    consent = Consent.ASKED if asks else None
    return replace(schedule, next_at=next_at, reach=people, reach_now=None, consent=consent, approved_reach=None)


async def _check_duty(services: Services, becomes: Schedule, actor: Actor) -> None:
    if not becomes.paused:
        await check_on_duty(services, becomes.station_id, actor)


def _as_approved(was: Schedule, ready: Schedule) -> Schedule:
    """Return an edited schedule, still approved if its text and audience are unchanged."""
    if ready.message != was.message or was.consent is not Consent.APPROVED:
        return ready
    return replace(ready, consent=was.consent, approved_reach=was.approved_reach)


async def check_times(services: Services, when: Recurrence) -> None:
    """Raise ``Refused`` for times in the past, that never occur, or that occur too often."""
    try:
        await asyncio.to_thread(when.check, services.clock.now())
    except BadSchedule as error:
        raise refused(error) from error


def command_of(schedule: Schedule, station: Station, now: datetime) -> IssueAlert:
    return IssueAlert(
        station=station,
        actor=Actor(ActorKind.SERVICE, now),
        message=schedule.message,
        expires_at=now + schedule.lasts,
        onset_at=None if schedule.onset is None else now + schedule.onset,
        msg_type=MsgType.UPDATE if schedule.kind is Kind.REMINDER else MsgType.ALERT,
    )


async def write(
    services: Services,
    station: Station,
    schedule: Schedule,
    *,
    actor: Actor,
    idempotency_key: str | None = None,
    request_hash: bytes | None = None,
) -> Schedule:
    """Store a new schedule; idempotent by key and request. Raises ``Refused``, ``Conflict``.

    Like an alert that is sent now, it is written by somebody on duty (``Forbidden``), and may need approval.
    """
    await _check_duty(services, schedule, actor)
    ready = await checked(services, schedule, station)

    async def keep(unit: Unit) -> tuple[Schedule, bytes] | None:
        found = None
        if idempotency_key is not None:
            found = await schedules.by_idempotency_key(unit, station.id, idempotency_key)
        if found is None:
            await schedules.add(unit, ready, idempotency_key=idempotency_key, request_hash=request_hash)
            await record(unit, actor, Action.SCHEDULE_MADE, ready)
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
    Raises ``Refused``, ``Forbidden`` for somebody who is not on duty unless it only pauses, and ``Conflict`` if it was
    edited, ended or issued meanwhile.
    """
    if was.ended_at is not None:
        raise Conflict("schedule-ended")
    await _check_duty(services, now_is, actor)
    if at is None:
        pauses = now_is == replace(was, paused=True)  # allowed even if something else is wrong
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
        await _replace(services, actor, was, left, None)  # pausing one occurrence skips it
        return left
    ready = _as_approved(was, await checked(services, replace(moved, next_at=None), station))
    await _replace(services, actor, was, left, ready)
    return ready


async def approve(services: Services, was: Schedule, *, actor: Actor) -> None:
    """Approve a schedule. Raises ``Forbidden`` for its author or off duty, ``Conflict`` if it was changed."""
    await check_on_duty(services, was.station_id, actor)
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
        await record(unit, actor, action, kept)
        if added is not None:
            await record(unit, actor, Action.SCHEDULE_MADE, added)
        return True

    if not await services.store.transact(keep):
        raise Conflict("schedule-changed")


async def record(unit: Unit, actor: Actor, action: Action, schedule: Schedule) -> None:
    """Record an action on a schedule in the audit log."""
    severity, paused = str(schedule.message.severity), schedule.paused
    await audit.record(
        unit, actor, action, schedule.id, station_id=schedule.station_id, severity=severity, paused=paused
    )


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

"""Schedules and their occurrences. An occurrence is written once, with its alert: (schedule, instant)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update

from broadcaster.domain.alerts import Alert
from broadcaster.domain.refusals import Conflict, Refused
from broadcaster.domain.schedules import OPEN, Consent, Kind, Occurrence, Outcome, Schedule
from broadcaster.store.alerts.alerts import add_many
from broadcaster.store.alerts.messages import read_message
from broadcaster.store.engine.among import among
from broadcaster.store.engine.bulk import Insert, Update
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import as_row, of_row
from broadcaster.store.stations.labels import open_audience, open_label, sealed_audience
from broadcaster.store.stations.stations import holding
from broadcaster.store.tables import api_keys, approval_rules, occurrences, schedules, to_micros

MOST_OPEN = 500
"""How many open schedules a station may have."""

_READ_LOCKED = (
    select(schedules.c.id, schedules.c.version, schedules.c.next_at)
    .where(among(schedules.c.id, "ids"))
    .order_by(schedules.c.id)  # in this order two leaders can't deadlock
    .with_for_update()
)
_INSERT_OCCURRENCES = Insert(
    occurrences,
    *("schedule_id", "at", "outcome", "alert_id", "code", "params", "problem", "reach", "reach_now"),
    octets=("params",),
)
_MOVE_ON = Update(schedules, ("id",), ("next_at", "ended_at"))
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Settled:
    """A plan for a due schedule: ``schedule`` as read, and what to write."""

    schedule: Schedule
    next_at: datetime | None
    ended_at: datetime | None
    occurrences: tuple[Occurrence, ...]
    alert: Alert | None = None


def _row(unit: Unit, schedule: Schedule) -> dict[str, Any]:
    return as_row(
        schedule,
        schedules,
        message=schedule.message.to_json(),
        audience=sealed_audience(unit.vault, schedule.id, schedule.message.audience),
        rank=schedule.message.rank,
        starts=schedule.starts.isoformat(),
        except_on=sorted(each.isoformat() for each in schedule.except_on),
        lasts_s=schedule.lasts // _SECOND,
        onset_s=None if schedule.onset is None else schedule.onset // _SECOND,
        grace_s=None if schedule.grace is None else schedule.grace // _SECOND,
    )


def _schedule(unit: Unit, row: Any) -> Schedule:
    return of_row(
        Schedule,
        row,
        kind=Kind(row.kind),
        message=read_message(row.message, open_audience(unit.vault, row.id, row.audience)),
        starts=datetime.fromisoformat(row.starts),
        except_on=frozenset(map(datetime.fromisoformat, row.except_on)),
        lasts=timedelta(seconds=row.lasts_s),
        onset=None if row.onset_s is None else timedelta(seconds=row.onset_s),
        grace=None if row.grace_s is None else timedelta(seconds=row.grace_s),
        consent=None if row.consent is None else Consent(row.consent),
    )


def _occurrence(unit: Unit, row: Any) -> Occurrence:
    why = None if row.code is None else _open_why(unit, row)
    return Occurrence(row.schedule_id, row.at, Outcome(row.outcome), row.alert_id, why, row.reach, row.reach_now)


def _sealed_why(unit: Unit, occurrence: Occurrence) -> tuple[str | None, bytes | None]:
    """Return the code of a refusal, with its field and parameters sealed, as they may name a group."""
    why = occurrence.why
    if why is None:
        return None, None
    return why.code, unit.vault.seal(orjson.dumps([why.field, dict(why.params)], default=str), _of(occurrence))


def _open_why(unit: Unit, row: Any) -> Refused:
    field, params = orjson.loads(unit.vault.open(row.params, _of(row)))
    return Refused(row.code, field, **params)


def _of(occurrence: Any) -> bytes:
    return b"occurrence:%d:%d" % (occurrence.schedule_id, to_micros(occurrence.at))


async def add(
    unit: Unit, schedule: Schedule, *, idempotency_key: str | None = None, request_hash: bytes | None = None
) -> None:
    """Store a new schedule. Raises ``Conflict`` if the station has ``MOST_OPEN`` already."""
    its = and_(schedules.c.station_id == schedule.station_id, schedules.c.ended_at.is_(None))
    if (await unit.conn.scalar(select(func.count()).where(its)) or 0) >= MOST_OPEN:
        raise Conflict("schedules-too-many", most=MOST_OPEN)
    row = {**_row(unit, schedule), "idempotency_key": idempotency_key, "request_hash": request_hash}
    await unit.conn.execute(schedules.insert().values(row))


async def change(unit: Unit, was: Schedule, schedule: Schedule) -> bool:
    """Store an edit of ``was``; False if it changed or was issued meanwhile."""
    values = {**_row(unit, schedule), "version": was.version + 1}
    return (await unit.conn.execute(update(schedules).where(_same(was)).values(values))).rowcount == 1


def _same(was: Schedule) -> ColumnElement[bool]:
    """Condition: the schedule is unchanged since it was read."""
    return and_(
        schedules.c.id == was.id,
        schedules.c.version == was.version,
        schedules.c.next_at.is_not_distinct_from(was.next_at),
    )


async def by_id(unit: Unit, schedule_id: int) -> Schedule | None:
    row = (await unit.conn.execute(select(schedules).where(schedules.c.id == schedule_id))).one_or_none()
    return None if row is None else _schedule(unit, row)


async def by_idempotency_key(unit: Unit, station_id: int, key: str) -> tuple[Schedule, bytes] | None:
    """Return the schedule made with this key, and the hash of its request."""
    mine = and_(schedules.c.station_id == station_id, schedules.c.idempotency_key == key)
    row = (await unit.conn.execute(select(schedules).where(mine))).one_or_none()
    return None if row is None else (_schedule(unit, row), row.request_hash or b"")


async def _found(unit: Unit, query: Select[Any], stations: Collection[int] | None = None) -> list[Schedule]:
    """Return the schedules of a query; ``stations``: of these only."""
    if stations is not None:
        query = query.where(schedules.c.station_id.in_(stations))
    return [_schedule(unit, row) for row in await unit.conn.execute(query)]


async def page(
    unit: Unit, *, stations: Collection[int] | None, ended: bool = False, before: int | None = None, limit: int
) -> list[Schedule]:
    """Return schedules, newest first, with ended ones if asked for."""
    query = select(schedules).order_by(schedules.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(schedules.c.id < before)
    if not ended:
        query = query.where(schedules.c.ended_at.is_(None))
    return await _found(unit, query, stations)


async def public(unit: Unit, station_id: int) -> list[Schedule]:
    mine = and_(schedules.c.station_id == station_id, schedules.c.public, schedules.c.next_at.is_not(None))
    return await _found(unit, select(schedules).where(mine))


async def authors(unit: Unit, found: Sequence[Schedule]) -> dict[int, str]:
    """Return the labels of the schedules' authors, by key."""
    wanted = {each.key_id for each in found}
    rows = await unit.conn.execute(select(api_keys).where(api_keys.c.id.in_(wanted)))
    return {row.id: open_label(unit.vault, row) for row in rows}


async def school_zones(unit: Unit) -> list[str]:
    """Return the school zones whose holidays open schedules leave out."""
    used = schedules.c.school_zone.is_not(None), schedules.c.ended_at.is_(None)
    return list(await unit.conn.scalars(select(schedules.c.school_zone).where(*used).distinct()))


async def soonest(unit: Unit) -> datetime | None:
    """Return the earliest due time of all schedules."""
    query = select(func.min(schedules.c.next_at)).where(schedules.c.next_at.is_not(None))
    found: datetime | None = await unit.conn.scalar(query)
    return found


async def due(unit: Unit, now: datetime, limit: int) -> list[Schedule]:
    """Return due schedules, most severe first."""
    query = select(schedules).where(schedules.c.next_at.is_not(None), schedules.c.next_at <= now)
    return await _found(unit, query.order_by(schedules.c.rank, schedules.c.next_at).limit(limit))


async def settle(unit: Unit, plans: Sequence[Settled]) -> list[Settled]:
    """Write occurrences with their alerts. Return those written: others were meanwhile issued elsewhere or edited."""
    taken = await _take(unit, plans)
    there = await _there(unit, taken)
    written = [_without(plan, there) for plan in taken]
    rows = [_row_of(unit, each) for plan in written for each in plan.occurrences]
    await _INSERT_OCCURRENCES.run(unit, rows)
    await add_many(unit, [(plan.alert, plan.schedule.key_id) for plan in written if plan.alert is not None])
    return written


def _row_of(unit: Unit, each: Occurrence) -> tuple[Any, ...]:
    why = _sealed_why(unit, each)
    return each.schedule_id, to_micros(each.at), each.outcome, each.alert_id, *why, "", each.reach, each.reach_now


async def _take(unit: Unit, plans: Sequence[Settled]) -> list[Settled]:
    """Advance the schedules that are unchanged since they were read, and return their plans."""
    rows = await unit.conn.execute(_READ_LOCKED, {"ids": [plan.schedule.id for plan in plans]})
    as_read = {(row.id, row.version, row.next_at) for row in rows}
    taken = [plan for plan in plans if (plan.schedule.id, plan.schedule.version, plan.schedule.next_at) in as_read]
    await _MOVE_ON.run(unit, [(_micros(plan.next_at), _micros(plan.ended_at), plan.schedule.id) for plan in taken])
    return taken


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def _without(plan: Settled, there: set[tuple[int, datetime]]) -> Settled:
    """Return a plan without the occurrences that exist already."""
    new = tuple(each for each in plan.occurrences if (each.schedule_id, each.at) not in there)
    if len(new) == len(plan.occurrences):
        return plan
    issues = any(each.alert_id is not None for each in new)
    return replace(plan, occurrences=new, alert=plan.alert if issues else None)


async def _there(unit: Unit, plans: Sequence[Settled]) -> set[tuple[int, datetime]]:
    """Return which occurrences exist already, as an edit may repeat an instant."""
    ids = [plan.schedule.id for plan in plans if plan.occurrences]
    since = min((each.at for plan in plans for each in plan.occurrences), default=None)
    if since is None:
        return set()
    mine = and_(occurrences.c.schedule_id.in_(ids), occurrences.c.at >= since)
    return {(row.schedule_id, row.at) for row in await unit.conn.execute(select(occurrences).where(mine))}


async def not_sent(unit: Unit, stations: Collection[int] | None, limit: int) -> list[tuple[Schedule, Occurrence]]:
    """Return occurrences awaiting a decision, latest first."""
    query = (
        select(schedules, occurrences)
        .join(occurrences, occurrences.c.schedule_id == schedules.c.id)
        .where(occurrences.c.outcome.in_(OPEN))
        .order_by(occurrences.c.at.desc())
        .limit(limit)
    )
    if stations is not None:
        query = query.where(schedules.c.station_id.in_(stations))
    return [(_schedule(unit, row), _occurrence(unit, row)) for row in await unit.conn.execute(query)]


async def to_come(unit: Unit, station_ids: Sequence[int], until: datetime, limit: int) -> list[Schedule]:
    """Return these stations' schedules due before ``until``, soonest first."""
    theirs = schedules.c.station_id.in_(station_ids), schedules.c.next_at.is_not(None), schedules.c.next_at <= until
    return await _found(unit, select(schedules).where(*theirs).order_by(schedules.c.next_at).limit(limit))


async def of_alerts(unit: Unit, alert_ids: Sequence[int]) -> dict[int, Occurrence]:
    query = select(occurrences).where(occurrences.c.alert_id.in_(alert_ids))
    return {row.alert_id: _occurrence(unit, row) for row in await unit.conn.execute(query)}


async def past(unit: Unit, schedule_id: int, limit: int) -> list[Occurrence]:
    """Return a schedule's past occurrences, latest first."""
    query = select(occurrences).where(occurrences.c.schedule_id == schedule_id)
    rows = await unit.conn.execute(query.order_by(occurrences.c.at.desc()).limit(limit))
    return [_occurrence(unit, row) for row in rows]


async def answer(unit: Unit, occurrence: Occurrence) -> bool:
    """Record the decision on an unsent occurrence; return False if there already is one."""
    mine = and_(occurrences.c.schedule_id == occurrence.schedule_id, occurrences.c.at == occurrence.at)
    values = {
        "outcome": occurrence.outcome,
        "alert_id": occurrence.alert_id,
        "reach": occurrence.reach,
        "reach_now": occurrence.reach_now,
    }
    kept = await unit.conn.execute(update(occurrences).where(mine, occurrences.c.outcome.in_(OPEN)).values(values))
    return kept.rowcount == 1


async def let_go(unit: Unit, schedule_id: int) -> None:
    """Cancel a schedule's unsent occurrences."""
    mine = and_(occurrences.c.schedule_id == schedule_id, occurrences.c.outcome.in_(OPEN))
    await unit.conn.execute(update(occurrences).where(mine).values(outcome=Outcome.CANCELLED))


async def end_reminders(unit: Unit, alert_id: int, now: datetime) -> None:
    mine = and_(schedules.c.reminds == alert_id, schedules.c.ended_at.is_(None))
    values = {"ended_at": now, "next_at": None, "version": schedules.c.version + 1}
    await unit.conn.execute(update(schedules).where(mine).values(values))


async def to_measure(unit: Unit, until: datetime, limit: int, *, binding: bool = False) -> list[Schedule]:
    """Return schedules due before ``until`` whose reach was not recounted for that due time.

    ``binding``: only those that may need approval if it grew.
    """
    anew = or_(schedules.c.reach_for.is_(None), schedules.c.reach_for != schedules.c.next_at)
    query = select(schedules).where(schedules.c.next_at.is_not(None), schedules.c.next_at <= until, anew)
    if binding:
        by_reach = select(approval_rules.c.station_id).where(approval_rules.c.reach.is_not(None))
        query = query.where(or_(schedules.c.consent == Consent.APPROVED, schedules.c.station_id.in_(by_reach)))
    return await _found(unit, query.order_by(schedules.c.next_at).limit(limit))


async def measured(unit: Unit, schedule: Schedule, reach_now: int | None, *, asks: bool) -> None:
    """Record a schedule's current reach; the first count is the baseline for later ones.

    ``asks``: it reaches so many more people that it needs approval, perhaps again.
    """
    values: dict[str, Any] = {"reach_now": reach_now, "reach_for": schedule.next_at}
    if schedule.reach is None:
        values["reach"] = reach_now
    if asks:
        values |= {"consent": Consent.ASKED, "version": schedule.version + 1}
    mine = and_(schedules.c.id == schedule.id, schedules.c.next_at == schedule.next_at)
    await unit.conn.execute(update(schedules).where(mine).values(values))


async def unannounced(unit: Unit, limit: int) -> list[Schedule]:
    """Return schedules that approvers have not been told of yet."""
    asked = schedules.c.consent == Consent.ASKED, schedules.c.ended_at.is_(None)
    return await _found(unit, select(schedules).where(*asked).limit(limit))


async def unapproved(unit: Unit, stations: Collection[int] | None, limit: int) -> list[Schedule]:
    """Return the schedules that wait for approval, soonest first."""
    waits = schedules.c.consent.in_((Consent.ASKED, Consent.WAITING)), schedules.c.ended_at.is_(None)
    return await _found(unit, select(schedules).where(*waits).order_by(schedules.c.next_at).limit(limit), stations)


async def orphaned(unit: Unit, stations: Collection[int] | None, now: datetime, limit: int) -> list[Schedule]:
    """Return the schedules that will not go out because their author may send no more, soonest first."""
    gone = schedules.c.key_id.not_in(select(api_keys.c.id).where(holding(now))), schedules.c.next_at.is_not(None)
    return await _found(unit, select(schedules).where(*gone).order_by(schedules.c.next_at).limit(limit), stations)


async def mark_announced(unit: Unit, schedule: Schedule) -> None:
    """Record that approvers were told of a schedule."""
    await unit.conn.execute(update(schedules).where(_same(schedule)).values(consent=Consent.WAITING))

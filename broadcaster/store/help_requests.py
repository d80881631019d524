"""Requests for help, the operators who take charge of them, and who is on duty."""

import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, text, update

from broadcaster.domain.answers import HELP, HelpFigures
from broadcaster.store import duties
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.tables import OPEN_ONLY, answers, help_requests

Position = tuple[float, float, float | None]
"""lon, lat (WGS 84 degrees), accuracy in metres."""

_P95 = 0.95
_AGAIN_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class HelpRequest:
    """``wanted``: help is still the person's answer. ``taken_by``, ``closed_by``: ids of operators or keys."""

    id: int
    alert_id: int
    station_id: int
    subscriber_id: int
    asked_at: datetime
    taken_at: datetime | None
    taken_by: int | None
    closed_at: datetime | None
    closed_by: int | None
    position: Position | None
    wanted: bool


async def ask(
    unit: Unit,
    alert_id: int,
    station_id: int,
    subscriber_id: int,
    at: datetime,
    *,
    position: Position | None,
    again: bool = False,
) -> None:
    """Record that a person asks for help. If they ask again, the open request stays; a position is added if it has
    none. ``again``: they needed no help meanwhile, so operators are told once more, at most every two minutes.
    """
    mine = and_(help_requests.c.alert_id == alert_id, help_requests.c.subscriber_id == subscriber_id)
    await unit.in_turn("help", subscriber_id)
    row = (await unit.conn.execute(select(help_requests).where(mine, help_requests.c.closed_at.is_(None)))).first()
    sealed = None if position is None else _seal(unit, subscriber_id, position)
    if row is None:
        whose = {"alert_id": alert_id, "station_id": station_id, "subscriber_id": subscriber_id}
        await unit.conn.execute(help_requests.insert().values(whose | {"sealed": sealed, "asked_at": at}))
        return
    change: dict[str, Any] = {}
    if again and row.called_at is not None and row.called_at <= at - _AGAIN_AFTER:
        change = {"called_at": None, "told_at": None}
    if row.sealed is None and sealed is not None:
        change["sealed"] = sealed
    if change:
        await unit.conn.execute(update(help_requests).where(help_requests.c.id == row.id).values(change))


async def take(unit: Unit, request_id: int, key_id: int, now: datetime) -> bool:
    """Take charge of a request; return False if somebody else has."""
    free = help_requests.c.id == request_id, help_requests.c.taken_at.is_(None)
    done = update(help_requests).where(*free).values(taken_at=now, taken_by=key_id)
    return (await unit.conn.execute(done)).rowcount == 1


async def close(unit: Unit, request_id: int, key_id: int, now: datetime) -> bool:
    """Close a request; return False if nobody took charge of it, or it is already closed."""
    of = help_requests.c
    taken = of.id == request_id, of.taken_at.is_not(None), of.closed_at.is_(None)
    done = update(help_requests).where(*taken).values(closed_at=now, closed_by=key_id)
    return (await unit.conn.execute(done)).rowcount == 1


_WANTED = (answers.c.choice == HELP).label("wanted")
_WITH_ANSWER = select(help_requests, _WANTED).outerjoin(
    answers,
    and_(answers.c.alert_id == help_requests.c.alert_id, answers.c.subscriber_id == help_requests.c.subscriber_id),
)


async def by_id(unit: Unit, request_id: int) -> HelpRequest | None:
    row = (await unit.conn.execute(_WITH_ANSWER.where(help_requests.c.id == request_id))).one_or_none()
    return None if row is None else _request(unit, row)


async def listed(
    unit: Unit, station_ids: Collection[int] | None, *, alert_id: int | None = None, closed: bool, limit: int
) -> list[HelpRequest]:
    """Return requests of these stations (None: all) or of one alert: open, oldest first, or closed, newest first."""
    query = _WITH_ANSWER.limit(limit)
    if closed:
        query = query.where(help_requests.c.closed_at.is_not(None)).order_by(help_requests.c.id.desc())
    else:
        query = query.where(text(f"help_requests.{OPEN_ONLY}")).order_by(
            help_requests.c.taken_at.is_not(None), help_requests.c.id
        )
    if station_ids is not None:
        query = query.where(help_requests.c.station_id.in_(station_ids))
    if alert_id is not None:
        query = query.where(help_requests.c.alert_id == alert_id)
    return [_request(unit, row) for row in await unit.conn.execute(query)]


async def asking(unit: Unit, alert_id: int, subscriber_ids: Collection[int]) -> set[int]:
    query = select(help_requests.c.subscriber_id).where(
        help_requests.c.alert_id == alert_id,
        help_requests.c.subscriber_id.in_(subscriber_ids),
        help_requests.c.closed_at.is_(None),
    )
    return set(await unit.conn.scalars(query))


async def figures(unit: Unit, alert_id: int) -> HelpFigures:
    of = help_requests.c
    query = select(of.asked_at, of.taken_at, of.closed_at).where(of.alert_id == alert_id)
    rows = (await unit.conn.execute(query)).all()
    waits = sorted((row.taken_at - row.asked_at).total_seconds() for row in rows if row.taken_at is not None)
    return HelpFigures(
        asked=len(rows),
        untaken=sum(row.taken_at is None for row in rows),
        closed=sum(row.closed_at is not None for row in rows),
        taken_p95_s=round(waits[math.ceil(_P95 * len(waits)) - 1], 1) if waits else None,
    )


async def untaken(unit: Unit, before: datetime, now: datetime, limit: int) -> list[HelpRequest]:
    """Return requests made before then that nobody took charge of and operators were not told of.

    Requests at stations where nobody is on duty are due at once. People who have since said that they are safe are left
    out.
    """
    by_word, by_roster = duties.stations_on_duty(now)
    unanswered = help_requests.c.station_id.not_in(by_word) & help_requests.c.station_id.not_in(by_roster)
    due = help_requests.c.told_at.is_(None), (help_requests.c.asked_at <= before) | unanswered
    return await _untaken(unit, limit, *due)


async def uncalled(unit: Unit, limit: int) -> list[HelpRequest]:
    """Return requests that nobody has taken, and of which those on duty were not told."""
    return await _untaken(unit, limit, help_requests.c.called_at.is_(None))


async def _untaken(unit: Unit, limit: int, *which: ColumnElement[bool]) -> list[HelpRequest]:
    wanted = text(f"help_requests.{OPEN_ONLY}"), help_requests.c.taken_at.is_(None), answers.c.choice == HELP
    query = _WITH_ANSWER.where(*wanted, *which).order_by(help_requests.c.id).limit(limit)
    return [_request(unit, row) for row in await unit.conn.execute(query)]


async def mark_announced(unit: Unit, request_ids: Sequence[int], now: datetime) -> None:
    """Record that those on duty were told of these."""
    await unit.conn.execute(update(help_requests).where(help_requests.c.id.in_(request_ids)).values(called_at=now))


async def mark_escalated(unit: Unit, request_ids: Sequence[int], now: datetime) -> None:
    """Record that all operators were told of these requests."""
    await unit.conn.execute(update(help_requests).where(help_requests.c.id.in_(request_ids)).values(told_at=now))


async def forget_positions(unit: Unit, before: datetime) -> int:
    """Delete the positions of requests made before then; return how many."""
    old = and_(help_requests.c.asked_at < before, help_requests.c.sealed.is_not(None))
    return (await unit.conn.execute(update(help_requests).where(old).values(sealed=None))).rowcount


async def forget(unit: Unit, subscriber_id: int) -> None:
    """Delete a person's positions; the rest identifies nobody."""
    mine = help_requests.c.subscriber_id == subscriber_id
    await unit.conn.execute(update(help_requests).where(mine).values(sealed=None))


async def mark_of(unit: Unit, station_id: int) -> str:
    """Return a mark that changes with a station's open requests: when one is made, taken or closed."""
    query = select(func.count(), func.max(help_requests.c.id), func.count(help_requests.c.taken_at)).where(
        text(f"help_requests.{OPEN_ONLY}"), help_requests.c.station_id == station_id
    )
    return ".".join(str(each or 0) for each in (await unit.conn.execute(query)).one())


def _context(subscriber_id: int) -> bytes:
    return b"help:%d" % subscriber_id


def _seal(unit: Unit, subscriber_id: int, position: Position) -> bytes:
    return unit.vault.seal(json.dumps(position).encode(), _context(subscriber_id))


def _request(unit: Unit, row: Any) -> HelpRequest:
    opened = None if row.sealed is None else json.loads(unit.vault.open(row.sealed, _context(row.subscriber_id)))
    position = None if opened is None else tuple(opened)
    return of_row(HelpRequest, row, position=position, wanted=bool(row.wanted))

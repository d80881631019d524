"""Operators' drills: how fast they respond, and when they last sent one."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select

from broadcaster.domain.alerts import MsgType, Status
from broadcaster.domain.schedules import Kind
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import alerts, occurrences, schedules, stations

_ANSWERED_WITHIN = timedelta(days=1)


class Drill(NamedTuple):
    """``took``: from the request to the first drill alert sent by a person; None if nobody sent one within a day."""

    station_id: int
    at: datetime
    took: timedelta | None


def _by_hand() -> tuple[ColumnElement[bool], ...]:
    """Condition: a drill alert that a person wrote and sent."""
    scheduled = select(occurrences.c.alert_id).where(occurrences.c.alert_id.is_not(None))
    drill = alerts.c.status.in_((Status.EXERCISE, Status.TEST))
    return drill, alerts.c.msg_type == MsgType.ALERT, alerts.c.key_id.is_not(None), alerts.c.id.not_in(scheduled)


async def latest(unit: Unit, station_ids: Collection[int], limit: int) -> list[Drill]:
    """Return these stations' drills, latest first."""
    call = alerts.alias("call")
    called = (
        select(call.c.station_id, call.c.sent_at)
        .join(occurrences, occurrences.c.alert_id == call.c.id)
        .join(schedules, schedules.c.id == occurrences.c.schedule_id)
        .where(schedules.c.kind == Kind.DRILL, call.c.station_id.in_(station_ids))
        .order_by(call.c.sent_at.desc())
        .limit(limit)
    )
    found = []
    for row in (await unit.conn.execute(called)).all():
        answer = select(func.min(alerts.c.sent_at)).where(
            *_by_hand(),
            alerts.c.station_id == row.station_id,
            alerts.c.sent_at > row.sent_at,
            alerts.c.sent_at < row.sent_at + _ANSWERED_WITHIN,
        )
        answered = await unit.conn.scalar(answer)
        found.append(Drill(row.station_id, row.sent_at, None if answered is None else answered - row.sent_at))
    return found


async def unpractised(unit: Unit, station_ids: Collection[int], since: datetime) -> set[int]:
    """Return those of these stations that are older than ``since`` and have sent no drill alert by hand after it."""
    last = (
        select(alerts.c.station_id, func.max(alerts.c.sent_at).label("at"))
        .where(*_by_hand(), alerts.c.station_id.in_(station_ids))
        .group_by(alerts.c.station_id)
        .subquery()
    )
    query = (
        select(stations.c.id)
        .outerjoin(last, last.c.station_id == stations.c.id)
        .where(
            stations.c.id.in_(station_ids), stations.c.created_at < since, or_(last.c.at.is_(None), last.c.at < since)
        )
    )
    return set(await unit.conn.scalars(query))

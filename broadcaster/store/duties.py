"""People on duty: by the roster's week or, for requests for help, by signing up for some hours."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, select

from broadcaster.domain.duty import Week
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import api_keys, duty_weeks, help_duties


async def roster(unit: Unit, station_id: int) -> dict[str, set[int]]:
    """Return the operators of a station's roster by week code."""
    found: dict[str, set[int]] = {}
    for row in await unit.conn.execute(select(duty_weeks).where(duty_weeks.c.station_id == station_id)):
        found.setdefault(row.week, set()).add(row.operator_id)
    return found


async def set_week(unit: Unit, station_id: int, week: Week, operator_ids: Collection[int]) -> None:
    """Set who is on duty in a week. Past weeks are deleted."""
    mine = duty_weeks.c.station_id == station_id
    old = (duty_weeks.c.week == week.code) | (duty_weeks.c.until <= week.since)
    await unit.conn.execute(delete(duty_weeks).where(mine, old))
    of = {"station_id": station_id, "week": week.code, "since": week.since, "until": week.until}
    rows = [{**of, "operator_id": each} for each in sorted(operator_ids)]
    if rows:
        await unit.conn.execute(duty_weeks.insert(), rows)


async def on_call(unit: Unit, station_id: int, now: datetime) -> dict[int, datetime]:
    """Return the operators on the roster now: ids, with the end of their duty. If empty, everybody may send."""
    query = (
        select(duty_weeks)
        .join(api_keys, api_keys.c.id == duty_weeks.c.operator_id)
        .where(duty_weeks.c.station_id == station_id, _holds(now), api_keys.c.revoked_at.is_(None))
    )
    return {row.operator_id: row.until for row in await unit.conn.execute(query)}


async def set_duty(unit: Unit, station_id: int, key_id: int, until: datetime | None) -> None:
    """Put an operator on duty for requests for help until then; None ends the duty."""
    mine = and_(help_duties.c.station_id == station_id, help_duties.c.key_id == key_id)
    await unit.conn.execute(delete(help_duties).where(mine))
    if until is not None:
        await unit.conn.execute(help_duties.insert().values(station_id=station_id, key_id=key_id, until=until))


async def on_duty(unit: Unit, station_id: int, now: datetime) -> dict[int, datetime]:
    """Return the operators on duty for requests for help, including the roster's: ids, with the end of their duty."""
    rows = await unit.conn.execute(
        select(help_duties).where(help_duties.c.station_id == station_id, help_duties.c.until > now)
    )
    return {row.key_id: row.until for row in rows} | await on_call(unit, station_id, now)


def stations_on_duty(now: datetime) -> list[Select[tuple[int]]]:
    """Return queries of the ids of stations where somebody is on duty."""
    return [
        select(help_duties.c.station_id).where(help_duties.c.until > now),
        select(duty_weeks.c.station_id).where(_holds(now)),
    ]


def _holds(now: datetime) -> ColumnElement[bool]:
    return and_(duty_weeks.c.since <= now, duty_weeks.c.until > now)

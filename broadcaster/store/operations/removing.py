"""Removes a station and everything that belongs only to it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select, update

from broadcaster.store.engine.among import among
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.people import people
from broadcaster.store.tables import (
    alerts,
    api_keys,
    changes,
    confirmations,
    deliveries,
    follows,
    groups,
    help_requests,
    links,
    metadata,
    occurrences,
    operator_roles,
    sandbox_messages,
    schedules,
    stations,
    subscribers,
)

_OF_ALERTS = tuple(table for table in metadata.sorted_tables if "alert_id" in table.c and table is not occurrences)
"""Tables of an alert's rows; they have no foreign key, as they are written in bulk."""
_NAMING = (deliveries, "provider_id"), (changes, "fix"), (help_requests, "sealed")
"""What still says who somebody was at other stations, as in ``people.erase``."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a station's removal deletes. ``only``: people who follow no other station; ``others`` stop following it."""

    only: int
    others: int
    groups: int
    keys: int
    operators: int
    schedules: int
    alerts: int


async def contents(unit: Unit, station_id: int) -> Contents:
    """Count what ``remove`` would delete."""

    async def count(query: Select[Any]) -> int:
        return await unit.conn.scalar(select(func.count()).select_from(query.subquery())) or 0

    of = {table: table.c.station_id == station_id for table in (groups, api_keys, operator_roles, schedules, alerts)}
    only = await count(_only_here(station_id))
    return Contents(
        only=only,
        others=await count(select(follows.c.subscriber_id).where(follows.c.station_id == station_id)) - only,
        groups=await count(select(groups.c.id).where(of[groups])),
        keys=await count(select(api_keys.c.id).where(of[api_keys])),
        operators=await count(select(operator_roles.c.operator_id).where(of[operator_roles])),
        schedules=await count(select(schedules.c.id).where(of[schedules], schedules.c.ended_at.is_(None))),
        alerts=await count(select(alerts.c.id).where(of[alerts])),
    )


async def remove(unit: Unit, station_id: int) -> list[int]:
    """Delete a station, its alerts and their reports, and the people who follow no other station; return these people.

    Without a proof: ``register.erasing.erase_station`` also writes it down, so that no restore brings them back.
    """
    erased = list(await unit.conn.scalars(_only_here(station_id)))
    touched = list(await unit.conn.scalars(_followers(follows.c.station_id == station_id)))
    sent = select(alerts.c.id).where(alerts.c.station_id == station_id)
    codes = select(-confirmations.c.id).where(confirmations.c.station_id == station_id)
    await unit.conn.execute(
        delete(sandbox_messages).where(sandbox_messages.c.alert_id == 0, sandbox_messages.c.delivery_id.in_(codes))
    )
    for table in _OF_ALERTS:
        await unit.conn.execute(delete(table).where(table.c.alert_id.in_(sent)))
    had: list[int] = []
    for start in range(0, len(erased), contact_rows.CHUNK):
        ids = {"ids": erased[start : start + contact_rows.CHUNK]}
        had += await unit.conn.scalars(select(links.c.contact_id).where(among(links.c.subscriber_id, "ids")), ids)
        theirs = select(deliveries.c.id).where(among(deliveries.c.subscriber_id, "ids"))
        await unit.conn.execute(delete(sandbox_messages).where(sandbox_messages.c.delivery_id.in_(theirs)), ids)
        for table, named in _NAMING:
            mine = among(table.c.subscriber_id, "ids"), table.c[named].is_not(None)
            await unit.conn.execute(update(table).where(*mine).values({named: None}), ids)
        await unit.conn.execute(delete(subscribers).where(among(subscribers.c.id, "ids")), ids)
    await unit.conn.execute(delete(stations).where(stations.c.id == station_id))
    for start in range(0, len(had), contact_rows.CHUNK):
        await contact_rows.drop_orphans(unit, had[start : start + contact_rows.CHUNK])
    await people.touched(unit, touched)
    return erased


def _followers(where: ColumnElement[bool]) -> Select[Any]:
    return select(follows.c.subscriber_id).where(where)


def _only_here(station_id: int) -> Select[Any]:
    elsewhere = _followers(follows.c.station_id != station_id)
    return _followers(follows.c.station_id == station_id).where(follows.c.subscriber_id.not_in(elsewhere))

"""Open figures of households per cell, streets of a register's addresses, and when followers enrolled."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import delete, func, insert, select

from broadcaster.domain.addresses import AddressState, split_street
from broadcaster.domain.coverage import CellId, Figures
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import addresses as kept_addresses
from broadcaster.store.tables import follows, from_micros, households, raw, subscribers

_DAY_US = 86_400_000_000
_BATCH = 1000
_LEAST_ADDRESSES = 3
"""Addresses of a street in a cell before the street is named there."""


async def replace(unit: Unit, station_id: int, figures: Mapping[CellId, Figures]) -> None:
    """Take these figures in place of those that were there."""
    await unit.conn.execute(delete(households).where(households.c.station_id == station_id))
    rows = [
        {"station_id": station_id, "row": row, "column": column, "households": n.households, "streets": list(n.streets)}
        for (row, column), n in figures.items()
    ]
    for begin in range(0, len(rows), _BATCH):
        await unit.conn.execute(insert(households), rows[begin : begin + _BATCH])


async def figures_of(unit: Unit, station_id: int) -> dict[CellId, Figures]:
    """Return the open figures; empty without any."""
    rows = await unit.conn.execute(select(households).where(households.c.station_id == station_id))
    return {(row.row, row.column): Figures(row.households, tuple(row.streets)) for row in rows}


async def streets_known(
    unit: Unit, station_id: int, cell_of: Callable[[float, float], CellId]
) -> dict[CellId, Figures]:
    """Return the streets of the register's addresses by cell, those with a few addresses there."""
    found: defaultdict[CellId, Counter[str]] = defaultdict(Counter)
    for state in (AddressState.PLACED, AddressState.CONFIRMED):
        after = 0
        while batch := await kept_addresses.in_state(unit, station_id, state, after=after, limit=_BATCH):
            after = batch[-1].subscriber_id
            for each in batch:
                if each.match is not None:
                    found[cell_of(each.match.lon, each.match.lat)][split_street(each.address.street)[1]] += 1
    return {
        cell: Figures(0, tuple(name for name, n in names.most_common() if name and n >= _LEAST_ADDRESSES))
        for cell, names in found.items()
    }


async def enrolled_by_day(unit: Unit, station_id: int) -> list[tuple[datetime, int]]:
    """Return each day (UTC) on which somebody enrolled who follows still and is confirmed, and how many; in order."""
    at = raw(follows.c.created_at)
    day = (at - at % _DAY_US).label("day")
    rows = await unit.conn.execute(
        select(day, func.count())
        .join(subscribers, subscribers.c.id == follows.c.subscriber_id)
        .where(follows.c.station_id == station_id, subscribers.c.unconfirmed_at.is_(None))
        .group_by(day)
        .order_by(day)
    )
    return [(from_micros(begins), n) for begins, n in rows]

"""The groups that a school's hold-to-send button alerts (PPMS, the French safety plan of schools)."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import delete, select

from broadcaster.store.engine.engine import Unit
from broadcaster.store.stations.stations import group_ids
from broadcaster.store.tables import ppms


class Chosen(NamedTuple):
    """Slugs of two of the station's groups."""

    staff: str
    town_hall: str


async def chosen(unit: Unit, station_id: int) -> Chosen | None:
    """Return the groups of a station's plan; None if they are not chosen yet, or one was deleted."""
    row = (await unit.conn.execute(select(ppms).where(ppms.c.station_id == station_id))).one_or_none()
    named = {number: slug for slug, number in (await group_ids(unit, station_id)).items()}
    return None if row is None else Chosen(named[row.staff], named[row.town_hall])


async def choose(unit: Unit, station_id: int, known: Mapping[str, int], groups: Chosen) -> None:
    """Set the groups; ``known``: ids by slug. Raises ``KeyError`` for another station's group."""
    await unit.conn.execute(delete(ppms).where(ppms.c.station_id == station_id))
    row = {"station_id": station_id, "staff": known[groups.staff], "town_hall": known[groups.town_hall]}
    await unit.conn.execute(ppms.insert().values(row))

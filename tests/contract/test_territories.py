"""Which authorities' territory a point lies on, from an index that follows the store; on every store."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from broadcaster.atlas import Territories
from broadcaster.store.stations import stations
from broadcaster.store.tables import stations as table
from tests.contract.stores import add_station

INSIDE = (0.7, 48.7)
# Its box holds the point, and itself does not.
BESIDE = {"type": "Polygon", "coordinates": [[[0.5, 48.6], [0.8, 48.9], [0.5, 48.9], [0.5, 48.6]]]}
FAR = {"type": "Polygon", "coordinates": [[[5.0, 45.0], [5.1, 45.0], [5.1, 45.1], [5.0, 45.0]]]}


async def slugs(store, known, point=INSIDE):
    async with store.read() as unit:
        return [each.slug for each in await known.at(unit, *point)]


async def test_only_authorities_whose_boundary_holds_the_point_are_given(store):
    async with store.write() as unit:
        await add_station(unit, "rugles")
        await add_station(unit, "laigle")
        await add_station(unit, "school", kind="school")
        await add_station(unit, "everywhere", kind="association", boundary=None)
        await add_station(unit, "beside", boundary=BESIDE)
    assert await slugs(store, Territories()) == ["laigle", "rugles"]
    assert await slugs(store, Territories(), (2.5, 46.0)) == []


async def test_a_station_that_was_added_meanwhile_is_found(store):
    known = Territories()
    assert await slugs(store, known) == []
    for number in range(3):
        async with store.write() as unit:
            await add_station(unit, f"s{number}")
        assert len(await slugs(store, known)) == number + 1


async def test_a_station_committed_after_one_of_a_greater_number_is_found(store):
    known = Territories()
    async with store.write() as unit:
        late = await add_station(unit, "late")
        await add_station(unit, "early")
        row = (await unit.conn.execute(table.select().where(table.c.id == late.id))).one()
        await unit.conn.execute(delete(table).where(table.c.id == late.id))
    assert await slugs(store, known) == ["early"]
    async with store.write() as unit:
        await unit.conn.execute(table.insert().values(row._asdict()))
    assert await slugs(store, known) == ["early", "late"]


async def test_more_stations_than_are_read_at_once_are_all_known(store):
    async with store.write() as unit:
        first = await add_station(unit, "s0")
        row = (await unit.conn.execute(table.select().where(table.c.id == first.id))).one()._asdict()
        del row["id"]
        await unit.conn.execute(table.insert(), [{**row, "slug": f"s{number}"} for number in range(1, 1201)])
        ends = table.c.slug.in_(["s0", "s1200"])
        await unit.conn.execute(update(table).where(~ends).values(boundary=FAR))
    assert await slugs(store, Territories()) == ["s0", "s1200"]


async def test_the_territory_of_a_station_does_not_change(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        with pytest.raises(ValueError, match="territory"):
            await stations.change(unit, station.id, {"boundary": BESIDE})
        await stations.change(unit, station.id, {"name": "L'Aigle"})

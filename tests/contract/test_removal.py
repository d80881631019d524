"""A station goes with all that is only its own, and with nothing of others; on every store."""

from __future__ import annotations

from sqlalchemy import func, select, update

from broadcaster.store.alerts import alerts
from broadcaster.store.alerts.dispatching import write_chunk
from broadcaster.store.operations import removing
from broadcaster.store.people import feed, profiles, residents
from broadcaster.store.stations import stations
from broadcaster.store.tables import contacts, deliveries, metadata
from tests.contract.stores import NOW, add_station, an_alert, mail, register, resident
from tests.contract.test_residents import SIZES


async def test_a_removal_leaves_only_people_and_alerts_of_others(store):
    async with store.write() as unit:
        leaving, staying = await add_station(unit, "laigle"), await add_station(unit, "alencon")
        alone, shared = await register(
            unit, leaving.id, resident(mail("a@example.org"), at=(0.63, 48.76)), resident(mail("b@example.org"))
        )
        await residents.follow(unit, shared, staying.id, NOW)
        await stations.ensure_groups(unit, leaving.id, {"club": "Club"})
        for station, who in ((leaving, [alone]), (staying, [shared, alone])):
            alert = an_alert(station.id)
            await alerts.add(unit, alert, key_id=1, idempotency_key=None, request_hash=None)
            await write_chunk(unit, alert, who, since=NOW, now=NOW, batch_sizes=SIZES)
        await unit.conn.execute(update(deliveries).values(provider_id="p"))
        what = await removing.contents(unit, leaving.id)
        assert (what.only, what.others, what.groups, what.alerts) == (1, 1, 1, 1)
        await removing.remove(unit, leaving.id)
        assert [each.slug for each in await stations.all_stations(unit)] == ["alencon"]
        assert await profiles.read(unit, alone) is None
        profile = await profiles.read(unit, shared)
        assert profile is not None
        assert [slug for slug, _ in profile.follows] == ["alencon"]
        left = await unit.conn.execute(select(deliveries.c.subscriber_id, deliveries.c.provider_id))
        assert {tuple(row) for row in left} == {(shared, "p"), (alone, None)}, "of who is erased, only a number"
        assert await unit.conn.scalar(select(func.count()).select_from(contacts)) == 1
        assert (await feed.known(unit, [alone, shared])).keys() == {shared}
        for table in metadata.sorted_tables:
            if "station_id" not in table.c or table.name.startswith("audit_"):  # the log stays
                continue
            rows = select(func.count()).select_from(table).where(table.c.station_id == leaving.id)
            assert await unit.conn.scalar(rows) == 0, table.name

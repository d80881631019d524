"""Names of groups and labels of keys, which are sealed; until when a key holds."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.permissions import KeyRole
from broadcaster.store import tables
from broadcaster.store.alerts import alerts
from broadcaster.store.people import profiles
from broadcaster.store.register import by_hand, persons
from broadcaster.store.stations import stations
from tests.contract import stores
from tests.contract.stores import NOW, add_station, an_alert, resident

CLUB = Audience(AudienceKind.GROUPS, ("club",))


async def test_they_are_read_and_not_there_in_clear(store):
    async with store.write() as unit:
        town = await add_station(unit, "laigle")
        club = (await stations.ensure_groups(unit, town.id, {"club": "Le club"}))["club"]
        (one,) = await stores.register(unit, town.id, resident(groups=("club",)))
        await stations.add_key(unit, KeyRole.READ, town.id, "the mayor", NOW)
        alert = an_alert(town.id, audience=CLUB)
        await alerts.add(unit, alert, key_id=None, idempotency_key=None, request_hash=None)
        (person,) = await persons.people_of(unit, town.id, [one])
        assert await stations.group_list(unit, town.id) == [("club", "Le club", 1)]
        assert [key.label for key in await stations.keys(unit)] == ["the mayor"]
        assert (await alerts.by_id(unit, alert.id)).audience == CLUB
        assert dict(person.groups) == {"club": "Le club"}
        assert (await profiles.read(unit, one)).groups == ("club",)
        assert (await stations.ensure_groups(unit, town.id, {"club": "Le club"}))["club"] == club
        for table in (tables.groups, tables.api_keys, tables.alerts):
            for row in await unit.conn.execute(select(table)):
                assert "club" not in str(row), table.name
                assert "mayor" not in str(row), table.name
        assert await by_hand.rename_group(unit, town.id, "club", "Les anciens")
        assert await stations.group_list(unit, town.id) == [("club", "Les anciens", 1)]
        assert await stations.group_ids(unit, town.id) == {"club": club}


async def test_a_key_holds_until_it_expires(store):
    async with store.write() as unit:
        key = await stations.add_key(unit, KeyRole.ADMIN, None, "x", NOW, expires_at=NOW + timedelta(days=2))
        caller = await stations.caller_of(unit, key, NOW + timedelta(days=1))
        assert caller is not None
        assert await stations.valid_keys(unit, [caller.key_id], NOW + timedelta(days=1)) == {caller.key_id}
        assert await stations.caller_of(unit, key, NOW + timedelta(days=2)) is None
        assert not await stations.valid_keys(unit, [caller.key_id], NOW + timedelta(days=2))
        assert [each.id for each in await stations.keys_that_hold(unit, NOW)] == [caller.key_id]
        assert await stations.keys_that_hold(unit, NOW + timedelta(days=3)) == []


async def test_a_key_made_for_one_command_leaves_nothing_unless_it_sent(store):
    async with store.write() as unit:
        town = await add_station(unit, "laigle")
        idle, used = [await stations.add_key(unit, KeyRole.ADMIN, None, "command", NOW) for _ in range(2)]
        sender = await stations.caller_of(unit, used, NOW)
        await alerts.add(unit, an_alert(town.id), key_id=sender.key_id, idempotency_key=None, request_hash=None)
        for key in (idle, used):
            await stations.end_key(unit, key, NOW)
            assert await stations.caller_of(unit, key, NOW) is None
        assert [each.id for each in await stations.keys(unit)] == [sender.key_id]

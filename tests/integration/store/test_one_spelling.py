"""One mailbox, one id and one group have one spelling, for lists, forms, the API and what an older version wrote."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from broadcaster.domain.people import ContactStatus
from broadcaster.register.applying import apply
from broadcaster.register.contacts import mail_contact
from broadcaster.register.planning import plan
from broadcaster.register.reading import open_source
from broadcaster.store import Store, Vault, tables
from broadcaster.store.operations.migrate import migrate, upgrade
from broadcaster.store.people import contacts, people, profiles
from broadcaster.store.register import by_hand, listed, persons
from broadcaster.store.stations import stations
from tests.contract.stores import BY, NOW, SECRET, add_station, mail, register, resident
from tests.integration.store import former_shape


@pytest.fixture
async def station(store):
    async with store.write() as unit:
        return await add_station(unit, "laigle", lon=0.63, lat=48.76)


async def imported(store, station, tmp_path, text):
    (tmp_path / "list.csv").write_text(text)
    with await plan(store, station, open_source(tmp_path / "list.csv")) as made:
        await apply(store, made, BY)
        return made


async def rows(store, table):
    async with store.read() as unit:
        return (await unit.conn.execute(select(table).order_by(*table.primary_key.columns))).all()


async def test_two_spellings_of_a_mailbox_are_one_contact_and_a_no_to_one_holds_for_both(store, station, tmp_path):
    await imported(store, station, tmp_path, "id;courriel\n1;Odile.V@example.org\n2;odile.v@EXAMPLE.org\n")
    (contact,) = await rows(store, tables.contacts)
    async with store.write() as unit:
        await contacts.opt_out(unit, contact.id, station.id, NOW)
        (third,) = await register(unit, station.id, resident(mail_contact("ODILE.v@example.org")))
        assert [each[1] for each in (await profiles.read(unit, third)).contacts] == ["Odile.V@example.org"]
    assert len(await rows(store, tables.contacts)) == len(await rows(store, tables.opt_outs)) == 1


async def test_an_id_with_signs_that_nobody_sees_or_in_other_letters_is_the_same_person(store, station, tmp_path):
    await imported(store, station, tmp_path, "id;nom\nR-1\u200b;Vannier\n")
    for same in ("R-1", "r-1", "Ｒ-1", "\ufeffR-1"):
        made = await imported(store, station, tmp_path, f"id;nom\n{same};Vannier\n")
        assert (made.new, made.changed, made.unchanged) == (0, 0, 1)
    made = await imported(store, station, tmp_path, "id;nom\nR-1\u200b;Vannier\nr-1;Vannier\n")
    assert (made.new, made.refused_lines) == (0, 2)


async def test_a_no_whose_address_was_forgotten_still_holds_when_a_list_writes_it_so_again(store, station, tmp_path):
    for at, again in enumerate((True, False)):
        async with store.write() as unit:
            (zoe,) = await register(unit, station.id, resident(mail(f"Zoe{at}@example.org")))
            (contact,) = await unit.conn.scalars(
                select(tables.links.c.contact_id).where(tables.links.c.subscriber_id == zoe)
            )
            await contacts.opt_out(unit, contact, station.id, NOW)
            await people.erase(unit, zoe)
            if not again:
                await register(unit, station.id, resident(mail_contact(f"Zoe{at}@example.org")))
        await imported(store, station, tmp_path, f"id;courriel\nA{at};Zoe{at}@example.org\n")
        (left,) = [each for each in await rows(store, tables.contacts) if each.id == contact]
        assert (left.sealed != contacts.FORGOTTEN, len(await rows(store, tables.opt_outs))) == (True, at + 1)


async def test_a_group_keeps_the_slug_that_an_older_rule_made_and_a_list_finds_it_by_its_name(store, station, tmp_path):
    async with store.write() as unit:
        before = await stations.ensure_groups(unit, station.id, {"rsted": "Ørsted"})
    made = await imported(store, station, tmp_path, "id;nom;groupes\n1;Vannier;Ørsted|Ægir 3\n")
    assert list(made.new_groups) == ["aegir-3"]
    async with store.read() as unit:
        listed = {slug: members for slug, _, members in await stations.group_list(unit, station.id)}
        assert listed == {"rsted": 1, "aegir-3": 1}
        assert (await stations.group_ids(unit, station.id))["rsted"] == before["rsted"]


async def test_the_migration_merges_contacts_and_no_people_and_loses_no_no(empty_url):
    store = Store(empty_url, Vault([SECRET]))
    await store.run_sync(lambda connection: upgrade(connection, "0026", vault=store.vault))
    ids = [1, 2, 3, 4, 5]
    async with store.write() as unit:
        station_id = await former_shape.add_station(unit)
        for subscriber_id, external_id in zip(ids, ("R-1", "R-1\u200b", "x-2\u200b", "X-2", "Y-3"), strict=True):
            await former_shape.add_person(unit, station_id, subscriber_id, external_id)
        await former_shape.add_contact(unit, 1, mail("ann@example.org"), ids[:1])
        await former_shape.add_contact(unit, 2, mail("Ann@example.org"), ids[:2])
        await former_shape.add_contact(unit, 3, mail("ANN@example.org"), ids[2:3], status=ContactStatus.STOPPED)
        await former_shape.add_contact(unit, 4, mail("Bob@example.org"), ids[3:4])
        await unit.conn.execute(insert(tables.opt_outs).values(station_id=station_id, contact_id=2, at=NOW))
    await migrate(store)
    try:
        ann, bob = await rows(store, tables.contacts)
        assert (ann.status, bob.status) == (ContactStatus.STOPPED, ContactStatus.ACTIVE)
        links = {(each.subscriber_id, each.contact_id) for each in await rows(store, tables.links)}
        assert links == {(ids[0], ann.id), (ids[1], ann.id), (ids[2], ann.id), (ids[3], bob.id)}
        assert [(each.station_id, each.contact_id) for each in await rows(store, tables.opt_outs)] == [
            (station_id, ann.id)
        ]
        assert len(await rows(store, tables.subscribers)) == 5
        same = {each.subscriber_id: each.same_id_as for each in await rows(store, tables.follows)}
        assert {each: other for each, other in same.items() if other} == {ids[1]: ids[0], ids[3]: ids[2]}
        async with store.write() as unit:
            assert await listed.same_ids(unit, station_id) == [(ids[1], ids[0]), (ids[3], ids[2])]
            found = await contacts.ensure(unit, [mail_contact("aNN@example.org"), mail_contact("bob@example.org")], NOW)
            assert set(found.values()) == {ann.id, bob.id}
            opened = (await profiles.read(unit, ids[3])).contacts
            assert [address for _, address, _ in opened] == ["Bob@example.org"]
            by_id = await people.by_external_ids(unit, station_id, ["r-1", "x-2", "y-3"])
            assert sorted(at for at, _ in by_id.values()) == [ids[0], ids[2], ids[4]]
        async with store.write() as unit:
            assert await by_hand.remove(unit, station_id, ids[0], NOW)
            assert await by_hand.remove(unit, station_id, ids[3], NOW)
            assert await listed.same_ids(unit, station_id) == []
            by_id = await people.by_external_ids(unit, station_id, ["r-1", "x-2"])
            assert {each: at for each, (at, _) in by_id.items()} == {"r-1": ids[1], "x-2": ids[2]}
            (heir,) = await persons.people_of(unit, station_id, [ids[1]])
            assert heir.external_id == "R-1\u200b"
    finally:
        await store.close()

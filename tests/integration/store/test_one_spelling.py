"""One mailbox, one id and one group have one spelling, for lists, forms and the API."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broadcaster.register.applying import apply
from broadcaster.register.contacts import mail_contact
from broadcaster.register.planning import plan
from broadcaster.register.reading import open_source
from broadcaster.store import tables
from broadcaster.store.people import contacts, people, profiles
from broadcaster.store.stations import stations
from tests.contract.stores import BY, NOW, add_station, mail, register, resident


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

"""Contacts: shared, retired, revived, opted out."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broadcaster.domain.people import CHANNEL_NUMBER, ChannelName, ContactStatus
from broadcaster.domain.refusals import Conflict
from broadcaster.store import tables
from broadcaster.store.people import confirmations, contacts, feed
from tests.contract.stores import NOW, add_station, mail, phone, push, register, resident
from tests.integration.store.peopled import changed_by, profile, replaced, rows


async def test_an_address_that_two_share_is_one_contact(store, station):
    async with store.write() as unit:
        ids = await register(unit, station.id, *[resident(phone("+33233840000", ChannelName.VOICE))] * 3)
    assert len(await rows(store, tables.contacts)) == 1
    assert {row["subscriber_id"] for row in await rows(store, tables.links)} == set(ids)


async def test_the_same_address_given_twice_by_one_person_is_one_contact(store, station):
    async with store.write() as unit:
        (one,) = await register(unit, station.id, resident(mail("a@b.example"), mail("a@b.example")))
    assert len((await profile(store, one)).contacts) == 1


async def contact_id_of(store, channel):
    async with store.read() as unit:
        return await unit.conn.scalar(
            select(tables.contacts.c.id).where(tables.contacts.c.channel == CHANNEL_NUMBER[channel])
        )


async def test_opting_out_changes_everyone_who_shares_the_contact_and_once(store, station):
    async with store.write() as unit:
        ids = await register(unit, station.id, resident(phone("+331")), resident(phone("+331")), resident())
    number = await contact_id_of(store, "sms")

    async def out(unit):
        await contacts.opt_out(unit, number, station.id, NOW)

    assert await changed_by(store, out) == set(ids[:2])
    assert await changed_by(store, out) == set(), "said twice, it changes nothing more"


@pytest.mark.parametrize("themselves", [True, False])
async def test_only_the_person_takes_back_an_opt_out_and_no_register_does(store, station, themselves):
    async with store.write() as unit:
        (one,) = await register(unit, station.id, resident(phone("+331")))
    number = await contact_id_of(store, "sms")
    async with store.write() as unit:
        await contacts.opt_out(unit, number, station.id, NOW)
    await replaced(store, station, one, resident(phone("+331")), themselves=themselves)
    assert len(await rows(store, tables.opt_outs)) == (0 if themselves else 1)


async def test_taking_back_an_opt_out_changes_everyone_who_shares_the_contact(store, station):
    async with store.write() as unit:
        one, two = await register(unit, station.id, resident(phone("+331")), resident(phone("+331")))
    number = await contact_id_of(store, "sms")
    async with store.write() as unit:
        await contacts.opt_out(unit, number, station.id, NOW)
    assert await replaced(store, station, one, resident(phone("+331")), themselves=True) == {one, two}
    assert await changed_by(store, lambda unit: contacts.opt_in(unit, [number], station.id)) == set()


async def test_an_opt_out_from_one_station_leaves_the_others(store, station):
    async with store.write() as unit:
        await register(unit, station.id, resident(phone("+331")))
        other = await add_station(unit, "rugles")
    number = await contact_id_of(store, "sms")
    async with store.write() as unit:
        await contacts.opt_out(unit, number, station.id, NOW)
    async with store.read() as unit:
        assert await feed.refusals(unit) == [(station.id, number)]
    async with store.write() as unit:
        await contacts.opt_in(unit, [number], other.id)
    assert len(await rows(store, tables.opt_outs)) == 1


async def test_retiring_a_contact_changes_everyone_who_has_it(store, station):
    async with store.write() as unit:
        ids = await register(unit, station.id, resident(mail("a@b.example")), resident(mail("a@b.example")), resident())
    address = await contact_id_of(store, "email")

    async def retire(unit):
        await contacts.retire(unit, [address], ContactStatus.GONE, "smtp:5.1.1", NOW)

    assert await changed_by(store, retire) == set(ids[:2])
    assert (await profile(store, ids[0])).contacts == (("email", "a@b.example", "gone"),)
    assert await changed_by(store, lambda unit: contacts.retire(unit, [], ContactStatus.GONE, None, NOW)) == set()


async def test_a_dead_contact_given_anew_lives_again_for_everyone_who_has_it(store, station):
    async with store.write() as unit:
        (one,) = await register(unit, station.id, resident(mail("a@b.example")))
        address = await unit.conn.scalar(select(tables.contacts.c.id))
        await contacts.retire(unit, [address], ContactStatus.GONE, "smtp:5.1.1", NOW)
    newcomers = []

    async def work(unit):
        newcomers.extend(await register(unit, station.id, resident(mail("a@b.example"))))

    assert await changed_by(store, work) == {one, *newcomers}, "the indexes must hear that the first is reached again"
    assert (await profile(store, one)).contacts == (("email", "a@b.example", "active"),)


async def test_a_stopped_contact_given_anew_stays_stopped(store, station):
    async with store.write() as unit:
        (one,) = await register(unit, station.id, resident(phone("+331")))
        number = await unit.conn.scalar(select(tables.contacts.c.id))
        await contacts.retire(unit, [number], ContactStatus.STOPPED, "twilio:21610", NOW)
        await register(unit, station.id, resident(phone("+331")), themselves=True)
    assert (await profile(store, one)).contacts == (("sms", "+331", "stopped"),)


async def test_a_number_that_nobody_has_stays_stopped_when_it_is_listed_until_its_owner_gives_a_code_or_says_start(
    store, station
):
    number, call = phone("+33639980001"), phone("+33639980001", ChannelName.VOICE)
    for _ in range(2):
        async with store.write() as unit:
            await contacts.stop(unit, number.address, "sms:stop", NOW)
    assert {row["sealed"] for row in await rows(store, tables.contacts)} == {contacts.FORGOTTEN}
    async with store.write() as unit:
        (listed,) = await register(unit, station.id, resident(number, call))
    assert [each[2] for each in (await profile(store, listed)).contacts] == ["stopped", "stopped"]
    async with store.write() as unit:
        await register(unit, station.id, resident(number), themselves=True)
    states = {each[0]: each[2] for each in (await profile(store, listed)).contacts}
    assert states == {"sms": "active", "voice": "stopped"}
    async with store.write() as unit:
        await confirmations.add_contact(unit, listed, call, NOW)
    assert [each[2] for each in (await profile(store, listed)).contacts] == ["active", "active"]


async def test_start_of_a_number_that_nobody_has_leaves_nothing_of_it(store):
    async with store.write() as unit:
        await contacts.stop(unit, "+33639980001", "sms:stop", NOW)
        await contacts.stop(unit, "36700", "sms:stop", NOW)  # no telephone: no list can name it
        await contacts.restart(unit, list((await contacts.by_number(unit, "+33639980001")).values()), NOW)
    assert await rows(store, tables.contacts) == []


async def test_a_push_subscription_keeps_its_keys_whatever_a_stranger_gives(store, station):
    async with store.write() as unit:
        (one,) = await register(unit, station.id, resident(push("https://p.example/1", "old")))
    with pytest.raises(Conflict, match="other keys"):
        async with store.write() as unit:
            await register(unit, station.id, resident(push("https://p.example/1", "new")))
    ((_, address, _),) = (await profile(store, one)).contacts
    assert '"p256dh":"old"' in address

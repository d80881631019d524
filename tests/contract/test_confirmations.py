"""A number is nobody's contact before its owner gave the code back; on every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from broadcaster.domain.people import ChannelName, NewPlace
from broadcaster.store import sandbox
from broadcaster.store.people import code_counts, confirmations, contacts, feed, people, profiles
from broadcaster.store.people.confirmations import LIFE, MOST_TRIES, ConfirmationRequest, Purpose, State
from broadcaster.store.tables import confirmations as table
from broadcaster.store.tables import contacts as contacts_table
from broadcaster.store.tables import subscribers
from channels.base import Composed
from tests.contract.stores import NOW, add_station, mail, phone, register, resident

WRONG = "wrong"


async def begun(unit, station, contact=None, now=NOW, **changes):
    asked = ConfirmationRequest(
        station.id,
        contact or phone("+33639980001"),
        "fr",
        confirmations.caller_mark(unit.vault, "192.0.2.1"),
        **{"places": (NewPlace("maison", 0.63, 48.76),), **changes},
    )
    return asked, await confirmations.begin(unit, asked, now)


async def number_of(unit, table):
    return await unit.conn.scalar(select(func.count()).select_from(table))


async def test_nothing_is_a_contact_before_the_code_came_back_and_all_is_after(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        _, one = await begun(unit, station)
    async with store.read() as unit:
        assert (await number_of(unit, contacts_table), await number_of(unit, subscribers)) == (0, 0)
    async with store.write() as unit:
        assert not await confirmations.try_code(unit, one.id, WRONG, NOW)
        assert await confirmations.try_code(unit, one.id, one.code, NOW)
        await confirmations.confirm(unit, one.id, NOW)
        found = await confirmations.by_secret(unit, one.secret, NOW)
        who = await people.by_token(unit, confirmations.token_of(one.secret))
        profile = await profiles.read(unit, who)
    assert (found.state, found.over) == (State.CONFIRMED, False)
    assert profile.contacts == ((ChannelName.SMS, "+33639980001", "active"),)
    assert profile.places == (NewPlace("maison", 0.63, 48.76),)
    assert profile.follows == (("laigle", None),)
    async with store.read() as unit:
        assert [each.subscriber_id for each in await feed.changed_after(unit, 0, 10)] == [who], "or no alert finds them"
        assert list(await unit.conn.scalars(select(table.c.sealed))) == [None], "what was given is forgotten"


async def test_confirmed_twice_is_one_subscriber(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        _, one = await begun(unit, station)
        for _ in range(2):
            await confirmations.confirm(unit, one.id, NOW)
        assert await number_of(unit, subscribers) == 1


async def test_after_five_tries_the_right_code_is_wrong_too(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        _, one = await begun(unit, station)
        for _ in range(MOST_TRIES):
            assert not await confirmations.try_code(unit, one.id, WRONG, NOW)
        assert not await confirmations.try_code(unit, one.id, one.code, NOW)
        assert (await confirmations.by_secret(unit, one.secret, NOW)).over


async def test_a_code_is_worth_nothing_after_its_time(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        _, one = await begun(unit, station)
        assert not await confirmations.try_code(unit, one.id, one.code, NOW + LIFE)
        await confirmations.confirm(unit, one.id, NOW + LIFE)
        assert await number_of(unit, subscribers) == 0
        assert (await confirmations.by_id(unit, one.id, NOW + LIFE)).over
        assert await confirmations.is_due(unit, NOW + LIFE)
        await confirmations.trim(unit, NOW + LIFE)
        assert await unit.conn.scalar(select(table.c.sealed)) is None


async def test_a_further_contact_becomes_the_subscribers_own_and_takes_back_an_opt_out(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        (who,) = await register(unit, station.id, resident())
        (contact_id,) = (await contacts.ensure(unit, [mail("a@example.org")], NOW)).values()
        await contacts.opt_out(unit, contact_id, station.id, NOW)
        _, one = await begun(unit, station, mail("a@example.org"), subscriber_id=who, places=())
        await confirmations.confirm(unit, one.id, NOW)
        assert await people.by_token(unit, confirmations.token_of(one.secret)) is None
        profile = await profiles.read(unit, who)
        known = await feed.known(unit, [who])
    assert [address for _, address, _ in profile.contacts] == ["a@example.org"]
    assert (len(known[who].contacts), known[who].refused) == (1, set())


async def test_codes_are_counted_by_number_caller_and_station_within_the_hour_and_day(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        other = await add_station(unit, "rugles")
        await begun(unit, station, now=NOW - timedelta(hours=2))
        await begun(unit, station, phone("+33639980001", ChannelName.VOICE), now=NOW - timedelta(minutes=50))
        await begun(unit, other, phone("+33639980002"), now=NOW)
        await begun(unit, station, mail("a@example.org"), now=NOW)
        asked, _ = await begun(unit, station, phone("+33639980003"), now=NOW)
        asked = ConfirmationRequest(asked.station_id, phone("+33639980001"), "fr", asked.caller)
        so_far = await code_counts.counted(unit, asked, NOW)
    assert (so_far.number_hour, so_far.number_day) == (1, 2), "a call and an SMS go to one number"
    assert (so_far.asked_hour, so_far.asked_day) == (1, 2)
    assert so_far.caller_hour == 4
    assert so_far.station_hour == 2, "a mail costs nothing, and is counted apart"
    assert so_far.next_s == pytest.approx(600, abs=1)


async def test_a_code_to_a_busy_number_holds_for_an_hour_and_for_anybody_who_asks_meanwhile(store):
    def minutes(number):
        return NOW + timedelta(minutes=number)

    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        asked, one = await begun(unit, station)
        await confirmations.begin(unit, asked, NOW)
        sent = await confirmations.begin(unit, asked, minutes(11), busy=True)
        assert (sent.minutes, sent.purpose) == (60, Purpose.ANY), "the first ones are almost over"
        shared = [await confirmations.begin(unit, asked, minutes(each), busy=True) for each in (12, 50, 65)]
        assert [each.code for each in shared] == [None] * 3
        ends = [each.expires_at for each in (one, sent, *shared)]
        assert ends == [minutes(each) + LIFE for each in (0, 11, 12, 50, 65)], "none tells what others asked"
        assert not await confirmations.try_code(unit, shared[0].id, one.code, minutes(13))
        assert not await confirmations.try_code(unit, shared[0].id, sent.code, minutes(27)), "that request is over"
        assert await confirmations.try_code(unit, shared[1].id, sent.code, minutes(64))
        assert not await confirmations.try_code(unit, shared[2].id, sent.code, minutes(71)), "the hour is over"
        other = ConfirmationRequest(asked.station_id, phone("+33639980009"), "fr", asked.caller)
        assert (await confirmations.begin(unit, other, minutes(12), busy=True)).code is not None


async def test_a_busy_number_gets_one_code_for_all_purposes_and_one_more_for_who_can_not_be_called(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        caller = confirmations.caller_mark(unit.vault, "192.0.2.1")
        text, call = (
            ConfirmationRequest(station.id, phone("+33639980001", each), "fr", caller)
            for each in (ChannelName.SMS, ChannelName.VOICE)
        )
        called = await confirmations.begin(unit, replace(call, name="Rose"), NOW, busy=True)
        assert await confirmations.try_code(unit, called.id, called.code, NOW)
        await confirmations.confirm(unit, called.id, NOW)
        assert (await confirmations.begin(unit, call, NOW, busy=True)).code is None, "used, and still theirs alone"
        sent = await confirmations.begin(unit, text, NOW, busy=True)
        assert sent.code is not None, "they may have missed the call"
        for each in (text, call, replace(text, name="Rose"), replace(call, name="Rose")):
            shared = await confirmations.begin(unit, each, NOW, busy=True)
            assert shared.code is None
            assert await confirmations.try_code(unit, shared.id, sent.code, NOW)


async def test_after_a_day_nothing_is_left_neither_here_nor_in_the_sandbox(store):
    late = NOW + timedelta(days=1)
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        _, one = await begun(unit, station)
        composed = Composed("+33639980001", "123456", b"", "text/plain")
        await sandbox.keep_code(unit, one.id, ChannelName.SMS, composed, NOW)
        await confirmations.trim(unit, late)
        assert await number_of(unit, table) == 0
        assert await sandbox.page(unit, alert_id=None, channel=None, before=None, limit=9) == []
        assert not await confirmations.is_due(unit, late)


async def test_who_erases_themselves_leaves_no_code_behind(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        _, one = await begun(unit, station)
        await confirmations.confirm(unit, one.id, NOW)
        composed = Composed("+33639980001", "123456", b"", "text/plain")
        await sandbox.keep_code(unit, one.id, ChannelName.SMS, composed, NOW)
        await people.erase(unit, await people.by_token(unit, confirmations.token_of(one.secret)))
        assert await number_of(unit, table) == 0
        assert await sandbox.page(unit, alert_id=None, channel=None, before=None, limit=9) == []


async def test_a_stolen_row_holds_neither_the_number_nor_the_code_nor_the_secret(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        _, one = await begun(unit, station)
        row = (await unit.conn.execute(select(table))).one()
    held = b"".join(each for each in row if isinstance(each, bytes))
    for secret in ("+33639980001", "639980001", one.code, one.secret[3:], "maison"):
        assert secret.encode() not in held

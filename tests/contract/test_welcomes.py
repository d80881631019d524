"""Sign-ups that wait to be confirmed, and the push subscriptions that confirm them; on every store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from broadcaster.domain.people import ContactStatus
from broadcaster.domain.refusals import Conflict
from broadcaster.store.people import contacts, feed, profiles, residents, welcomes
from broadcaster.store.register import by_hand
from tests.contract.stores import NOW, add_station, mail, push, register, resident

CALLER, OTHER = b"a" * 16, b"b" * 16


async def sign_up(unit, station_id, number, *, caller=CALLER, now=NOW):
    (who,) = await register(
        unit, station_id, resident(push(f"https://push.example/{number}")), themselves=True, now=now
    )
    return who, await welcomes.begin(unit, who, now, caller=caller)


async def is_unconfirmed(unit, who):
    return (await profiles.read(unit, who)).unconfirmed_at is not None


async def test_who_signs_up_is_unconfirmed_until_the_device_answers(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        (listed,) = await register(unit, station.id, resident(push("https://push.example/listed")))
        who, (contact,) = await sign_up(unit, station.id, 1)
        assert [await is_unconfirmed(unit, each) for each in (listed, who)] == [False, True]
        seen = await feed.newest(unit)
        await welcomes.confirm(unit, [contact])
        assert not await is_unconfirmed(unit, who)
        assert [each.subscriber_id for each in await feed.changed_after(unit, seen, 9)] == [who]
        await welcomes.confirm(unit, [contact])
        assert len(await feed.changed_after(unit, seen, 9)) == 1, "answered twice is answered once"


async def test_a_device_that_is_confirmed_confirms_its_next_sign_up_but_serves_few(store):
    device = push("https://push.example/1")
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        _, (contact,) = await sign_up(unit, station.id, 1)
        await welcomes.confirm(unit, [contact])
        for _ in range(welcomes.MOST_SHARERS - 1):
            (again,) = await register(unit, station.id, resident(device), themselves=True)
            assert await welcomes.begin(unit, again, NOW + timedelta(hours=1), caller=CALLER) == []
            assert not await is_unconfirmed(unit, again)
        (more,) = await register(unit, station.id, resident(device), themselves=True)
        with pytest.raises(Conflict):
            await welcomes.begin(unit, more, NOW, caller=CALLER)


async def test_a_welcome_is_sent_again_for_thirty_days_and_then_the_subscription_stays(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        who, (contact,) = await sign_up(unit, station.id, 1)
        at, sent = NOW, []
        while at < NOW + timedelta(days=60):
            if await welcomes.is_due(unit, at):
                assert await welcomes.take_due(unit, at, 10) == [contact]
                (welcome,) = await welcomes.to_send(unit, [contact])
                assert (welcome.station, welcome.dead) == ("Laigle", False)
                sent.append(at - NOW)
            at += timedelta(minutes=1) if at < NOW + timedelta(hours=2) else timedelta(hours=2)
        assert sent[0] == timedelta(minutes=1)
        assert timedelta(days=27) < sent[-1] <= welcomes.LIFE
        assert 10 < len(sent) < 25
        assert await is_unconfirmed(unit, who)


async def test_what_a_push_service_does_not_know_is_forgotten_with_who_had_nothing_else(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        who, (contact,) = await sign_up(unit, station.id, 1)
        resident_id, (second,) = await sign_up(unit, station.id, 2)
        await welcomes.confirm(unit, [second])
        later = NOW + timedelta(hours=1)
        await residents.renew_push(unit, resident_id, push("https://push.example/3"), None, later)
        (third,) = await welcomes.begin(unit, resident_id, later)
        await welcomes.forget(unit, [contact, third], "push:410", NOW)
        assert await profiles.read(unit, who) is None
        assert [status for _, _, status in (await profiles.read(unit, resident_id)).contacts] == ["active", "gone"]


async def test_a_subscription_that_an_alert_found_dead_is_looked_at_soon(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        _, (contact,) = await sign_up(unit, station.id, 1)
        assert not await welcomes.is_due(unit, NOW)
        await contacts.retire(unit, [contact], ContactStatus.GONE, "push:410", NOW)
        await welcomes.hasten(unit, [contact])
        assert await welcomes.take_due(unit, NOW, 10) == [contact]
        assert (await welcomes.to_send(unit, [contact]))[0].dead


async def test_what_is_confirmed_does_not_count_against_the_address(store):
    async with store.write() as unit:
        station, other = await add_station(unit, "laigle"), await add_station(unit, "rugles")
        waiting = [await sign_up(unit, station.id, number) for number in range(3)]
        await sign_up(unit, station.id, 9, caller=OTHER)
        await sign_up(unit, other.id, 10)
        assert await welcomes.counted(unit, [station.id, other.id], CALLER, NOW) == welcomes.SignUpCount(4, 4)
        await welcomes.confirm(unit, waiting[0][1])
        assert await welcomes.counted(unit, [station.id], CALLER, NOW) == welcomes.SignUpCount(3, 3)
        assert await welcomes.counted(unit, [], OTHER, NOW) == welcomes.SignUpCount(1, 0)
        later = NOW + timedelta(minutes=61)
        assert await welcomes.counted(unit, [station.id], CALLER, later) == welcomes.SignUpCount(0, 0)


async def test_an_operator_who_amends_a_person_knows_them(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        who, _ = await sign_up(unit, station.id, 1)
        await by_hand.amend(unit, station.id, who, by_hand.Change("Rose", "fr", ()), NOW)
        assert not await is_unconfirmed(unit, who)


async def test_the_keys_of_a_push_subscription_that_is_known_cannot_be_changed(store):
    endpoint = "https://push.example/1"
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        (who,) = await register(unit, station.id, resident(push(endpoint, "mine"), mail("a@example.org")))
        for given in (push(endpoint, "another's"), push(endpoint, "")):
            with pytest.raises(Conflict):
                await register(unit, station.id, resident(given), themselves=True)
            with pytest.raises(Conflict):
                await residents.renew_push(unit, who, given, None, NOW)
        assert (await profiles.read(unit, who)).contacts[0][1] == push(endpoint, "mine").address
        await register(unit, station.id, resident(push(endpoint, "mine")), themselves=True)

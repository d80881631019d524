"""What residents change about themselves, and what ends by itself; on every store."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from broadcaster.domain.fixes import Fix
from broadcaster.domain.people import CHANNEL_NUMBER, ChannelName, NewPlace
from broadcaster.domain.reasons import Reason, unpack
from broadcaster.store.alerts.dispatching import write_chunk
from broadcaster.store.people import contacts, feed, fixes, people, profiles, residents
from broadcaster.store.tables import deliveries, positions, recipients, subscribers
from tests.contract.stores import NOW, add_station, an_alert, mail, push, register, resident

LATER = NOW + timedelta(hours=4)
SIZES = dict.fromkeys(CHANNEL_NUMBER.values(), 100)


async def one(unit, *given):
    station = await add_station(unit, "laigle")
    (who,) = await register(unit, station.id, resident(*(given or (mail("a@example.org"),)), at=(0.63, 48.76)))
    return station, who


async def dispatched(unit, alert, who, now):
    return await write_chunk(unit, alert, [who], since=now, now=now, batch_sizes=SIZES)


async def why(unit):
    return [each.reason for each in unpack(await unit.conn.scalar(select(recipients.c.reasons)))]


async def test_who_is_paused_is_written_down_as_such_and_sent_nothing(store):
    async with store.write() as unit:
        station, who = await one(unit)
        await residents.pause(unit, who, LATER)
        await dispatched(unit, an_alert(station.id), who, NOW)
        assert await why(unit) == [Reason.PAUSED]
        assert await unit.conn.scalar(select(func.count()).select_from(deliveries)) == 0
        assert (await feed.known(unit, [who]))[who].contacts == [], "the reach before sending says so too"
        assert (await feed.contact_pairs(unit)).shape[1] == 0


async def test_when_the_pause_is_over_what_still_holds_comes(store):
    async with store.write() as unit:
        station, who = await one(unit)
        alert = an_alert(station.id)
        await residents.pause(unit, who, LATER)
        await dispatched(unit, alert, who, NOW)
        seen = await feed.newest(unit)
        assert not await residents.is_due(unit, LATER - timedelta(seconds=1))
        assert await residents.is_due(unit, LATER)
        await residents.end_due(unit, LATER)
        assert [each.subscriber_id for each in await feed.changed_after(unit, seen, 9)] == [who]
        await dispatched(unit, alert, who, LATER)
        assert await why(unit) == []
        assert await unit.conn.scalar(select(func.count()).select_from(deliveries)) == 1
        assert not await residents.is_due(unit, LATER)


async def test_a_visitor_is_forgotten_wholly_when_their_hours_are_over(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        who = await residents.visit(
            unit,
            [station.id],
            push("https://push.example/1"),
            "en",
            (0.63, 48.76, 20.0),
            token=people.new_token(),
            now=NOW,
            until=LATER,
        )
        profile = await profiles.read(unit, who)
        assert (profile.follows, profile.position[:2], profile.forget_at) == ((("laigle", None),), (0.63, 48.76), LATER)
        await residents.end_due(unit, LATER)
        assert await profiles.read(unit, who) is None
        assert await unit.conn.scalar(select(func.count()).select_from(positions)) == 0


async def test_a_visitor_who_follows_stays(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        who = await residents.visit(
            unit,
            [],
            push("https://push.example/1"),
            "en",
            (0.63, 48.76, None),
            token=people.new_token(),
            now=NOW,
            until=LATER,
        )
        await residents.follow(unit, who, station.id, NOW)
        await residents.end_due(unit, LATER)
        assert (await profiles.read(unit, who)).follows == (("laigle", None),)


async def test_a_stay_of_some_hours_leaves_the_resident_and_takes_the_position(store):
    async with store.write() as unit:
        _, who = await one(unit)
        await fixes.keep(unit, [Fix(who, 1.0, 48.0, None, NOW, LATER)])
        seen = await feed.newest(unit)
        await residents.end_due(unit, LATER)
        profile = await profiles.read(unit, who)
        assert (profile.position, profile.places) == (None, (NewPlace("home", 0.63, 48.76),))
        assert [each.subscriber_id for each in await feed.changed_after(unit, seen, 9)] == [who]


async def test_a_station_is_followed_once_left_and_followed_again(store):
    async with store.write() as unit:
        _, who = await one(unit)
        other = await add_station(unit, "rugles")
        (contact_id,) = (await contacts.ensure(unit, [mail("a@example.org")], NOW)).values()
        await contacts.opt_out(unit, contact_id, other.id, NOW)
        for _ in range(2):
            await residents.follow(unit, who, other.id, NOW)
        assert [slug for slug, _ in (await profiles.read(unit, who)).follows] == ["laigle", "rugles"]
        assert (await feed.known(unit, [who]))[who].refused == set(), "to follow takes back an opt-out"
        await residents.unfollow(unit, who, other.id)
        assert [slug for slug, _ in (await profiles.read(unit, who)).follows] == ["laigle"]


async def test_a_renewed_push_subscription_takes_the_place_of_the_old_and_of_no_other(store):
    old, new, another = (push(f"https://push.example/{each}") for each in ("old", "new", "another"))
    async with store.write() as unit:
        station, who = await one(unit, old, mail("a@example.org"))
        await register(unit, station.id, resident(another))
        await residents.renew_push(unit, who, new, old, NOW)
        await residents.renew_push(unit, who, new, old, NOW)
        await residents.renew_push(unit, who, new, another, NOW)
        profile = await profiles.read(unit, who)
        assert {channel for channel, _, _ in profile.contacts} == {ChannelName.EMAIL, ChannelName.PUSH}
        assert [each[1] for each in profile.contacts if each[0] is ChannelName.PUSH] == [new.address]
        assert (await feed.contact_pairs(unit)).shape[1] == 3, "nobody takes another's away"
        assert await unit.conn.scalar(select(func.count()).select_from(subscribers)) == 2

"""Who signed up and is not confirmed yet is told last, and counted apart; on every store."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from sqlalchemy import select

from broadcaster.atlas.atlas import Atlas
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.domain.people import CHANNEL_NUMBER
from broadcaster.store.alerts import breakdown as reporting
from broadcaster.store.alerts import report as reports
from broadcaster.store.alerts import tracking
from broadcaster.store.alerts.dispatching import write_chunk
from broadcaster.store.people import contacts, waves, welcomes
from broadcaster.store.register import by_hand, persons, search
from broadcaster.store.register.by_hand import Signed
from broadcaster.store.stations import stations
from broadcaster.store.tables import deliveries
from tests.contract.stores import BY, NOW, add_station, an_alert, mail, push, resident
from tests.contract.stores import register as enter
from tests.contract.test_welcomes import CALLER, OTHER
from zones import Area, Circle

SIZES = dict.fromkeys(CHANNEL_NUMBER.values(), 100)
HERE = (0.63, 48.76)


async def crowd(unit, station, n, *, caller=CALLER, now=NOW):
    found = []
    for each in range(n):
        person = resident(
            push(f"https://push.example/{caller[:1]}{now.timestamp()}{each}"), at=HERE, name=f"Fake {each}"
        )
        (who,) = await enter(unit, station.id, person, themselves=True, now=now)
        found.append((who, *await welcomes.begin(unit, who, now, caller=caller)))
    return found


async def test_the_reach_counts_the_unconfirmed_apart_and_they_are_told_last(store):
    area = Area(circles=(Circle(*HERE, 300.0),))
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        fakes = [who for who, _ in await crowd(unit, station, 300)]
        listed = await enter(unit, station.id, *(resident(mail(f"a{n}@example.org"), at=HERE) for n in range(40)))
    atlas = Atlas(store)
    await atlas.load()
    for kind in (AudienceKind.EVERYONE, AudienceKind.FOLLOWERS, AudienceKind.ALL_FOLLOWERS):
        found = atlas.counted(station.id, area, Audience(kind))
        assert (len(found.own), found.others) == (40, 0), kind
        assert 200 <= found.unconfirmed <= 310, kind
    order = atlas.most_exposed_first(atlas.concerned(station.id, area, Audience()), area)
    assert set(order[:40].tolist()) == set(listed)
    assert set(order[40:].tolist()) == set(fakes)
    async with store.write() as unit:
        await welcomes.confirm_person(unit, fakes[0])
    await atlas.follow()
    assert fakes[0] not in atlas.roster.unconfirmed()
    assert len(np.intersect1d(atlas.roster.unconfirmed(), fakes)) == 299


async def test_the_account_and_the_unreached_count_the_unconfirmed_apart_until_their_device_shows_the_alert(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        alert = an_alert(station.id)
        (who, contact), (other, _) = await crowd(unit, station, 2)
        (listed,) = await enter(unit, station.id, resident(mail("a@example.org")))
        await write_chunk(unit, alert, [who, other, listed], since=NOW, now=NOW, batch_sizes=SIZES)
        rows = await unit.conn.execute(select(deliveries.c.id, deliveries.c.subscriber_id))
        number = {row.subscriber_id: row.id for row in rows}
        found = await reports.report(unit, alert)
        assert (found.matched, dict(found.unconfirmed)) == (1, {"pending": 2})
        for each in (who, other, listed):
            await tracking.apply(unit, [Outcome(number[each], DeliveryState.FAILED, NOW, code="x")])
        found = await reports.report(unit, alert)
        assert (found.people["unreached"], dict(found.unconfirmed)) == (1, {"unreached": 2})
        unreached = await reports.unreached(unit, alert, after=0, limit=9)
        assert [each.subscriber_id for each in unreached] == [listed]
        assert sum((await reporting.reasons(unit, alert.id)).values()) == 1
        await tracking.apply(unit, [Outcome(number[who], DeliveryState.DISPLAYED, NOW + timedelta(seconds=9))])
        found = await reports.report(unit, alert)
        assert (found.matched, found.people["displayed"], dict(found.unconfirmed)) == (2, 1, {"unreached": 1})
        assert await welcomes.to_send(unit, [contact]) == [], "a receipt confirms"


async def test_lists_and_counts_leave_the_unconfirmed_out(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        (listed,) = await enter(unit, station.id, resident(mail("a@example.org"), name="Rose"))
        (who, contact), *_ = await crowd(unit, station, 3)
        everyone = search.Only()
        assert (await search.page(unit, station.id, everyone, after=None, limit=9)).ids == [listed]
        assert (await search.named(unit, station.id, everyone, "fake", after=None, limit=9)).ids == []
        assert await search.count(unit, station.id, everyone) == await stations.followers_count(unit, station.id) == 1
        await welcomes.confirm(unit, [contact])
        assert (await search.page(unit, station.id, everyone, after=None, limit=9)).ids == [who, listed]


async def test_waves_are_told_by_hour_and_address_and_a_wave_is_found_whole(store):
    hour = NOW.replace(minute=0, second=0, microsecond=0)
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        await crowd(unit, station, 3)
        await crowd(unit, station, 1, caller=OTHER)
        await crowd(unit, station, 1, now=NOW - timedelta(hours=3))
        newest, older = await waves.waves(unit, station.id, 9)
        assert (newest.begins_at, newest.people, newest.sources) == (hour, 4, [(CALLER, 3), (OTHER, 1)])
        assert (older.begins_at, older.people) == (hour - timedelta(hours=3), 1)
        assert len(await waves.waves(unit, station.id, 1)) == 1
        assert await waves.count(unit, station.id) == 5
        assert len(await waves.of_wave(unit, station.id, hour, None, 9)) == 4
        (one,) = await waves.of_wave(unit, station.id, hour, OTHER, 9)
        await by_hand.remove(unit, station.id, one, NOW)
        assert await waves.of_wave(unit, station.id, hour, OTHER, 9) == []


async def test_a_signed_request_undoes_an_opt_out_of_this_station_and_is_kept(store):
    signed = Signed("2026-06-30", "dossier 12", NOW, None)
    async with store.write() as unit:
        station, other = await add_station(unit, "laigle"), await add_station(unit, "rugles")
        (who,) = await enter(unit, station.id, resident(mail("a@example.org")))
        (contact,) = (await contacts.ensure(unit, [mail("a@example.org")], NOW)).values()
        for each in (station, other):
            await contacts.opt_out(unit, contact, each.id, NOW)
        assert not await by_hand.record_signed(unit, station.id, who + 1, contact, signed, actor=BY), "of somebody else"
        assert await by_hand.record_signed(unit, station.id, who, contact, signed, actor=BY)
        assert not await by_hand.record_signed(unit, station.id, who, contact, signed, actor=BY), "once"
        assert await by_hand.signed_by(unit, station.id, who) == [signed]
        (person,) = await persons.people_of(unit, station.id, [who])
        assert person.contacts[0].opted_out_at is None
        await contacts.opt_out(unit, contact, station.id, NOW)
        await enter(unit, station.id, resident(mail("a@example.org")))
        (person,) = await persons.people_of(unit, station.id, [who])
        assert person.contacts[0].opted_out_at is not None, "a register that lists them again does not undo it"


async def test_a_register_is_listed_by_name_whatever_its_accents_and_case(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        names = ("zoé Yeuse", "Élodie Érable", "", "Alice Orme", "élodie Charme")
        await enter(unit, station.id, *(resident(mail(f"{n}@example.org"), name=name) for n, name in enumerate(names)))
        found: list[str | None] = []
        after = None
        while True:
            part = await search.by_name(unit, station.id, search.Only(), after=after, limit=2)
            found += [each.name for each in await persons.lines(unit, station.id, part.ids)]
            after = part.after
            if after is None:
                break
        assert found == ["Alice Orme", "élodie Charme", "Élodie Érable", "zoé Yeuse", None]

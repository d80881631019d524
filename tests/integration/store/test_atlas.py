"""The indexes in memory, after any changes of the store, say what SQL says: and one loaded anew says the same."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select

from broadcaster.atlas import ActiveAlerts, Atlas, phonebook
from broadcaster.atlas import atlas as atlas_module
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.fixes import Fix
from broadcaster.domain.people import ContactStatus, LinkStatus
from broadcaster.store import tables
from broadcaster.store.alerts import alerts
from broadcaster.store.people import contacts, feed, fixes, people, seals
from broadcaster.store.register import by_hand
from broadcaster.store.stations import stations
from tests.contract.stores import NOW, add_station, an_alert, mail, phone, push, register, resident
from zones import Area, Circle

GROUPS = ("club", "ecole", "fanfare")
AREAS = [
    None,
    Area(circles=(Circle(0.63, 48.76, 1500.0),)),
    Area(circles=(Circle(0.60, 48.74, 2500.0), Circle(0.66, 48.78, 800.0))),
    Area(circles=(Circle(0.70, 48.80, 300.0),)),
]
AUDIENCES = [
    Audience(),
    Audience(AudienceKind.EVERYONE),
    Audience(AudienceKind.ALL_FOLLOWERS),
    Audience(AudienceKind.GROUPS, ("club",)),
    Audience(AudienceKind.GROUPS, ("ecole", "fanfare")),
    Audience(AudienceKind.GROUPS, ("nowhere",)),
]


class FixedClock:
    def now(self):
        return NOW


class Town:
    """Draws residents and changes from one seed."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.ids = []

    def point(self):
        return self.chance.uniform(0.57, 0.71), self.chance.uniform(48.72, 48.81)

    def person(self):
        draw = self.chance
        one, two, three = (draw.randrange(6) for _ in range(3))
        had = [mail(f"m{one}@b.example"), phone(f"+33{two}"), push(f"https://p.example/{three}")]
        return resident(
            *draw.sample(had, draw.randrange(4)),
            at=self.point() if draw.random() < 0.8 else None,
            locale=draw.choice(["fr", "en", "de-CH"]),
            groups=tuple(draw.sample(GROUPS, draw.randrange(3))),
        )

    async def change(self, unit, station_ids):
        """One change, of any kind there is."""
        if self.chance.random() < 0.1:
            await by_hand.delete_group(unit, self.chance.choice(station_ids), self.chance.choice(GROUPS), NOW)
        else:
            await self._change_one(unit, station_ids)

    async def _change_one(self, unit, station_ids):
        draw = self.chance
        kind = draw.choice(["register", "replace", "erase", "move", "retire", "out", "in", "follow"])
        station_id = draw.choice(station_ids)
        contact_ids = list(await unit.conn.scalars(select(tables.contacts.c.id).order_by(tables.contacts.c.id)))
        one = draw.choice(self.ids) if self.ids else None
        if kind == "register" or one is None:
            self.ids += await register(
                unit, station_id, *(self.person() for _ in range(draw.randrange(1, 4))), themselves=draw.random() < 0.5
            )
        elif kind == "replace":
            home = await unit.conn.scalar(
                select(tables.follows.c.station_id).where(tables.follows.c.subscriber_id == one).limit(1)
            )
            slugs = await stations.ensure_groups(unit, home, {slug: slug for slug in GROUPS})
            themselves = draw.random() < 0.5
            await people.replace(
                unit, home, one, self.person(), groups_by_slug=slugs, now=NOW, themselves=themselves
            )  # fmt: skip
        elif kind == "erase":
            self.ids.remove(one)
            assert await people.erase(unit, one)
        elif kind == "move":
            moved = draw.sample(self.ids, min(len(self.ids), 2))
            await fixes.keep(unit, [Fix(each, *self.point(), 10.0, NOW) for each in moved])
        elif kind == "follow":
            there = await unit.conn.scalar(
                select(tables.follows.c.station_id).where(
                    tables.follows.c.subscriber_id == one, tables.follows.c.station_id == station_id
                )
            )
            if there is None:
                row = {"station_id": station_id, "subscriber_id": one, "created_at": NOW}
                await unit.conn.execute(tables.follows.insert().values(row))
                await people.touched(unit, [one])
        elif contact_ids and kind == "retire":
            status = draw.choice([ContactStatus.GONE, ContactStatus.STOPPED])
            await contacts.retire(unit, [draw.choice(contact_ids)], status, "x", NOW)
        elif contact_ids and kind == "out":
            await contacts.opt_out(unit, draw.choice(contact_ids), station_id, NOW)
        elif contact_ids and kind == "in":
            await contacts.opt_in(unit, [draw.choice(contact_ids)], station_id)


class Tables:
    """The tables of one moment, and what the rule says of them: one row after the other, with no index."""

    def __init__(self, points, groups, **rows):
        self.rows, self.groups = rows, groups  # by station, group ids by slug
        self.inside = {
            area: {each for each, lon, lat in points if area.covers(np.array([lon]), np.array([lat]))[0]}
            for area in AREAS
            if area is not None
        }
        self.alive = {r.id: r.channel for r in rows["contacts"] if r.status == ContactStatus.ACTIVE}
        self.locales = {r.id: r.locale for r in rows["subscribers"]}

    def concerned(self, station_id, area, audience):
        """Whom the rule concerns, by which contacts each is reached, and the language of each."""
        inside = set() if area is None else self.inside[area]
        follows = {r.subscriber_id for r in self.rows["follows"] if r.station_id == station_id}
        named = self.groups[station_id]
        slugs = {each for slug, each in named.items() if slug in audience.groups}
        members = {r.subscriber_id for r in self.rows["memberships"] if r.group_id in slugs}
        found = {
            AudienceKind.EVERYONE: inside,
            AudienceKind.FOLLOWERS: inside & follows,
            AudienceKind.ALL_FOLLOWERS: follows,
            AudienceKind.GROUPS: members if area is None else members & inside,
        }[audience.kind]
        refused = {r.contact_id for r in self.rows["opt_outs"] if r.station_id == station_id}
        ways = defaultdict(set)
        for row in self.rows["links"]:
            alive = row.contact_id in self.alive and row.contact_id not in refused
            if row.subscriber_id in found and row.status == LinkStatus.CONFIRMED and alive:
                ways[row.subscriber_id].add((row.contact_id, self.alive[row.contact_id]))
        return sorted(found), dict(ways), {each: self.locales[each] for each in found}


async def by_sql(store, station_ids):
    names = ("places", "positions", "follows", "memberships", "contacts", "opt_outs", "links", "subscribers")
    async with store.read() as unit:
        rows = {name: (await unit.conn.execute(select(getattr(tables, name)))).all() for name in names}
        placed = [(each.subscriber_id, each.sealed) for name in ("places", "positions") for each in rows[name]]
        points = [(each, *seals.open_point(unit.vault, each, sealed)[:2]) for each, sealed in placed]
        return Tables(points, {each: await stations.group_ids(unit, each) for each in station_ids}, **rows)


async def assert_same(store, atlas, station_ids):
    judge = await by_sql(store, station_ids)
    for station_id in station_ids:
        for area in AREAS:
            for audience in AUDIENCES:
                wanted, ways, locales = judge.concerned(station_id, area, audience)
                ids = atlas.concerned(station_id, area, audience)
                assert ids.tolist() == wanted, (station_id, area, audience)
                assert sorted(atlas.most_exposed_first(ids, area).tolist()) == wanted
                found = atlas.roster.phonebook.contacts_of(ids, station_id)
                had = defaultdict(set)
                for at, contact, channel in zip(found.people, found.contacts, found.channels, strict=True):
                    had[int(ids[at])].add((int(contact), int(channel)))
                assert had == ways
                by_locale = atlas.roster.locales(ids)
                assert {int(each): locale for locale, which in by_locale.items() for each in ids[which]} == locales


@pytest.fixture
async def station_ids(store):
    async with store.write() as unit:
        return [(await add_station(unit, slug)).id for slug in ("laigle", "rugles")]


@pytest.mark.parametrize("seed", range(6))
async def test_after_any_changes_the_indexes_say_what_sql_says(store, station_ids, seed, monkeypatch):
    if seed % 2:
        monkeypatch.setattr(atlas_module, "_PART", 3)
        monkeypatch.setattr(feed, "_PART", 2)
        monkeypatch.setattr(phonebook, "_MANY", 2)
    town, atlas = Town(seed), Atlas(store)
    async with store.write() as unit:
        for _ in range(10):
            await town.change(unit, station_ids)
    await atlas.load()
    await assert_same(store, atlas, station_ids)
    for _ in range(8):
        async with store.write() as unit:
            for _ in range(town.chance.randrange(1, 6)):
                await town.change(unit, station_ids)
        await atlas.follow()
        await assert_same(store, atlas, station_ids)
    async with store.read() as unit:
        assert atlas.seq == await feed.newest(unit)
    anew = Atlas(store)
    await anew.load()
    await assert_same(store, anew, station_ids)
    await atlas.load()
    await assert_same(store, atlas, station_ids)


@pytest.mark.parametrize("seed", range(3))
async def test_many_that_follow_at_once_while_it_changes_end_at_what_sql_says(store, station_ids, seed, monkeypatch):
    monkeypatch.setattr(atlas_module, "_PART", 2)
    town, atlas = Town(seed), Atlas(store)
    await atlas.load()

    async def write():
        for _ in range(25):
            async with store.write() as unit:
                await town.change(unit, station_ids)

    async def follow():
        for _ in range(15):
            await atlas.follow()

    await asyncio.gather(write(), *(follow() for _ in range(4)))
    await atlas.follow()
    await assert_same(store, atlas, station_ids)


async def test_an_index_loaded_anew_forgets_who_is_no_more(store, station_ids):
    async with store.write() as unit:
        (one,) = await register(unit, station_ids[0], resident(mail("a@b.example"), at=(0.63, 48.76)))
    atlas = Atlas(store)
    await atlas.load()
    async with store.write() as unit:
        await people.erase(unit, one)
    await atlas.load()
    await assert_same(store, atlas, station_ids)


async def test_the_nearest_go_first_and_those_without_a_point_in_the_area_last(store, station_ids):
    area = Area(circles=(Circle(0.63, 48.76, 2000.0),))
    async with store.write() as unit:
        far, near, outside, nowhere, both = await register(
            unit,
            station_ids[0],
            resident(at=(0.645, 48.76)),
            resident(at=(0.631, 48.76)),
            resident(at=(0.70, 48.80)),
            resident(),
            resident(at=(0.650, 48.76)),
        )
        await fixes.keep(unit, [Fix(both, 0.6301, 48.76, None, NOW)])
    atlas = Atlas(store)
    await atlas.load()
    ids = np.array(sorted([far, near, outside, nowhere, both]), np.int64)
    assert atlas.most_exposed_first(ids, area).tolist() == [both, near, far, outside, nowhere]
    assert atlas.most_exposed_first(ids, None).tolist() == ids.tolist()
    alert = an_alert(station_ids[0], area=area)
    assert atlas.most_exposed(alert, 10, None) == [both, near, far]
    assert atlas.most_exposed(alert, 2, None)[0] == both
    known = Area(circles=(Circle(0.63, 48.76, 300.0),))
    assert atlas.most_exposed(alert, 10, known) == [far, both], "at a place where the alert was not"
    assert atlas.most_exposed(alert, 1, area) == [both], "it is new nowhere"
    everywhere = replace(alert, audience=Audience(AudienceKind.ALL_FOLLOWERS))
    assert atlas.most_exposed(everywhere, 10, None) == [both, near, far, outside, nowhere]


@pytest.mark.parametrize("seed", range(4))
async def test_an_alert_finds_the_people_who_find_the_alert(store, station_ids, seed):
    """Both directions of the fence: from the area to the people, and from a person to the alerts that hold."""
    town, atlas, active = Town(seed), Atlas(store), ActiveAlerts(store, FixedClock())
    async with store.write() as unit:
        for _ in range(25):
            await town.change(unit, station_ids)
        given = [
            an_alert(station_id, area=area, audience=audience)
            for station_id in station_ids
            for area in AREAS
            for audience in AUDIENCES
            if area is not None or not audience.needs_area
        ]
        for alert in given:
            await alerts.add(unit, alert, key_id=None, idempotency_key=None, request_hash=None)
    await atlas.load()
    await active.follow()
    assert len(active) == len(given)
    async with store.read() as unit:
        known = await feed.known(unit, town.ids)
        slugs = await stations.groups_by_id(unit, {each for entry in known.values() for each in entry.groups})
    finding = defaultdict(set)
    for each, entry in known.items():
        groups = defaultdict(set)
        for station_id, slug in (slugs[group_id] for group_id in entry.groups):
            groups[station_id].add(slug)
        for alert in active.concerning([(lon, lat) for _, lon, lat in entry.points], entry.stations, groups):
            finding[alert.id].add(each)
    for alert in given:
        found = atlas.concerned(alert.station_id, alert.area, alert.audience)
        assert finding[alert.id] == set(found.tolist()), (alert.area, alert.audience)


async def test_an_alert_that_is_put_in_while_the_store_is_read_is_not_lost(store, station_ids):
    active = ActiveAlerts(store, FixedClock())
    alert = an_alert(station_ids[0], area=AREAS[1])
    reading = asyncio.create_task(active.follow())
    await asyncio.sleep(0)
    active.put(alert)
    await reading
    assert active.at(0.63, 48.76) == [alert.id]


async def test_an_alert_that_is_cancelled_while_the_store_is_read_does_not_come_back(store, station_ids):
    active = ActiveAlerts(store, FixedClock())
    alert = an_alert(station_ids[0], area=AREAS[1])
    async with store.write() as unit:
        await alerts.add(unit, alert, key_id=None, idempotency_key=None, request_hash=None)
    reading = asyncio.create_task(active.follow())
    await asyncio.sleep(0)
    active.remove(alert.id)  # as cancel does, its own transaction being committed by then
    await reading
    assert active.at(0.63, 48.76) == []


async def test_an_alert_holds_at_its_points_until_it_ends_and_is_then_swept_away(store, station_ids):
    class Clock:
        at = NOW

        def now(self):
            return self.at

    clock = Clock()
    active = ActiveAlerts(store, clock)
    short = an_alert(station_ids[0], area=AREAS[1], expires_at=NOW + timedelta(minutes=1))
    long = an_alert(station_ids[0], area=AREAS[2])
    active.put(long)
    active.put(short)
    active.put(short)
    assert active.at(0.63, 48.76) == [short.id]
    assert active.at(0.62, 48.755) == [short.id, long.id]
    assert active.at(2.0, 48.0) == []
    clock.at = NOW + timedelta(minutes=1)
    assert short.id not in active.at(0.63, 48.76)
    assert active.alerts([short.id, long.id, 5]) == [long]
    active.sweep(clock.at)
    assert len(active) == 1
    active.put(short)
    active.remove(short.id)
    assert len(active) == 1, "what does not hold is not put in, and what is not there is passed over"

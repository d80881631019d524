"""Reported positions, on every store: the newest of each device is kept, and each is looked at once."""

from __future__ import annotations

import asyncio
import functools
import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from broadcaster.domain.fixes import Age, Fix
from broadcaster.domain.refusals import Conflict
from broadcaster.store.engine.grouping import Failed, Grouped
from broadcaster.store.people import feed, fixes, people, profiles, residents
from broadcaster.store.people.fixes import Standing
from broadcaster.store.register.registering import Registration, register_all
from broadcaster.store.tables import changes, stations
from tests.contract.stores import BY, NOW, add_station, mail, push, register, resident

SECOND = timedelta(seconds=1)
CLUB = {"club": "Club"}


@pytest.fixture
async def devices(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        return await register(unit, station.id, *(resident(push(f"https://p.example/{n}")) for n in range(5)))


async def position(store, subscriber_id):
    async with store.read() as unit:
        return (await profiles.read(unit, subscriber_id)).position


async def test_an_older_fix_never_replaces_a_newer_one_in_one_group_or_in_two(store, devices):
    one, two = devices[:2]
    newest = Fix(one, 0.62, 48.72, 5.0, NOW + SECOND)
    await store.run_write(lambda unit: fixes.record(unit, [newest, Fix(one, 0.61, 48.71, None, NOW)]))
    await store.run_write(lambda unit: fixes.record(unit, [Fix(one, 0.60, 48.70, None, NOW - SECOND)]))
    await store.run_write(lambda unit: fixes.record(unit, [Fix(two, 0.63, 48.73, None, NOW)]))
    assert await position(store, one) == (0.62, 48.72, 5.0, NOW + SECOND)
    assert await position(store, two) == (0.63, 48.73, None, NOW)


async def test_the_newest_of_fixes_that_come_in_any_order_is_kept(store, devices):
    dice = random.Random(7)
    every = [
        Fix(each, dice.uniform(-180, 180), dice.uniform(-90, 90), None, NOW + SECOND * n)
        for each in devices
        for n in range(40)
    ]
    dice.shuffle(every)
    grouped = Grouped(lambda group: store.run_write(lambda unit: fixes.record(unit, group)), 17)
    assert set(await asyncio.gather(*(grouped.do(fix) for fix in every))) == {Standing.KEPT}
    for each in devices:
        last = max((fix for fix in every if fix.subscriber_id == each), key=lambda fix: fix.at)
        assert await position(store, each) == (last.lon, last.lat, None, last.at)


async def test_every_fix_is_a_change_and_says_where_until_it_was_looked_at(store, devices):
    one, two = devices[:2]
    late = Fix(two, -0.5, 47.5, None, NOW - SECOND * 90, age=Age.LATE)
    stale = Fix(two, -0.6, 47.6, None, NOW - SECOND * 9000, age=Age.STALE)
    async with store.read() as unit:
        before = await feed.newest(unit)
    given = [Fix(one, 0.61, 48.71, None, NOW), Fix(one, 0.62, 48.72, None, NOW), late, stale]
    await store.run_write(lambda unit: fixes.record(unit, given))
    async with store.read() as unit:
        found = await feed.changed_after(unit, before, 10)
        raw = list(await unit.conn.scalars(select(changes.c.fix).order_by(changes.c.seq)))
    assert [each.subscriber_id for each in found] == [one, one, two, two]
    said = [fixes.open_fix(store.vault, each.subscriber_id, each.fix) for each in found if each.fix]
    assert [(each.lon, each.lat, each.at, each.late) for each in said] == [
        (0.61, 48.71, NOW, False), (0.62, 48.72, NOW, False), (-0.5, 47.5, late.at, True),
    ]  # fmt: skip
    assert found[3].fix == raw[-1] == fixes.LOOKED_AT
    await store.run_write(lambda unit: fixes.record(unit, [stale]))
    async with store.read() as unit:
        assert (await feed.changed_after(unit, found[3].seq, 10))[0].fix == fixes.LOOKED_AT, "alone in its group"
    await store.run_write(lambda unit: fixes.forget_looked_at(unit, before, found[1].seq))
    async with store.read() as unit:
        assert [bool(each.fix) for each in await feed.changed_after(unit, before, 10)] == [
            False,
            False,
            True,
            False,
            False,
        ]
        assert [each.fix for each in await feed.changed_after(unit, 0, 5)] == [None] * 5, "others have none"


async def test_the_fix_of_an_erased_person_or_a_visitor_fails_no_other_of_its_group(store, devices):
    gone, here = devices[:2]
    async with store.write() as unit:
        await people.erase(unit, gone)
        visitor = await residents.visit(
            unit, [], push("https://p.example/v"), "fr", (0.6, 48.7, None),
            token=people.new_token(), now=NOW, until=NOW + timedelta(hours=4),
        )  # fmt: skip
    group = [Fix(each, 0.61, 48.71, None, NOW + SECOND) for each in (gone, visitor, here)]
    assert await store.run_write(lambda unit: fixes.record(unit, group)) == [
        Standing.GONE, Standing.VISITOR, Standing.KEPT,
    ]  # fmt: skip
    assert await position(store, here) == (0.61, 48.71, None, NOW + SECOND)
    assert (await position(store, visitor))[:2] == (0.6, 48.7), "a visitor's is kept with the stations they follow"


async def test_one_item_that_fails_fails_alone(store, devices):
    async def work(group):
        if "poison" in group:
            raise ValueError(group)
        return [each.upper() for each in group]

    grouped = Grouped(work, 10)
    found = await asyncio.gather(*(grouped.do(each) for each in ("a", "poison", "b")), return_exceptions=True)
    assert (found[0], found[2]) == ("A", "B")
    assert isinstance(found[1], ValueError)


async def test_of_many_who_write_together_one_that_is_refused_fails_alone_and_leaves_nothing(store):
    async def add(unit, slug):
        station = await add_station(unit, slug)
        if slug == "no":
            raise Conflict(slug)
        return station.slug

    slugs = ["a", "no", "b", "a", "c"]
    found = await asyncio.gather(
        *(store.run_grouped(functools.partial(add, slug=slug)) for slug in slugs), return_exceptions=True
    )
    assert [each for each in found if isinstance(each, str)] == ["a", "b", "c"]
    assert isinstance(found[1], Conflict)
    assert isinstance(found[3], Exception), "there is one a already"
    async with store.read() as unit:
        assert sorted(await unit.conn.scalars(select(stations.c.slug))) == ["a", "b", "c"]


async def test_people_who_are_registered_together_are_each_there_and_one_whose_name_is_known_is_refused_alone(store):
    async with store.write() as unit:
        one, two = [await add_station(unit, slug) for slug in ("laigle", "rugles")]
    wanted = [
        Registration(station.id, resident(mail(f"{name}@b.example"), external_id=name, groups=("club",)), CLUB, BY)
        for station, name in [(one, "a"), (one, "b"), (two, "a"), (one, "a"), (one, "c")]
    ]
    found = await store.run_write(lambda unit: register_all(unit, wanted))
    assert [isinstance(each, int) for each in found] == [True, True, True, False, True]
    assert isinstance(found[3].error, Conflict)
    async with store.read() as unit:
        names = [(await profiles.read(unit, each)).follows for each in found if isinstance(each, int)]
        groups = [(await profiles.read(unit, each)).groups for each in found if isinstance(each, int)]
    assert names == [(("laigle", "a"),), (("laigle", "b"),), (("rugles", "a"),), (("laigle", "c"),)]
    assert groups == [("club",)] * 4
    again = await store.run_write(lambda unit: register_all(unit, wanted[:1]))
    assert isinstance(again[0], Failed)

"""What the tests of people read from a store."""

from __future__ import annotations

from sqlalchemy import select

from broadcaster.store.engine import outbox
from broadcaster.store.people import feed, people, profiles
from broadcaster.store.stations import stations
from tests.contract.stores import NOW


async def changed_by(store, work):
    """Run ``work(unit)`` and return whom it records as changed; check that a change is announced on the bus."""
    async with store.read() as unit:
        before = await feed.newest(unit)
        told_before = len(await outbox.waiting(unit, 1000))
    async with store.write() as unit:
        await work(unit)
    async with store.read() as unit:
        told = (await outbox.waiting(unit, 1000))[told_before:]
        ids = {each.subscriber_id for each in await feed.changed_after(unit, before, 1000)}
    assert bool(ids) == ("people" in {topic for _, topic, _, _ in told}), "a recorded change is announced"
    return ids


async def profile(store, subscriber_id):
    async with store.read() as unit:
        return await profiles.read(unit, subscriber_id)


async def rows(store, table):
    async with store.read() as unit:
        return list((await unit.conn.execute(select(table))).mappings())


async def replaced(store, station, subscriber_id, person, *, themselves=False):
    async def work(unit):
        slugs = await stations.ensure_groups(unit, station.id, {slug: slug for slug in person.groups})
        await people.replace(
            unit, station.id, subscriber_id, person, groups_by_slug=slugs, now=NOW, themselves=themselves
        )

    return await changed_by(store, work)

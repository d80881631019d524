"""Leases of batches, as the store keeps them: the same on every database."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from broadcaster.store import tables
from broadcaster.store.alerts import batches
from tests.contract.stores import NOW
from tests.integration.operations.test_gauges import an_alert_to_two

MINUTE = timedelta(minutes=1)


async def two_batches(unit):
    """Return the time by which leases are judged, and the ids of two batches that are due."""
    at = await unit.now(NOW)
    await an_alert_to_two(unit, at, sent_at=at, expires_at=at + timedelta(days=1))
    mine, anothers = [batch.id for batch in await batches.due(unit, at, 10)]
    return at, mine, anothers


async def as_they_are(store):
    """By id, who holds each batch, until when, and when it is due."""
    columns = tables.batches.c
    async with store.read() as unit:
        rows = await unit.conn.execute(select(columns.id, columns.lease_owner, columns.lease_until, columns.due_at))
        return {row[0]: tuple(row[1:]) for row in rows}


async def test_a_renewal_prolongs_by_the_stores_clock_what_is_still_held_and_names_it(store):
    async with store.write() as unit:
        at, mine, anothers = await two_batches(unit)
        assert await batches.lease(unit, mine, "me", at, at + MINUTE)
        assert await batches.lease(unit, anothers, "another", at, at + MINUTE)
    async with store.write(single=True) as unit:
        assert await batches.renew(unit, "me", {mine, anothers}, unit.later(NOW, 300)) == {mine}
    found = await as_they_are(store)
    assert found[anothers][:2] == ("another", at + MINUTE)
    assert found[mine][0] == "me"
    assert at + 5 * MINUTE <= found[mine][1] < at + 6 * MINUTE


async def test_who_has_lost_a_batch_neither_releases_it_nor_puts_it_off(store):
    async with store.write() as unit:
        at, mine, anothers = await two_batches(unit)
        for each in (mine, anothers):
            assert await batches.lease(unit, each, "me" if each == mine else "another", at, at + MINUTE)
        for each in (mine, anothers):
            await batches.release(unit, each, "me", at, not_before=at + 2 * MINUTE)
    found = await as_they_are(store)
    assert found[mine] == (None, None, at + 2 * MINUTE)
    assert found[anothers][:2] == ("another", at + MINUTE)
    assert found[anothers][2] <= at

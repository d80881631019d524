"""The audit log on each store: appended with what it records, chained once, and found out when it was touched."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from broadcaster.domain.audit import Action, Actor, ActorKind
from broadcaster.store.operations import audit, audit_reading
from broadcaster.store.operations.audit_reading import Fault, Only
from broadcaster.store.tables import audit_entries, audit_notes, audit_segments
from tests.contract.stores import BY, NOW

ROSE = Actor(ActorKind.OPERATOR, NOW, 7, "203.0.113.0/24")


async def filled(store, entries=6):
    async with store.write() as unit:
        for n in range(entries):
            await audit.record(unit, ROSE, Action.PERSON_SEEN, 100 + n, station_id=1, page=n)
    await store.transact(audit.chain)
    return await verdict(store)


async def verdict(store, given=None):
    async with store.read() as unit:
        return await audit_reading.verify(unit, given)


async def touched(store, statement):
    async with store.write() as unit:
        await unit.conn.execute(statement)
    return [fault for fault, _ in (await verdict(store)).faults]


async def test_an_entry_stands_and_falls_with_what_it_records(store):
    async def send_and_fail(unit):
        await audit.record(unit, ROSE, Action.ALERT_SENT, 1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.transact(send_and_fail)
    async with store.read() as unit:
        assert await audit_reading.page(unit, Only(), limit=9) == []
    async with store.write() as unit:
        with pytest.raises(ValueError, match="ids and codes only"):
            await audit.record(unit, ROSE, Action.PERSON_SEEN, 1, who="Zoé Érable")


async def test_a_changed_a_removed_and_a_moved_entry_are_found(store):
    head = await filled(store)
    assert (head.entries, head.waiting, head.seq, head.faults) == (6, 0, 6, ())
    second = audit_entries.c.seq == 2
    assert await touched(store, update(audit_entries).where(second).values(about=999)) == [Fault.CHANGED]
    assert await touched(store, update(audit_entries).where(second).values(about=101)) == []
    async with store.write() as unit:  # two entries exchange their places, hashes included
        rows = {row.seq: row for row in await unit.conn.execute(select(audit_entries))}
        for seq in (3, 4):
            mine = audit_entries.c.id == rows[seq].id
            await unit.conn.execute(update(audit_entries).where(mine).values(seq=-seq))
        for seq, other in ((3, 4), (4, 3)):
            mine = audit_entries.c.id == rows[seq].id
            await unit.conn.execute(update(audit_entries).where(mine).values(seq=other, hash=rows[other].hash))
    assert (await verdict(store)).faults == ((Fault.CHANGED, 3), (Fault.CHANGED, 4))
    assert Fault.MISSING in await touched(store, delete(audit_entries).where(second))


async def test_a_cut_end_is_found_by_a_head_that_left_the_database(store):
    head = await filled(store)
    given = head.seq, head.hash
    assert (await verdict(store, given)).faults == ()
    assert await touched(store, delete(audit_entries).where(audit_entries.c.seq > 4)) == [], "by itself it looks whole"
    assert (await verdict(store, given)).faults == ((Fault.CUT, 6),)
    await filled(store, 3)  # and the place is taken by others
    assert (await verdict(store, given)).faults == ((Fault.CUT, 6),)


async def test_writers_at_once_wait_for_no_chain_and_all_are_chained_once(store):
    async def write(n):
        async def keep(unit):
            await audit.record(unit, ROSE, Action.PERSON_SEEN, n)

        await store.run_grouped(keep)

    async def chain():
        for _ in range(5):
            await store.transact(audit.chain)

    await asyncio.gather(*(write(n) for n in range(40)), chain(), chain())
    await store.transact(audit.chain)
    found = await verdict(store)
    assert (found.entries, found.seq, found.waiting, found.faults) == (40, 40, 0, ())


async def test_a_reason_can_be_erased_and_the_chain_holds(store):
    async with store.write() as unit:
        await audit.record(unit, ROSE, Action.ALERT_SENT, 1, why="Mme Tartempion est en danger")
    await store.transact(audit.chain)
    async with store.read() as unit:
        (entry,) = await audit_reading.page(unit, Only(action=Action.ALERT_SENT), limit=9)
        assert await audit_reading.reasons(unit, [entry]) == {entry.id: "Mme Tartempion est en danger"}
        (row,) = await unit.conn.execute(select(audit_notes))
        assert b"Tartempion" not in bytes(row.sealed)
    async with store.write() as unit:
        assert await audit.erase_reason(unit, entry.id)
    async with store.read() as unit:
        assert await audit_reading.reasons(unit, [entry]) == {}
    assert (await verdict(store)).faults == ()


async def test_months_are_dropped_and_leave_their_closing_hash(store):
    months = [datetime(2026, month, 15, tzinfo=UTC) for month in (1, 1, 2, 4)]
    async with store.write() as unit:
        for n, at in enumerate(months):
            await audit.record(unit, replace(ROSE, at=at), Action.PERSON_SEEN, n, why="because" if n == 0 else "")
    await store.transact(audit.chain)
    async with store.write() as unit:
        dropped = await audit.drop(unit, replace(BY, at=NOW), datetime(2026, 3, 1, tzinfo=UTC))
        assert await audit.drop(unit, BY, datetime(2026, 4, 30, tzinfo=UTC)) == [], "April is not over then"
    await store.transact(audit.chain)
    assert [(each.month, each.first, each.last) for each in dropped] == [("2026-01", 1, 2), ("2026-02", 3, 3)]
    found = await verdict(store, (3, dropped[-1].hash))
    assert (found.entries, found.faults) == (3, ()), "April's, and two that tell of what was dropped"
    assert (await verdict(store, (3, bytes(32)))).faults == ((Fault.CUT, 3),)
    # Who drops more than that, and forges a month's end, is found out too: no entry tells of it.
    async with store.write() as unit:
        (fourth,) = await unit.conn.execute(select(audit_entries).where(audit_entries.c.seq == 4))
        await unit.conn.execute(delete(audit_entries).where(audit_entries.c.seq == 4))
        forged = {"month": "2026-04", "first_seq": 4, "last_seq": 4, "hash": fourth.hash}
        await unit.conn.execute(audit_segments.insert().values(forged))
    assert (await verdict(store)).faults == ((Fault.DROPPED, 4),)


async def test_entries_are_filtered_by_who_what_where_and_when(store):
    later = NOW + timedelta(hours=1)
    async with store.write() as unit:
        await audit.record(unit, ROSE, Action.ALERT_SENT, 5, station_id=1)
        await audit.record(unit, replace(ROSE, id=8, at=later), Action.PERSON_SEEN, 6, station_id=2)
        await audit.record(unit, ROSE, Action.SIGNED_IN, 7)
        await audit.record(unit, replace(ROSE, id=9), Action.SIGNED_IN, 9)

    async def ids(**wanted):
        async with store.read() as unit:
            return [each.about for each in await audit_reading.page(unit, Only(**wanted), limit=9)]

    assert await ids() == [9, 7, 6, 5]
    assert await ids(stations=[1]) == [5]
    assert await ids(stations=[1], people=[7]) == [7, 5]
    assert await ids(actor_id=8) == [6]
    assert await ids(action=Action.SIGNED_IN) == [9, 7]
    assert await ids(since=later) == [6]
    assert await ids(until=later, about=5) == [5]

"""A page of an alert's deliveries: in their order, the alert's own alone, and looked up where it begins."""

from __future__ import annotations

import pytest
from sqlalchemy import event, insert

from broadcaster.domain.deliveries import DeliveryState
from broadcaster.store import tables
from broadcaster.store.alerts import alerts, deliveries
from tests.contract.stores import NOW, add_station, an_alert


@pytest.fixture
async def two(store):
    """Two alerts whose deliveries were written in turns."""
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        made = [an_alert(station.id) for _ in range(2)]
        for each in made:
            await alerts.add(unit, each, key_id=None, idempotency_key=None, request_hash=None)
        rows = [
            {
                "alert_id": made[number % 2].id,
                "subscriber_id": number,
                "contact_id": number,
                "channel": number % 3,
                "batch_id": number // 10,
                "state": DeliveryState.ACCEPTED if number % 5 else DeliveryState.FAILED,
                "attempts": 1,
                "created_at": NOW,
            }
            for number in range(1, 201)
        ]
        await unit.conn.execute(insert(tables.deliveries), rows)
    return made


async def everyone(store, alert, limit, **which):
    found, after = [], 0
    async with store.read() as unit:
        while True:
            page = await deliveries.page(
                unit, alert.id, **{"state": None, "channel": None, **which}, after=after, limit=limit
            )
            assert len(page) <= limit
            found += [row.subscriber_id for row in page]
            if not page:
                return found
            after = page[-1].id


async def test_page_after_page_gives_all_of_one_alert_once_in_their_order(store, two):
    for number, alert in enumerate(two):
        theirs = [each for each in range(1, 201) if each % 2 == number]
        for limit in (1, 7, 100, 500):
            assert await everyone(store, alert, limit) == theirs
        failed = await everyone(store, alert, 9, state=DeliveryState.FAILED)
        assert failed == [each for each in theirs if each % 5 == 0]


async def test_a_page_is_looked_up_where_it_begins(store, two):
    if not store.sqlite:
        pytest.skip("PostgreSQL plans by what there is")
    asked = []
    listen = store._reader.sync_engine
    event.listen(listen, "before_cursor_execute", lambda *given: asked.append(given[2:4]))
    async with store.read() as unit:
        await deliveries.page(unit, two[0].id, state=None, channel=None, after=100, limit=10)
        statement, given = asked[-1]
        plan = await unit.conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
        told = " ".join(row[-1] for row in plan)
    assert "ix_deliveries_pages (alert_id=? AND id>?)" in told
    assert "TEMP B-TREE" not in told

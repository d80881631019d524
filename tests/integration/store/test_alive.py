"""Who is dead: proven by a lock that PostgreSQL released, and by nothing else."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from broadcaster.store import StoreUnavailable, tables
from broadcaster.store.alerts import alerts, batches
from broadcaster.store.alerts import report as reports
from broadcaster.store.operations import alive
from broadcaster.store.operations.alive import Deaths
from tests.contract.stores import NOW, opened
from tests.integration.operations.test_gauges import an_alert_to_two


@pytest.fixture
async def other(store, store_url):
    if store.sqlite:
        pytest.skip("one process, which frees its own leases when it starts")
    async with opened(store_url) as second:
        yield second


async def missing(store, *owners):
    async with store.read() as unit:
        return await alive.missing(unit, owners)


async def test_a_process_is_missing_when_its_session_is_gone_and_not_before(store, other):
    held = asyncio.Event()
    holding = asyncio.create_task(alive.hold(other, "held-a", held))
    await held.wait()
    assert await missing(store, "held-a", "held-b", "an-older-version") == {"held-b"}
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)
    assert await missing(store, "held-a") == {"held-a"}


async def test_a_process_hears_that_its_session_broke(store, other):
    held = asyncio.Event()
    holding = asyncio.create_task(alive.hold(other, "held-a", held))
    await held.wait()
    async with store.write() as unit:
        ended = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
        await unit.conn.execute(text(ended))
    with pytest.raises(StoreUnavailable):
        await holding


def test_a_death_is_proven_by_two_looks_that_lie_apart():
    deaths, at = Deaths(), time.monotonic()
    assert not deaths.proven("a", gone=True, at=at)
    assert not deaths.proven("a", gone=True, at=at + 0.3)
    assert not deaths.proven("a", gone=False, at=at + 0.6), "it is back"
    assert not deaths.proven("a", gone=True, at=at + 1.2)
    assert deaths.proven("a", gone=True, at=at + 2.2)


def test_no_death_is_proven_soon_after_our_own_session_broke():
    deaths, at = Deaths(), time.monotonic()
    assert not deaths.proven("a", gone=True, at=at)
    deaths.doubt(at=at + 0.2)
    assert not deaths.proven("a", gone=True, at=at + 2)
    assert not deaths.proven("a", gone=False, at=at + 3), "it is back, as we are"
    assert not deaths.proven("b", gone=True, at=at + 4)
    assert deaths.proven("b", gone=True, at=at + 6)


async def test_what_a_dead_process_held_is_free_at_once_and_told_as_perhaps_sent_twice(store):
    async with store.write() as unit:
        at = await unit.now(NOW)
        alert = await an_alert_to_two(unit, at, sent_at=at, expires_at=at + timedelta(days=365))
        await unit.conn.execute(update(tables.batches).values(lease_owner="held-a", lease_until=at.replace(year=2100)))
        assert await batches.holders(unit) == {"held-a"}
        assert await batches.free(unit, ["held-b"]) == []
        freed = await batches.free(unit, ["held-a"])
        assert {each.alert_id for each in freed} == {alert.id}
        assert await batches.holders(unit) == set()
        rows = list(await unit.conn.execute(select(tables.deliveries)))
        assert {(row.attempts, row.maybe_sent, row.provider) for row in rows} == {(1, True, None)}
        known = await alerts.by_id(unit, alert.id)
        found = await reports.report(unit, known)
        assert found.maybe_twice == len(rows) == 3
        assert "3 messages may have been sent twice: a sender died while it was sending them." in found.warnings

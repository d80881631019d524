"""One process's end of PostgreSQL while it is away, silent, or refuses."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from broadcaster.store import Store, StoreUnavailable, Vault
from broadcaster.store.engine import connecting, engine
from tests.contract.stores import SECRET
from tests.servers.breakable import OwnPostgres, Wire
from tests.servers.postgres import driven

SOON_S = 30.0


@pytest.fixture
async def server():
    async with OwnPostgres() as postgres:
        yield postgres


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(connecting, "ANSWER_S", 1.5)
    monkeypatch.setattr(engine, "_CLOSE_S", 1.0)


@pytest.fixture
async def store(server):
    opened = Store(driven(server.url), Vault([SECRET]))
    yield opened
    async with asyncio.timeout(SOON_S):
        await opened.close()


async def say(store, sql, *, write=True):
    async with store.write() if write else store.read() as unit:
        found = await unit.conn.execute(text(sql))
        return found.scalar() if found.returns_rows else None


async def test_cut_connections_and_a_restart_are_over_with_the_next_call(server, store):
    await asyncio.gather(*(say(store, "SELECT pg_sleep(0.1)") for _ in range(5)))
    assert await server.cut_connections() >= 5
    assert await say(store, "SELECT 1") == 1
    await server.stop()
    with pytest.raises(StoreUnavailable):
        await say(store, "SELECT 1")
    await server.start()
    assert await say(store, "SELECT 1") == 1


async def test_what_is_cut_in_the_middle_is_away(server, store):
    await say(store, "SELECT 1")
    waiting = asyncio.ensure_future(say(store, "SELECT pg_sleep(30)"))
    await asyncio.sleep(0.3)
    await server.cut_connections()
    with pytest.raises(StoreUnavailable):
        await waiting


@pytest.mark.parametrize("before", [0, 3])
async def test_a_server_that_says_nothing_is_away_before_long(server, store, before):
    await asyncio.gather(*(say(store, "SELECT pg_sleep(0.1)") for _ in range(before)))
    server.pause()
    try:
        async with asyncio.timeout(SOON_S):
            ended = await asyncio.gather(*(say(store, "SELECT 1") for _ in range(40)), return_exceptions=True)
        assert {type(each) for each in ended} == {StoreUnavailable}
    finally:
        server.go_on()
    assert await say(store, "SELECT 1") == 1


async def test_closing_does_not_wait_for_a_server_that_says_nothing(server):
    store = Store(driven(server.url), Vault([SECRET]))
    await asyncio.gather(*(say(store, "SELECT pg_sleep(0.1)") for _ in range(5)))
    server.pause()
    try:
        async with asyncio.timeout(SOON_S):
            await store.close()
    finally:
        server.go_on()


async def test_a_connection_cut_in_a_transaction_releases_its_locks(server, store, monkeypatch):
    monkeypatch.setattr(connecting, "_IDLE_S", 1.0)
    await say(store, "CREATE TABLE one AS SELECT 1 AS n")
    async with Wire(server.socket) as wire:
        far = Store(driven(f"postgresql://postgres@127.0.0.1:{wire.port}/postgres"), Vault([SECRET]))
        locked, never = asyncio.Event(), asyncio.Event()

        async def hold():
            async with far.write() as unit:
                await unit.conn.execute(text("UPDATE one SET n = 2"))
                locked.set()
                await never.wait()

        holding = asyncio.create_task(hold())
        await locked.wait()
        wire.cut(silent=True)
        async with asyncio.timeout(SOON_S):
            await say(store, "UPDATE one SET n = 3")
        assert await say(store, "SELECT n FROM one") == 3
        wire.cut()
        never.set()
        await asyncio.gather(holding, return_exceptions=True)
        await far.close()

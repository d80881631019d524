"""A SQLite file that is locked, full, read-only or gone: said as such, nothing half-written, and well again after."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading

import pytest
from sqlalchemy import text

from broadcaster.store import Store, StoreUnavailable, Vault
from broadcaster.store.engine import connecting
from broadcaster.store.stations import stations
from tests.contract.stores import SECRET, add_station, opened, sqlite_url


async def count(store):
    async with store.read() as unit:
        return len(await stations.all_stations(unit))


async def write(store, slug):
    async with store.write() as unit:
        await add_station(unit, slug)


async def ended_threads():
    """Wait for the threads of connections that could not be made: they report to the loop, which must be there."""
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 5)


@pytest.fixture
async def sqlite(tmp_path, monkeypatch):
    monkeypatch.setattr(connecting, "_BUSY_MS", 50)
    async with opened(sqlite_url(tmp_path)) as store:
        yield store


async def test_a_file_that_another_holds_locked_is_unavailable_and_well_once_it_lets_go(sqlite, tmp_path):
    other = sqlite3.connect(tmp_path / "tocsin.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        await write(sqlite, "laigle")
    assert await count(sqlite) == 0, "readers wait for nobody"
    other.execute("ROLLBACK")
    other.close()
    await write(sqlite, "laigle")
    assert await count(sqlite) == 1


async def test_a_full_disk_is_store_unavailable_writes_nothing_by_halves_and_recovers(sqlite):
    async with sqlite.write() as unit:
        pages = await unit.conn.scalar(text("PRAGMA page_count"))
        await unit.conn.execute(text(f"PRAGMA max_page_count={pages + 3}"))
    written = 0

    async def write_two(n):
        async with sqlite.write() as unit:
            await add_station(unit, f"s{n:03d}", name="x" * 120)
            await add_station(unit, f"t{n:03d}", name="x" * 120)

    while written < 400:
        try:
            await write_two(written)
        except StoreUnavailable as error:
            assert "full" in str(error)  # noqa: PT017  the loop ends here
            break
        written += 2
    else:
        pytest.fail("the disk was never full")
    assert written > 0
    assert await count(sqlite) == written
    async with sqlite.write() as unit:
        await unit.conn.execute(text("PRAGMA max_page_count=1000000"))
    await write(sqlite, "laigle")
    assert await count(sqlite) == written + 1


async def test_a_file_made_read_only_under_the_service_is_unavailable(sqlite):
    async with sqlite.write() as unit:
        await unit.conn.execute(text("PRAGMA query_only=ON"))
    with pytest.raises(StoreUnavailable, match="readonly"):
        await write(sqlite, "laigle")
    assert await count(sqlite) == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to what is read-only")
async def test_a_file_that_may_not_be_written_is_unavailable(tmp_path):
    async with opened(sqlite_url(tmp_path)):
        pass
    (tmp_path / "tocsin.db").chmod(0o400)
    tmp_path.chmod(0o500)
    store = Store(sqlite_url(tmp_path), Vault([SECRET]))
    try:
        with pytest.raises(StoreUnavailable):
            await write(store, "laigle")
    finally:
        tmp_path.chmod(0o700)
        await store.close()


@pytest.mark.parametrize("what", ["ping", "write", "read"])
async def test_a_folder_that_is_not_there_is_unavailable(tmp_path, what):
    store = Store(sqlite_url(tmp_path / "nowhere"), Vault([SECRET]))
    with pytest.raises(StoreUnavailable, match="unable to open"):
        await {"ping": Store.ping, "write": lambda it: write(it, "x"), "read": count}[what](store)
    await store.close()
    await ended_threads()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path):
    (tmp_path / "tocsin.db").write_bytes(b"not a database, and longer than a header of SQLite is" * 100)
    store = Store(sqlite_url(tmp_path), Vault([SECRET]))
    with pytest.raises(StoreUnavailable, match="not a database"):
        await store.ping()
    await store.close()


async def test_what_was_committed_is_on_the_disk_with_a_power_cut_in_mind(sqlite):
    async with sqlite.write() as unit:
        assert await unit.conn.scalar(text("PRAGMA synchronous")) == 2
        assert await unit.conn.scalar(text("PRAGMA journal_mode")) == "wal"
        assert await unit.conn.scalar(text("PRAGMA foreign_keys")) == 1

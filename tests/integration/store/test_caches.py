"""How much of a SQLite file its connections hold in memory."""

from __future__ import annotations

from sqlalchemy import text

from broadcaster.store.engine import connecting
from tests.contract.stores import opened, sqlite_url


async def test_the_caches_of_all_connections_fit_a_small_machine(tmp_path):
    async def kib(unit):
        return -int(await unit.conn.scalar(text("PRAGMA cache_size")))

    async with opened(sqlite_url(tmp_path)) as store:
        async with store.write() as unit:
            writers = await kib(unit)
        async with store.read() as unit:
            readers = await kib(unit)
        writers += await store.run_write(kib)
        readers += await store.run_read(kib)
    assert 0 < writers + connecting.READERS * readers <= 192 * 1024

"""On SQLite a statement costs one call of its connection's thread."""

from __future__ import annotations

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.contract.stores import opened, sqlite_url


@pytest.fixture
async def store(tmp_path):
    async with opened(sqlite_url(tmp_path)) as made:
        yield made


async def test_a_statement_and_its_rows_come_in_one_call(store, monkeypatch):
    trips, go = [], aiosqlite.Connection._execute

    async def counted(self, *given):
        trips.append(given)
        return await go(self, *given)

    async with store.read() as unit:
        await unit.conn.execute(text("SELECT 1"))
        monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
        found = await unit.conn.execute(text("SELECT 1 AS one UNION SELECT 2"))
        assert (list(found.keys()), found.all()) == (["one"], [(1,), (2,)])
        assert len(trips) == 1


async def test_what_the_driver_says_of_a_statement_is_kept(store):
    async with store.write() as unit:
        await unit.conn.execute(text("CREATE TABLE tried (n INTEGER PRIMARY KEY)"))
        made = await unit.conn.execute(text("INSERT INTO tried VALUES (:n)"), [{"n": n} for n in range(5)])
        assert made.rowcount == 5
        assert (await unit.conn.execute(text("DELETE FROM tried WHERE n < 3 RETURNING n"))).all() == [(0,), (1,), (2,)]
        assert (await unit.conn.execute(text("UPDATE tried SET n = n + 10"))).rowcount == 2
        with pytest.raises(IntegrityError):
            await unit.conn.execute(text("INSERT INTO tried VALUES (13)"))

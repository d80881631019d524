"""The bare handler: what it costs to store a device's point and answer once it is committed; nothing else.

``python position_bare.py PORT [URL]``: on the PostgreSQL of that URL, else on a SQLite file of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import uvloop
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_KEEP: web.AppKey[Any] = web.AppKey("keep")
_TABLE = "CREATE TABLE points (token TEXT PRIMARY KEY, lon REAL, lat REAL, accuracy_m REAL, at REAL)"


async def store(request: web.Request) -> web.Response:
    given = await request.json()
    row = (request.headers["Authorization"], given["lon"], given["lat"], given["accuracy_m"], time.time())
    await request.app[_KEEP](row)
    return web.Response(status=204)


async def in_sqlite(app: web.Application) -> AsyncIterator[None]:
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder, ThreadPoolExecutor(1) as thread:
        conn = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None, check_same_thread=False)
        for line in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", _TABLE):
            conn.execute(line)
        loop = asyncio.get_running_loop()
        upsert = "INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?)"
        app[_KEEP] = lambda row: loop.run_in_executor(thread, conn.execute, upsert, row)
        yield
        conn.close()


async def in_postgresql(app: web.Application) -> AsyncIterator[None]:
    pool = await asyncpg.create_pool(sys.argv[2], min_size=8, max_size=16)
    await pool.execute(_TABLE.replace("REAL", "DOUBLE PRECISION"))
    upsert = (
        "INSERT INTO points VALUES ($1, $2, $3, $4, $5) ON CONFLICT (token) DO UPDATE"
        " SET lon = excluded.lon, lat = excluded.lat, accuracy_m = excluded.accuracy_m, at = excluded.at"
    )
    app[_KEEP] = lambda row: pool.execute(upsert, *row)
    yield
    await pool.close()


def main() -> None:
    app = web.Application()
    app.cleanup_ctx.append(in_postgresql if sys.argv[2:] and sys.argv[2] else in_sqlite)
    app.router.add_put("/v1/subscribers/me/position", store)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None, loop=uvloop.new_event_loop())


if __name__ == "__main__":
    main()

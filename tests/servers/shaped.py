"""Databases in the newest shape. The migrations run once a process and kind of database; a test gets a copy."""

from __future__ import annotations

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

from broadcaster.store import Store, Vault
from broadcaster.store.operations.migrate import current, migrate, newest
from tests.servers.postgres import driven

if TYPE_CHECKING:
    from tests.servers.postgres import Postgres


async def shape(store: Store, url: str) -> None:
    """Bring the store of ``url``, on which nothing was done yet, into the newest shape."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        _fill(Path(str(address.database)))
    if await current(store) != newest():
        await migrate(store)


def _fill(path: Path) -> None:
    if not path.exists() or path.stat().st_size == 0:
        path.write_bytes(_file())


def shaped(postgres: Postgres) -> str:
    """Make a database in the newest shape; return its address as TOCSIN_DATABASE_URL has it."""
    return postgres.fresh(copy_of=_template(postgres))


@cache
def _file() -> bytes:
    with tempfile.TemporaryDirectory(prefix="tocsin-shape-") as folder:
        path = Path(folder) / "tocsin.db"
        _migrated(f"sqlite+aiosqlite:///{path}")
        return path.read_bytes()


@cache
def _template(postgres: Postgres) -> str:
    url = driven(postgres.fresh())
    _migrated(url)
    return str(make_url(url).database)


def _migrated(url: str) -> None:
    async def run() -> None:
        store = Store(url, Vault([b"nothing is sealed in an empty one"]))
        try:
            await migrate(store)
        finally:
            await store.close()

    with ThreadPoolExecutor(1) as beside:  # a test's own loop may be running
        beside.submit(asyncio.run, run()).result()

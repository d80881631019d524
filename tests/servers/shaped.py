"""Databases in the newest shape. The migrations run once a run and kind of database; a test gets a copy."""

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
from tests.servers.made_once import folder_once, made_once
from tests.servers.postgres import driven, served

if TYPE_CHECKING:
    from tests.servers.postgres import Postgres

SHAPE = "shape"


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
    return postgres.fresh(copy_of=SHAPE)


@cache
def _file() -> bytes:
    return made_once("sqlite", _made)


def _made() -> bytes:
    with tempfile.TemporaryDirectory(prefix="tocsin-shape-") as folder:
        path = Path(folder) / "tocsin.db"
        _migrated(f"sqlite+aiosqlite:///{path}")
        return path.read_bytes()


def postgres_data() -> Path:
    """Return a folder of a PostgreSQL that is down. Its databases ``postgres`` and SHAPE are in the newest shape."""
    return folder_once("postgres", _fill_postgres) / "data"


def _fill_postgres(folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    with served(data) as server:
        _migrated(driven(server.url("postgres")))
        server.psql(f"CREATE DATABASE {SHAPE} TEMPLATE postgres", server.url("template1"))


def _migrated(url: str) -> None:
    async def run() -> None:
        store = Store(url, Vault([b"nothing is sealed in an empty one"]))
        try:
            await migrate(store)
        finally:
            await store.close()

    with ThreadPoolExecutor(1) as beside:  # a test's own loop may be running
        beside.submit(asyncio.run, run()).result()

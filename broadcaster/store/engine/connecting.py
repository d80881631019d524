"""Opens connections to the database.

SQLite is opened twice: one writer, whose transactions take the write lock first (``BEGIN IMMEDIATE``) and so never fail
half-way for lack of it, and a few readers, which in WAL mode never wait. ``synchronous=FULL``: a commit is on disk,
even through a power cut, before anything is sent.
"""

from contextlib import suppress
from typing import Any

import asyncpg
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from broadcaster.store.engine.direct import Direct
from broadcaster.store.engine.one_trip import in_one_trip

READERS = 4
POOLED = 8
"""Connections to PostgreSQL that stay open; as many more are opened while all are used."""
POOL_WAIT_S = 60.0
ANSWER_S = 8.0
"""While connecting, a silent PostgreSQL (stopped, or unreachable) counts as unavailable after this long."""
_BUSY_MS = 30_000
_STATEMENT_S = 600.0
_WRITER_KIB = 65_536
_READER_KIB = 8_192  # eight connections; each commit of another one empties their caches anyway
# A client cut off in mid-transaction holds its locks, and blocks all others, until the server ends it.
_IDLE_S = 15.0
_PREPARED = 500
"""Statements that a connection keeps prepared; the service has some 300, and an update alone needs 70."""
# During a request, TCP keepalives detect a lost client, also within some 15 s (no effect on a Unix socket).
_KEEPALIVE = {"tcp_keepalives_idle": "6", "tcp_keepalives_interval": "3", "tcp_keepalives_count": "3"}


def postgresql(url: str) -> AsyncEngine:
    """Return PostgreSQL's pool."""
    limits = {
        # asyncpg parses the address itself: sslmode and all other libpq parameters.
        "dsn": url.replace("postgresql+asyncpg://", "postgresql://", 1),
        "timeout": ANSWER_S,
        "command_timeout": _STATEMENT_S,
        "prepared_statement_cache_size": _PREPARED,
        "server_settings": {"idle_in_transaction_session_timeout": str(int(_IDLE_S * 1000)), **_KEEPALIVE},
    }
    engine = create_async_engine(
        "postgresql+asyncpg://", pool_size=POOLED, max_overflow=POOLED, pool_use_lifo=True, connect_args=limits
    )
    _checked(engine.sync_engine)
    return engine


def sqlite(url: str, *, write: bool) -> AsyncEngine:
    """Return SQLite's engine for the single writer, or for the readers."""
    in_one_trip()
    engine = create_async_engine(url, pool_size=1 if write else READERS, max_overflow=0, pool_timeout=POOL_WAIT_S)
    _prepared(engine.sync_engine, write=write)
    return engine


def direct(url: str, *, write: bool) -> Direct:
    """Like ``sqlite``, but for transactions in one thread call (``Direct``)."""
    size = 1 if write else READERS
    return Direct(_prepared(create_engine(make_url(url).set(drivername="sqlite"), **_pool(size)), write=write), size)


def _checked(engine: Engine) -> None:
    """Make the pool hand out only connections that answer; SQLAlchemy's own ping takes three round trips."""

    @event.listens_for(engine, "checkout")
    def _answers(connection: Any, _record: Any, _proxy: Any) -> None:
        try:
            connection.run_async(lambda driver: driver.execute("SELECT"))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            raise InvalidatePoolError from error


def _pool(size: int) -> dict[str, Any]:
    return {
        "pool_size": size,
        "max_overflow": 0,
        "pool_timeout": POOL_WAIT_S,
        "poolclass": QueuePool,
        "connect_args": {"check_same_thread": False},
    }


def _prepared(engine: Engine, *, write: bool) -> Engine:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is explicit, below
        try:
            _prepare(connection.cursor(), write=write)
        except BaseException:
            connection.close()  # not registered anywhere yet: its thread would leak
            raise

    @event.listens_for(engine, "invalidate")
    def _cancelled(connection: Any, _record: Any, _error: BaseException | None) -> None:
        # Closing alone would keep the lock for as long as anything, such as a traceback, holds one of its cursors.
        with suppress(Exception):
            connection.rollback()

    @event.listens_for(engine, "begin")
    def _begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _prepare(cursor: Any, *, write: bool) -> None:
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    if write:
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA journal_size_limit=67108864")
        cursor.execute(f"PRAGMA cache_size=-{_WRITER_KIB}")
    else:
        cursor.execute("PRAGMA query_only=ON")
        cursor.execute(f"PRAGMA cache_size=-{_READER_KIB}")
    cursor.close()

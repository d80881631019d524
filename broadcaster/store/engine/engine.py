"""Runs transactions."""

import asyncio
import hashlib
import math
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import BigInteger, ColumnElement, literal, literal_column, select, text
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from broadcaster.availability import Availability
from broadcaster.store.engine import connecting
from broadcaster.store.engine.grouping import Failed, Grouped
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.engine.turnstile import Turnstile
from broadcaster.store.tables import from_micros, outbox, to_micros

_CLOSE_S = 5.0
_SLOW_S = 2.0
_TRIES = 5
_MOST_GROUPED = 64
_AGAIN_S = 0.01
# PostgreSQL, appendix A. Serialization failure, deadlock; unique and foreign key violations.
_COLLISIONS = frozenset({"40001", "40P01"})
_JUST_WRITTEN = frozenset({"23505", "23503"})
# Connection, authentication, no such database, resources (disk full, too many connections), lock timeout, operator
# intervention (shutdown, startup), system errors; 25006, a read-only server; 25P03, a transaction that the server
# ended.
_AWAY = ("08", "28", "3D", "53", "55P03", "57", "58", "25006", "25P03")

_NOW = literal_column("(extract(epoch FROM clock_timestamp()) * 1000000)::bigint", BigInteger())

T = TypeVar("T")


class StoreUnavailable(Exception):
    """The database did not answer, is damaged, full or read-only. The transaction is rolled back."""


class Collided(StoreUnavailable):
    """Deadlock or serialization failure: harmless, retry the transaction."""


class _Undone(Exception):
    """Rolls a rehearsal back."""


def turn_key(what: str, number: int = 0) -> int:
    """Return PostgreSQL's number of the lock on (``what``, ``number``)."""
    return int.from_bytes(hashlib.blake2b(f"{what} {number}".encode(), digest_size=8).digest(), signed=True)


class Unit:
    """One transaction: connection, vault, and events to publish after commit."""

    def __init__(self, conn: AsyncConnection, vault: Vault, undisturbed_s: Callable[[], float] | None = None) -> None:
        self.conn = conn
        self.vault = vault
        self.published = False
        self._undisturbed_s = undisturbed_s

    @property
    def undisturbed_s(self) -> float:
        """Return for how many seconds the database has been available to this process.

        Nobody can renew a lease during an outage, so a lease that ended then does not prove its holder dead.
        """
        return math.inf if self._undisturbed_s is None else self._undisturbed_s()

    async def now(self, clock: datetime) -> datetime:
        """Return the time by which leases are judged: PostgreSQL's clock, shared by all processes; else ``clock``."""
        if self.conn.dialect.name == "postgresql":
            return from_micros(int(await self.conn.scalar(select(_NOW)) or 0))
        return clock

    def later(self, clock: datetime, seconds: float) -> ColumnElement[int]:
        """Return ``now`` and so many seconds, in microseconds, as an expression: it takes no round trip of its own."""
        now = _NOW if self.conn.dialect.name == "postgresql" else literal(to_micros(clock), BigInteger())
        return now + int(seconds * 1_000_000)

    async def in_turn(self, what: str, number: int = 0) -> None:
        """Hold a lock on (``what``, ``number``) until this transaction ends.

        SQLite has one writer anyway; PostgreSQL gets an advisory lock.
        """
        if self.conn.dialect.name == "postgresql":
            await self.conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": turn_key(what, number)})

    async def publish(self, topic: str, ref: int | str, rank: int = 0) -> None:
        """Write an event to the outbox in this transaction; the relay puts it on the bus."""
        await self.publish_many(topic, [(ref, rank)])

    async def publish_many(self, topic: str, refs: list[tuple[int | str, int]]) -> None:
        """Write several events on one topic: (ref, rank) each."""
        if refs:
            rows = [{"topic": topic, "ref": str(ref), "rank": rank} for ref, rank in refs]
            await self.conn.execute(outbox.insert(), rows)
            self.published = True


class Store:
    """The database at ``url`` (``sqlite+aiosqlite:///path`` or ``postgresql+asyncpg://…``).

    ``on_publish`` is called after each commit that wrote an event; the relay sets it.
    """

    def __init__(self, url: str, vault: Vault) -> None:
        self.vault = vault
        self.on_publish: Callable[[], None] | None = None
        self._disturbed_at = -math.inf
        # Separate, since a full disk can be read but not written.
        self._readable = Availability("the database, to be read,", seen=False)
        self._writable = Availability("the database, to be written,", seen=False)
        self._grouped: Grouped[Callable[[Unit], Awaitable[Any]], Any] = Grouped(
            self._all_of, _MOST_GROUPED, StoreUnavailable
        )
        self._turn: AbstractAsyncContextManager[None] = nullcontext()
        self.sqlite = url.startswith("sqlite")
        if self.sqlite:
            self._turn = Turnstile(connecting.POOL_WAIT_S)
            self._writer = connecting.sqlite(url, write=True)
            self._reader = connecting.sqlite(url, write=False)
            self._directly = {write: connecting.direct(url, write=write) for write in (True, False)}
        else:
            self._writer = connecting.postgresql(url)
            # One snapshot per read, as on SQLite: an index loaded in ten queries is consistent.
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ")
            self._single = self._writer.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def write(self, *, single: bool = False) -> AsyncIterator[Unit]:
        """A write transaction: committed at the end of the block, rolled back if it raises.

        ``single``: the block runs a single statement on PostgreSQL, so BEGIN and COMMIT are not needed. Raises
        ``StoreUnavailable`` if the database is unavailable or can't write.
        """
        undisturbed_s = self._undisturbed()
        with self._noted(self._writable), _mapped():
            engine = self._single if single and not self.sqlite else self._writer
            async with self._turn, self._connected(engine) as conn, conn.begin():
                unit = Unit(conn, self.vault, undisturbed_s)
                yield unit
        if unit.published and self.on_publish is not None:
            self.on_publish()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Unit]:
        """A read-only snapshot."""
        with self._noted(self._readable), _mapped():
            async with self._connected(self._reader) as conn:
                yield Unit(conn, self.vault)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncConnection]:
        """A separate PostgreSQL session without a transaction, closed at the end of the block.

        Raises ``StoreUnavailable`` when it breaks.
        """
        with _mapped():
            async with self._connected(self._writer) as conn:
                try:
                    yield await conn.execution_options(isolation_level="AUTOCOMMIT")
                finally:
                    with suppress(DBAPIError):
                        await conn.invalidate()  # its locks must not stay on a pooled connection

    async def run_write(self, work: Callable[[Unit], Awaitable[T]], *, single: bool = False) -> T:
        """Return ``work(unit)``'s result, from a committed write transaction.

        For the hot path: on SQLite in one thread call (``Direct``), so ``work`` may await only the unit's connection;
        on PostgreSQL like ``transact``, ``single`` as for ``write``. Raises ``StoreUnavailable``.
        """
        if not self.sqlite:
            return await self.transact(work, single=single)
        published, undisturbed_s = False, self._undisturbed()

        async def kept(conn: AsyncConnection) -> T:
            nonlocal published
            unit = Unit(conn, self.vault, undisturbed_s)
            found = await work(unit)
            published = unit.published
            return found

        with self._noted(self._writable), _mapped():
            async with self._turn:
                found = await self._directly[True].run(kept)
        if published and self.on_publish is not None:
            self.on_publish()
        return found

    async def run_grouped(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        """Return ``work(unit)``'s result, like ``run_write``, in one transaction with other callers.

        For many small concurrent writes, where a commit costs more than the write. An error rolls back only its own
        caller's work.
        """
        found: T = await self._grouped.do(work)
        return found

    async def _all_of(self, works: Sequence[Callable[[Unit], Awaitable[Any]]]) -> list[Any]:
        return await self.run_write(lambda unit: _one_by_one(unit, works))

    async def run_read(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        """Return the result of ``work(unit)`` on a read-only snapshot; otherwise like ``run_write``."""
        if not self.sqlite:
            async with self.read() as unit:
                return await work(unit)
        with self._noted(self._readable), _mapped():
            return await self._directly[False].run(lambda conn: work(Unit(conn, self.vault)))

    async def rehearse(self, work: Callable[[Unit], Awaitable[None]], connections: int = 1) -> None:
        """Run ``work(unit)`` in a transaction that is rolled back, as for ``run_write``.

        On PostgreSQL on so many connections, one after another: each transaction ends before the next begins, so that
        none holds a lock for which another waits.
        """

        async def undone(unit: Unit) -> None:
            await work(unit)
            raise _Undone

        if self.sqlite:
            with suppress(_Undone):
                await self.run_write(undone)
            return
        with _mapped():
            async with AsyncExitStack() as held:  # until the end, so that the next connection is another
                for _ in range(connections):
                    conn = await held.enter_async_context(self._connected(self._writer))
                    with suppress(_Undone):
                        async with conn.begin():
                            await undone(Unit(conn, self.vault))

    def _undisturbed(self) -> Callable[[], float]:
        began = time.monotonic()

        def undisturbed_s() -> float:
            now = time.monotonic()
            return 0.0 if now - began > _SLOW_S else now - self._disturbed_at

        return undisturbed_s

    @contextmanager
    def _noted(self, standing: Availability) -> Iterator[None]:
        try:
            yield
        except Collided:
            raise
        except StoreUnavailable as error:
            self._disturbed_at = time.monotonic()
            standing.lost(error)
            raise
        standing.found()

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """Return a connection that answers."""
        conn = engine.connect()
        began = time.monotonic()
        async with asyncio.timeout(None if self.sqlite else connecting.ANSWER_S):
            await conn.start()
        if time.monotonic() - began > _SLOW_S:
            self._disturbed_at = time.monotonic()
        try:
            yield conn
        finally:
            await conn.__aexit__(None, None, None)  # closes fully, even if cancelled

    async def transact(self, work: Callable[[Unit], Awaitable[T]], *, single: bool = False) -> T:
        """Run ``work(unit)`` in a transaction like ``write``'s; retry after a collision.

        Collisions are deadlocks, serialization failures, and rows that another transaction has just inserted, which
        ``work`` finds on retry. So it must have no effects outside the transaction.
        """
        for turn in range(1, _TRIES):
            try:
                async with self.write(single=single) as unit:
                    return await work(unit)
            except Collided:
                pass
            except IntegrityError as error:
                if _sqlstate(error) not in _JUST_WRITTEN:
                    raise
            await asyncio.sleep(random.uniform(0, _AGAIN_S * 2**turn))  # noqa: S311  to get out of each other's way
        async with self.write(single=single) as unit:
            return await work(unit)

    async def ping(self) -> None:
        """Raise ``StoreUnavailable`` unless the database answers."""
        async with self.read() as unit:
            await unit.conn.execute(text("SELECT 1"))

    async def run_sync(self, work: Callable[[Any], None]) -> None:
        """Run ``work(connection)`` on the writer in one transaction, for migrations."""
        with _mapped():
            async with self._writer.begin() as conn:
                await conn.run_sync(work)

    async def close(self) -> None:
        """Close every connection without waiting for a silent server."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None if self.sqlite else _CLOSE_S):
                await self._writer.dispose()
        if self.sqlite:
            await self._reader.dispose()
            for each in self._directly.values():
                await asyncio.to_thread(each.close)


async def _one_by_one(unit: Unit, works: Sequence[Callable[[Unit], Awaitable[Any]]]) -> list[Any]:
    run = unit.conn.exec_driver_sql
    found: list[Any] = []
    for work in works:
        await run("SAVEPOINT one")
        try:
            found.append(await work(unit))
        except DBAPIError:  # the transaction itself may be lost: try each alone
            raise
        except Exception as error:  # noqa: BLE001  it is its caller's
            await run("ROLLBACK TO SAVEPOINT one")
            found.append(Failed(error))
        await run("RELEASE SAVEPOINT one")
    return found


class _mapped:  # noqa: N801  read as a word in a with statement
    """Map driver errors caused by the environment to ``StoreUnavailable``; let programming errors through."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        state = _sqlstate(error)
        if state in _COLLISIONS:
            raise Collided(str(getattr(error, "orig", error))) from error
        broken = type(error) is DatabaseError or (isinstance(error, DBAPIError) and error.connection_invalidated)
        # Errors before a connection exists come from asyncpg unwrapped.
        broken = (
            broken or state.startswith(_AWAY) or any(each.__name__ == "InterfaceError" for each in type(error).__mro__)
        )
        if broken or isinstance(error, (OperationalError, InterfaceError, PoolTimeout, OSError)):
            message = str(getattr(error, "orig", error))
            raise StoreUnavailable(message) from error


def _sqlstate(error: BaseException | None) -> str:
    """Return PostgreSQL's SQLSTATE, or empty."""
    return getattr(getattr(error, "orig", error), "sqlstate", None) or ""

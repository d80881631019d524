"""Runs a whole SQLite transaction in one thread call, for the hot path.

Through aiosqlite each statement goes to its connection's thread and back, which costs more than the statement. Here
the same coroutine (``work(unit)``) runs to its end within the thread, over a connection with an
``AsyncConnection``'s methods that never wait. So both databases share one code path.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Engine, ScalarResult
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


class Direct:
    """Runs transactions on ``engine`` in ``threads`` threads; the engine's pool has a connection for each."""

    def __init__(self, engine: Engine, threads: int) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="sqlite")

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Return ``work(connection)``'s result once committed; rolled back if it raises.

        A cancelled caller first waits for the transaction to end, since nobody else may write until then.
        """
        doing = asyncio.get_running_loop().run_in_executor(self._threads, self._do, work)
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            await asyncio.wait([doing])
            raise

    def _do(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        with self._engine.connect() as conn, conn.begin():
            return _driven(cast("Coroutine[Any, Any, T]", work(cast("AsyncConnection", _Face(conn)))))

    def close(self) -> None:
        """Close the connections and end the threads."""
        self._threads.shutdown()
        self._engine.dispose()


class _Face:
    """The methods of ``AsyncConnection`` that the store uses, over a ``Connection``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self.dialect = conn.dialect

    async def execute(self, *given: Any) -> CursorResult[Any]:
        return self._conn.execute(*given)

    async def exec_driver_sql(self, *given: Any) -> CursorResult[Any]:
        return self._conn.exec_driver_sql(*given)

    async def run_sync(self, work: Callable[[Connection], T]) -> T:
        return work(self._conn)

    async def scalar(self, *given: Any) -> Any:
        return self._conn.scalar(*given)

    async def scalars(self, *given: Any) -> ScalarResult[Any]:
        return self._conn.scalars(*given)


def _driven(work: Coroutine[Any, Any, T]) -> T:
    try:
        work.send(None)
    except StopIteration as end:
        return cast("T", end.value)
    work.close()
    message = "a direct transaction may await only its own connection"
    raise RuntimeError(message)

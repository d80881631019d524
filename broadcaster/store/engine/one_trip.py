"""Runs each SQLite statement in one call of its connection's thread.

SQLAlchemy's cursor goes there four times, to open, execute, fetch and close; each trip costs more than most statements.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor that holds a finished statement: its rows, and what the driver said of it."""

    __slots__ = ("_said",)

    def __init__(self, adapt_connection: Any) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection  # noqa: SLF001  as the cursor that it replaces does
        self._rows = deque()
        self._said: tuple[Any, int, Any] = (None, -1, None)

    @property
    def description(self) -> Any:
        return self._said[0]

    @property
    def rowcount(self) -> int:
        return self._said[1]

    @property
    def lastrowid(self) -> Any:
        return self._said[2]

    async def _execute_async(self, operation: Any, parameters: Any) -> None:
        await self._run(lambda cursor: cursor.execute(operation, parameters or ()))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Sequence[Any]) -> None:
        await self._run(lambda cursor: cursor.executemany(operation, seq_of_parameters))

    async def _run(self, statement: Callable[[Any], object]) -> None:
        connection: Any = self._connection
        async with self._adapt_connection._execute_mutex:  # noqa: SLF001  as above
            self._rows, self._said = await connection._execute(_whole, connection._conn, statement)  # noqa: SLF001

    async def _async_soft_close(self) -> None:
        """It is closed already."""

    def close(self) -> None:
        self._rows.clear()


def _whole(connection: Any, statement: Callable[[Any], object]) -> tuple[deque[Any], tuple[Any, int, Any]]:
    cursor = connection.cursor()
    try:
        statement(cursor)
        rows = deque(cursor.fetchall()) if cursor.description else deque()
        return rows, (cursor.description, cursor.rowcount, cursor.lastrowid)
    finally:
        cursor.close()


def in_one_trip() -> None:
    """Let all connections that SQLAlchemy opens by aiosqlite use it."""
    AsyncAdapt_aiosqlite_connection._cursor_cls = _Cursor  # noqa: SLF001  there is no public way to name it

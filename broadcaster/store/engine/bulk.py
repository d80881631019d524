"""Bulk reads and writes for the hot path.

Python's sqlite3 releases the GIL at each row, then waits for it behind a busy event loop. So SQLite gets all rows as
one JSON parameter, and returns its results as one value; PostgreSQL's driver has no such problem and runs plain
statements.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, LargeBinary, Select, Table, Text, cast, func, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from broadcaster.store.engine.engine import Unit


class in_hex(FunctionElement[str]):  # noqa: N801  read as a function in a query
    """Octets as hexadecimal text for JSON; read with ``bytes.fromhex``."""

    type = Text()
    inherit_cache = True
    name = "in_hex"


@compiles(in_hex, "sqlite")
def _hex_of_sqlite(element: in_hex, compiler: Any, **given: Any) -> str:
    return f"hex({compiler.process(element.clauses, **given)})"


@compiles(in_hex)
def _hex_of_postgresql(element: in_hex, compiler: Any, **given: Any) -> str:
    return f"encode({compiler.process(element.clauses, **given)}, 'hex')"


class Insert:
    """Inserts rows, tuples of ``columns``: times in microseconds (``to_micros``), states as numbers.

    ``octets``: binary columns; JSON can't hold them, so SQLite gets them joined in a second parameter and slices them.
    ``on_conflict``: SQL appended for existing rows.
    """

    def __init__(self, table: Table, *columns: str, octets: Sequence[str] = (), on_conflict: str = "") -> None:
        self._table, self._columns = table, columns
        self._octets = tuple(columns.index(each) for each in octets)
        self._on_conflict = f" {on_conflict}" if on_conflict else ""

    def _for_sqlite(self, values: Sequence[str]) -> str:
        into = f"INSERT INTO {self._table.name} ({', '.join(self._columns)})"
        # WHERE true: else SQLite parses what follows as a join condition.
        return f"{into} SELECT {', '.join(values)} FROM json_each(?1) WHERE true{self._on_conflict}"  # noqa: S608

    @cached_property
    def _for_postgresql(self) -> str:
        values = ", ".join(f"${at}" for at in range(1, len(self._columns) + 1))
        into = f"INSERT INTO {self._table.name} ({', '.join(self._columns)})"
        return f"{into} VALUES ({values}){self._on_conflict}"

    async def run(self, unit: Unit, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert these rows, if any."""
        if not self._octets or unit.conn.dialect.name != "sqlite":
            await _run(unit, self._for_sqlite, self._for_postgresql, rows)
        elif rows:
            joined = bytearray(1)  # not empty: SQLite's slice of nothing is NULL
            apart = [self._beside(row, joined) for row in rows]
            cut = "substr(?2, json_extract(value, '$[{0}][0]'), json_extract(value, '$[{0}][1]'))"
            values = [cut.format(at) if at in self._octets else _nth(at) for at in range(len(self._columns))]
            await unit.conn.exec_driver_sql(self._for_sqlite(values), (orjson.dumps(apart).decode(), bytes(joined)))

    def _beside(self, row: tuple[Any, ...], joined: bytearray) -> list[Any]:
        """Return a row for JSON; its octets are appended to ``joined`` and replaced by their offsets."""
        given = list(row)
        for at in self._octets:
            if given[at] is not None:
                given[at] = (len(joined) + 1, len(row[at]))
                joined += row[at]
        return given


class Update:
    """Updates rows: ``key`` columns identify a row, ``columns`` change.

    A row is a tuple of the latter, then of the former; ``also`` is set to the same values in all rows. Values as for
    ``Insert``.
    """

    def __init__(self, table: Table, key: Sequence[str], columns: Sequence[str], also: str = "") -> None:
        self._table, self._key, self.names = table, tuple(key), (*columns, *key)
        self._columns, self._also = tuple(columns), f", {also}" if also else ""
        self.of = itemgetter(*self.names)
        """Returns a row from a mapping by column."""

    def _for_sqlite(self, values: Sequence[str]) -> str:
        given = ", ".join(f"{value} AS {name}" for value, name in zip(values, self.names, strict=True))
        changes = ", ".join(f"{name} = given.{name}" for name in self._columns)
        found = " AND ".join(f"{self._table.name}.{name} = given.{name}" for name in self._key)
        return (
            f"UPDATE {self._table.name} SET {changes}{self._also}"  # noqa: S608
            f" FROM (SELECT {given} FROM json_each(?1)) AS given WHERE {found}"
        )

    @cached_property
    def _for_postgresql(self) -> str:
        numbers = {name: f"${at}" for at, name in enumerate(self.names, 1)}
        changes = ", ".join(f"{name} = {numbers[name]}" for name in self._columns)
        found = " AND ".join(f"{name} = {numbers[name]}" for name in self._key)
        return f"UPDATE {self._table.name} SET {changes}{self._also} WHERE {found}"  # noqa: S608

    async def run(self, unit: Unit, rows: Sequence[tuple[Any, ...]]) -> None:
        """Update by these rows, if any."""
        key = range(len(self._columns), len(self.names))
        await _run(unit, self._for_sqlite, self._for_postgresql, rows, key)


def _nth(at: int) -> str:
    return f"json_extract(value, '$[{at}]')"


async def _run(
    unit: Unit,
    for_sqlite: Callable[[Sequence[str]], str],
    for_postgresql: str,
    rows: Sequence[tuple[Any, ...]],
    key: Collection[int] = (),
) -> None:
    """``key``: the columns that SQLite finds rows by, and which it must join with, or it scans the table first."""
    if not rows:
        return
    if unit.conn.dialect.name == "sqlite":
        values: list[str] = []
        varying: list[tuple[Any, ...]] = []
        same: list[Any] = []
        for at, column in enumerate(zip(*rows, strict=True)):
            if at not in key and column.count(column[0]) == len(rows):  # bound once: reading it from JSON takes 0.2 µs
                same.append(column[0])
                values.append(f"?{1 + len(same)}")
            else:
                values.append(_nth(len(varying)))
                varying.append(column)
        given = list(zip(*varying, strict=True)) if varying else [()] * len(rows)
        await unit.conn.exec_driver_sql(for_sqlite(values), (orjson.dumps(given).decode(), *same))
    else:
        await unit.conn.exec_driver_sql(for_postgresql, list(rows))


class Fetch:
    """Reads rows of integers and text (``raw`` for times): sequences of the columns that ``statement`` selects."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement

    @cached_property
    def _packed(self) -> Select[Any]:
        rows = self._statement.subquery()
        return select(func.json_group_array(func.json_array(*rows.c)))

    async def rows(self, unit: Unit, given: Mapping[str, Any]) -> Sequence[Any]:
        if unit.conn.dialect.name == "sqlite":
            found: list[Any] = orjson.loads(await unit.conn.scalar(self._packed, given))
            return found
        rows: Sequence[Any] = (await unit.conn.execute(self._statement, given)).all()
        return rows


class Columns:
    """Reads rows by column, for the in-memory indexes."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        columns = statement.subquery().c
        self._for_sqlite = select(*(func.json_group_array(column) for column in columns))
        self._for_postgresql = select(*(_octets_of(column) for column in columns))

    async def read(self, unit: Unit, given: Mapping[str, Any]) -> NDArray[np.int64]:
        """Return columns of non-null integers for these parameters, shape (columns, rows)."""
        if unit.conn.dialect.name == "sqlite":
            packed = (await unit.conn.execute(self._for_sqlite, given)).one()
            return np.array([orjson.loads(column) for column in packed], np.int64)
        packed = (await unit.conn.execute(self._for_postgresql, given)).one()
        return np.array([np.frombuffer(column or b"", ">i8") for column in packed], np.int64)

    async def lists(self, unit: Unit, given: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Return columns of integers and text for these parameters."""
        if unit.conn.dialect.name == "sqlite":
            packed = (await unit.conn.execute(self._for_sqlite, given)).one()
            return [orjson.loads(column) for column in packed]
        rows = (await unit.conn.execute(self._statement, given)).all()
        return list(zip(*rows, strict=True)) or [()] * len(self._statement.selected_columns)


def _octets_of(column: ColumnElement[int]) -> ColumnElement[bytes]:
    """Return PostgreSQL's column as eight octets a value; arrays: see ``among``."""
    octets = func.int8send(cast(column, BigInteger))
    return func.string_agg(octets, literal_column("''::bytea"), type_=LargeBinary())

"""``column IN (…)`` with one parameter for any number of values: compiled and prepared once.

SQLAlchemy's ``in_`` expands a placeholder per value on each execution, which costs more than the rows do.
"""

from collections.abc import Collection
from typing import Any

import orjson
from sqlalchemy import Boolean, Text, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class _Ids(TypeDecorator[Any]):
    """Integers as text: an array's on PostgreSQL, JSON on SQLite.

    asyncpg would look up the type of an array, once a connection, which takes 10 to 20 ms.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Collection[int] | None, dialect: Dialect) -> str:
        listed = orjson.dumps(list(value or ())).decode()
        return f"{{{listed[1:-1]}}}" if dialect.name == "postgresql" else listed


class among(FunctionElement[bool]):  # noqa: N801  read as a function in a query
    """``among(column, "ids")``: the column is one of the integers bound to ``ids``."""

    type = Boolean()
    inherit_cache = True
    name = "among"

    def __init__(self, column: ColumnElement[int], ids: str) -> None:
        super().__init__(column, bindparam(ids, type_=_Ids()))

    def self_group(self, against: Any = None) -> "among":  # noqa: ARG002
        """Do not add ``… = 1``, as for functions on SQLite: it would prevent the use of an index."""
        return self


@compiles(among)
def _for_postgresql(element: among, compiler: Any, **given: Any) -> str:
    column, ids = element.clauses
    # As a subquery, so that the text is read once and not for each row.
    values = f"SELECT CAST({compiler.process(ids, **given)} AS bigint[])"
    return f"{compiler.process(column, **given)} = ANY (CAST(({values}) AS bigint[]))"


@compiles(among, "sqlite")
def _for_sqlite(element: among, compiler: Any, **given: Any) -> str:
    column, ids = element.clauses
    values = f"SELECT value FROM json_each({compiler.process(ids, **given)})"  # noqa: S608  a parameter's name
    return f"{compiler.process(column, **given)} IN ({values})"

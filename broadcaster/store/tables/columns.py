"""Column types shared by several tables. Times are microseconds since 1970 UTC (``Instant``)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, text, type_coerce
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Return microseconds since 1970 UTC of an aware datetime."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the aware UTC datetime of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else from_micros(value)


def raw(column: Column[Any]) -> ColumnElement[Any]:
    """Return a column unconverted, an ``Instant`` in microseconds: for many rows."""
    return type_coerce(column, BigInteger()) if isinstance(column.type, Instant) else column


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


# SQLite autoincrements only a column declared exactly INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")


def subscriber(*, primary_key: bool = False) -> Column[int]:
    return Column(
        "subscriber_id", Id, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=primary_key, nullable=False
    )


def station(*, primary_key: bool = False) -> Column[int]:
    return Column(
        "station_id", Id, ForeignKey("stations.id", ondelete="CASCADE"), primary_key=primary_key, nullable=False
    )


def set_only(table: str, column: str) -> Index:
    """Partial index of rows where a column is set."""
    there = text(f"{column} IS NOT NULL")
    return Index(f"ix_{table}_{column}", column, sqlite_where=there, postgresql_where=there)

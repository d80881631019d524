"""Export and import of every row, in one snapshot and one transaction, as portable values.

A value is a number, text, bytes, boolean, None, or JSON (``KINDS``), independent of the database.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Text,
    bindparam,
    column,
    delete,
    func,
    inspect,
    select,
    table,
    text,
    type_coerce,
    update,
)
from sqlalchemy.exc import DataError, IntegrityError, StatementError
from sqlalchemy.types import TypeEngine

from broadcaster.store.engine.engine import Unit
from broadcaster.store.operations.migrate import upgrade
from broadcaster.store.people.contacts import open_address
from broadcaster.store.people.seals import open_point
from broadcaster.store.tables import Instant, alerts, batches, contacts, leases, metadata, places, processes

KINDS: dict[str, TypeEngine[Any]] = {
    "int": BigInteger(),
    "float": Float(),
    "bool": Boolean(),
    "text": Text(),
    "bytes": LargeBinary(),
    "json": JSON(none_as_null=True),
}
PART = 1000
_ABOUT_NOW = frozenset({"leases", "processes", "cursors", "outbox", "channel_stops", "changes"})
"""Tables that a service without stations may already have filled."""
_WAIT_FOR_TABLES = "10s"


class RowRefused(ValueError):
    """A row of another store does not fit this one: ``args`` are the table and the database's reason."""


_NEVER_COPIED = frozenset({"poll_pending"})
"""Votes waiting for a group of ten: a backup must not link them to people, so after a restore these people may vote
again.
"""
_LINKED = frozenset({"deliveries", "confirmations", "trials"})
"""Tables whose ids stand in the links of messages."""
_LEAST_LEFT_OUT = 1_000_000
_OF_PEOPLE = frozenset({"subscribers", "contacts"})
"""Tables whose ids stand in links too. Fewer are left out, as the atlas has arrays by them."""
_PEOPLE_LEFT_OUT = 100_000


def shape() -> dict[str, dict[str, str]]:
    """Return the kinds of each table's columns by table name, referenced tables first."""
    copied = [each for each in metadata.sorted_tables if each.name not in _NEVER_COPIED]
    return {each.name: {col.name: _kind(col) for col in each.columns} for each in copied}


def _kind(col: Column[Any]) -> str:
    if isinstance(col.type, (Instant, Integer, BigInteger, SmallInteger)):
        return "int"
    for kind, of in (("json", JSON), ("bytes", LargeBinary), ("bool", Boolean), ("float", Float)):
        if isinstance(col.type, of):
            return kind
    return "text"


async def has_tables(unit: Unit, names: Collection[str]) -> bool:
    there = await unit.conn.run_sync(lambda connection: set(inspect(connection).get_table_names()))
    return there.issuperset(names)


async def count_of(unit: Unit, name: str) -> int:
    return await unit.conn.scalar(select(func.count()).select_from(table(name))) or 0


async def rows(unit: Unit, name: str) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """Yield a table's rows in parts, columns as in ``shape``."""
    kinds = shape()[name]
    source = metadata.tables[name]
    wanted = [type_coerce(source.c[each], KINDS[kind]) for each, kind in kinds.items()]
    async with unit.conn.stream(select(*wanted).order_by(*source.primary_key.columns)) as found:
        async for part in found.partitions(PART):
            yield part


async def numbering(unit: Unit) -> dict[str, int]:
    """Return the last id assigned in each table that never reuses ids."""
    given: dict[str, int] = {}
    if unit.conn.dialect.name == "sqlite":
        known = await unit.conn.execute(text("SELECT name, seq FROM sqlite_sequence"))
        given = {row.name: row.seq for row in known if row.name in metadata.tables}
    else:
        for name, key in _numbered().items():
            sequence = await unit.conn.scalar(select(func.pg_get_serial_sequence(name, key)))
            last = (await unit.conn.execute(text(f"SELECT last_value, is_called FROM {sequence}"))).one()  # noqa: S608
            if last.is_called:
                given[name] = last.last_value
    return given


def _numbered() -> dict[str, str]:
    """Return the id columns assigned by the database, by table name."""
    return {each.name: col.name for each in metadata.sorted_tables if (col := each.autoincrement_column) is not None}


async def holds(unit: Unit) -> dict[str, int]:
    """Return the number of rows of each non-empty table; none before the first migration.

    Rows that every running service writes are not counted.
    """
    there = await unit.conn.run_sync(lambda connection: set(inspect(connection).get_table_names()))
    known = [name for name in metadata.tables if name in there and name not in _ABOUT_NOW]
    return {name: n for name in known if (n := await count_of(unit, name))}


async def clear(unit: Unit) -> None:
    """Drop all our tables."""
    if unit.conn.dialect.name == "postgresql":
        await unit.conn.execute(text(f"SET LOCAL lock_timeout = '{_WAIT_FOR_TABLES}'"))
    there = MetaData()

    def drop(connection: Any) -> None:
        ours = {*metadata.tables, "alembic_version"}
        there.reflect(connection, only=lambda name, _: name in ours)
        there.drop_all(connection)

    await unit.conn.run_sync(drop)


async def make(unit: Unit, migration: str) -> None:
    """Migrate the tables to a revision."""
    await unit.conn.run_sync(upgrade, migration)


async def put(unit: Unit, name: str, kinds: Mapping[str, str], part: Sequence[Sequence[Any]]) -> None:
    """Insert rows into a table; ``kinds``: those of its columns, in the order of the values. Raises ``RowRefused``."""
    if not part:
        return
    into = table(name, *(column(each, KINDS[kind]) for each, kind in kinds.items()))
    statement = into.insert().values({each: bindparam(f"v_{each}", type_=KINDS[kind]) for each, kind in kinds.items()})
    names = [f"v_{each}" for each in kinds]
    try:
        await unit.conn.execute(statement, [dict(zip(names, row, strict=True)) for row in part])
    except (DataError, IntegrityError) as error:
        raise RowRefused(name, str(error.orig)) from error
    except StatementError as error:
        if type(error) is not StatementError:
            raise  # environmental: unavailable, full, read-only
        raise RowRefused(name, str(error.orig)) from error


async def settle(unit: Unit, last: Mapping[str, int]) -> None:
    """Continue ids after ``last`` (from ``numbering``), and end every lease: their holders no longer exist.

    Of ids that stand in links, as many again are left out, a million at least, of people's 100,000: the lost
    database may have sent links since the backup, which must not become another person's.
    """
    for name, key in _numbered().items():
        highest = await unit.conn.scalar(select(func.max(metadata.tables[name].c[key]))) or 0
        number = max(last.get(name, 0), highest)
        if name in _LINKED:
            number += max(number, _LEAST_LEFT_OUT)
        elif name in _OF_PEOPLE:
            number += _PEOPLE_LEFT_OUT
        if unit.conn.dialect.name == "postgresql":
            if number:
                await unit.conn.execute(select(func.setval(func.pg_get_serial_sequence(name, key), number)))
        else:
            row = {"name": name, "seq": number}
            await unit.conn.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
            await unit.conn.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), row)
    nobody = {"lease_owner": None, "lease_until": None}
    for leased in (batches, alerts):
        await unit.conn.execute(update(leased).where(leased.c.lease_owner.is_not(None)).values(nobody))
    await unit.conn.execute(delete(leases))
    await unit.conn.execute(delete(processes))


async def open_some(unit: Unit) -> int:
    """Open a contact and a place per key in use; return how many. Raises ``SealBroken``."""
    opened = 0
    newest = select(func.max(contacts.c.id)).group_by(func.substr(contacts.c.sealed, 1, 1))
    newest = newest.where(func.length(contacts.c.sealed) > 0)  # without addresses that were deleted
    for row in await unit.conn.execute(select(contacts).where(contacts.c.id.in_(newest))):
        open_address(unit, row.fingerprint, row.sealed)
        opened += 1
    newest = select(func.max(places.c.id)).group_by(func.substr(places.c.sealed, 1, 1))
    for row in await unit.conn.execute(select(places).where(places.c.id.in_(newest))):
        open_point(unit.vault, row.subscriber_id, row.sealed)
        opened += 1
    return opened


async def leads_until(unit: Unit) -> int:
    """Return until when (microseconds since 1970) a process leads here; 0 if none does, or there are no tables."""
    there = await unit.conn.run_sync(lambda connection: inspect(connection).has_table(leases.name))
    return await unit.conn.scalar(select(func.max(type_coerce(leases.c.until, BigInteger)))) or 0 if there else 0

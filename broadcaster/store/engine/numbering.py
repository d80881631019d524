"""Ids that are never given twice."""

from sqlalchemy import Table, func, select, text

from broadcaster.store.engine.engine import Unit

_MOVE_NUMBER = text("UPDATE sqlite_sequence SET seq = seq + :count WHERE name = :name RETURNING seq")


async def reserve(unit: Unit, table: Table, count: int) -> list[int]:
    """Reserve ``count`` ids from a table's numbering permanently: also where SQLite would use a deleted row's again."""
    if count == 0:
        return []
    if unit.conn.dialect.name == "sqlite":
        sequence = {"name": table.name, "count": count}
        moved = await unit.conn.scalar(_MOVE_NUMBER, sequence)
        if moved is None:  # no row yet
            moved = (await unit.conn.scalar(select(func.max(table.c.id))) or 0) + count
            await unit.conn.execute(
                text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :moved)"),
                {"name": table.name, "moved": moved},
            )
        return list(range(moved - count + 1, moved + 1))
    sequence_of = func.pg_get_serial_sequence(table.name, "id")
    return list(await unit.conn.scalars(select(func.nextval(sequence_of)).select_from(func.generate_series(1, count))))

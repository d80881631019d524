"""Events, written in the transaction that they announce and kept until the relay has put them on the bus."""

from sqlalchemy import delete, select

from broadcaster.store.engine.among import among
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import outbox

_RELAYED = delete(outbox).where(among(outbox.c.id, "ids"))


async def waiting(unit: Unit, limit: int) -> list[tuple[int, str, str, int]]:
    """Return the oldest events not relayed: (id, topic, ref, rank)."""
    rows = await unit.conn.execute(
        select(outbox.c.id, outbox.c.topic, outbox.c.ref, outbox.c.rank).order_by(outbox.c.id).limit(limit)
    )
    return [(row.id, row.topic, row.ref, row.rank) for row in rows]


async def relayed(unit: Unit, ids: list[int]) -> None:
    await unit.conn.execute(_RELAYED, {"ids": ids})

"""Leader election: one process does the work until it dies and another takes over."""

from datetime import datetime

from sqlalchemy import delete, select, text

from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import leases, to_micros

_TAKE = text(
    "INSERT INTO leases (name, owner, until) VALUES (:name, :owner, :until)"
    " ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until"
    " WHERE leases.owner = excluded.owner OR leases.until < :now RETURNING owner"
)


async def take(unit: Unit, name: str, owner: str, now: datetime, until: datetime) -> bool:
    """Take or renew the lease ``name``; False while another holds it."""
    row = {"name": name, "owner": owner, "until": to_micros(until), "now": to_micros(now)}
    return bool((await unit.conn.scalar(_TAKE, row)) == owner)


async def holder(unit: Unit, name: str) -> str | None:
    """Return the current or last holder of ``name``."""
    return await unit.conn.scalar(select(leases.c.owner).where(leases.c.name == name))


async def give_back(unit: Unit, owner: str) -> None:
    """Release ``owner``'s leases, so that others need not wait."""
    await unit.conn.execute(delete(leases).where(leases.c.owner == owner))

"""Who leads: work that one process does for all, until it dies and another takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, text

from broadcaster.store.tables import leases, to_micros

if TYPE_CHECKING:
    from datetime import datetime

    from broadcaster.store.engine.engine import Unit

_TAKE = text(
    "INSERT INTO leases (name, owner, until) VALUES (:name, :owner, :until)"
    " ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until"
    " WHERE leases.owner = excluded.owner OR leases.until < :now RETURNING owner"
)


async def take(unit: Unit, name: str, owner: str, now: datetime, until: datetime) -> bool:
    """Take or keep the lease ``name`` until then; False while another holds it."""
    row = {"name": name, "owner": owner, "until": to_micros(until), "now": to_micros(now)}
    return bool((await unit.conn.scalar(_TAKE, row)) == owner)


async def holder(unit: Unit, name: str) -> str | None:
    """Return who leads ``name``, or did last."""
    return await unit.conn.scalar(select(leases.c.owner).where(leases.c.name == name))


async def give_back(unit: Unit, owner: str) -> None:
    """Give back whatever ``owner`` leads, so that another need not wait."""
    await unit.conn.execute(delete(leases).where(leases.c.owner == owner))

"""What nobody asks for and somebody must do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from broadcaster.store import batches, feed
from broadcaster.store.tables import alerts

if TYPE_CHECKING:
    from broadcaster.store.engine import Unit

_KEPT_CHANGES = 200_000


async def free_leases(unit: Unit) -> None:
    """End every lease: said by the only process there is, at its start."""
    await batches.free_all(unit)
    await unit.conn.execute(
        update(alerts).where(alerts.c.resolved_at.is_(None)).values(lease_owner=None, lease_until=None)
    )


async def trim_changes(unit: Unit) -> None:
    """Forget changes that were looked at long ago."""
    seen = await feed.entrants_cursor(unit)
    before = min(seen, await feed.newest(unit) - _KEPT_CHANGES)
    if before > 0:
        await feed.trim_changes(unit, before)

"""Housekeeping."""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, type_coerce, update

from broadcaster.store.alerts import batches
from broadcaster.store.alerts.escalations import RowState
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import feed
from broadcaster.store.tables import alerts, deliveries, escalations, positions
from broadcaster.store.tables import batches as batches_table

_KEPT_CHANGES = 200_000


async def free_leases(unit: Unit) -> None:
    """End every lease, when the only process starts."""
    await batches.free_all(unit)
    await unit.conn.execute(
        update(alerts).where(alerts.c.resolved_at.is_(None)).values(lease_owner=None, lease_until=None)
    )


async def clock_went_back(unit: Unit, by: timedelta, now: datetime) -> None:
    """Move due times that a fast clock set earlier by ``by``.

    Also correct positions newer than ``now``, which would block newer ones.
    """
    micros = by // timedelta(microseconds=1)
    at = type_coerce(positions.c.at, BigInteger)
    await unit.conn.execute(update(positions).where(positions.c.at > now).values({positions.c.at: at - micros}))
    for table, columns, unfinished in (
        (batches_table, (batches_table.c.due_at, batches_table.c.lease_until), batches_table.c.done.is_(False)),
        (deliveries, (deliveries.c.next_attempt_at,), deliveries.c.next_attempt_at.is_not(None)),
        (escalations, (escalations.c.due_at,), escalations.c.state < RowState.DONE),
        (alerts, (alerts.c.lease_until,), alerts.c.resolved_at.is_(None)),
    ):
        earlier = {column: type_coerce(column, BigInteger) - micros for column in columns}
        await unit.conn.execute(update(table).where(unfinished).values(earlier))


async def trim_changes(unit: Unit) -> None:
    """Delete changes processed long ago."""
    seen = await feed.entrants_cursor(unit)
    before = min(seen, await feed.newest(unit) - _KEPT_CHANGES)
    if before > 0:
        await feed.trim_changes(unit, before)

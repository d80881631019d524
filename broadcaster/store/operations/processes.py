"""Running processes: each announces its roles and troubles every few seconds.

Times are the database's own (``Unit.now``), since machines' clocks differ.
"""

import json
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, text

from broadcaster.domain.health import Trouble
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.tables import processes, to_micros

BEAT_S = 2.0
"""Announcement interval."""

GONE_AFTER = timedelta(seconds=3 * BEAT_S)
"""A process silent for this long is dead or cut off from the store."""

_FORGOTTEN_AFTER = timedelta(hours=1)
_ANNOUNCE = text(
    "INSERT INTO processes (id, host, pid, roles, troubles, started_at, seen_at, key_id)"
    " VALUES (:id, :host, :pid, :roles, :troubles, :now, :now, :key_id)"
    " ON CONFLICT (id) DO UPDATE SET troubles = excluded.troubles, seen_at = excluded.seen_at"
)


@dataclass(frozen=True, slots=True)
class Process:
    """An announced process; ``id`` is the owner in its leases."""

    id: str
    host: str
    pid: int
    roles: tuple[str, ...]
    troubles: tuple[Trouble, ...]
    started_at: datetime
    seen_at: datetime


async def announce(unit: Unit, owner: str, roles: Iterable[str], troubles: Iterable[Trouble], clock: datetime) -> None:
    row = {
        "id": owner,
        "host": socket.gethostname()[:255],
        "pid": os.getpid(),
        "roles": ",".join(sorted(roles)),
        "troubles": json.dumps([each.to_json() for each in troubles]),
        "now": to_micros(await unit.now(clock)),
        "key_id": unit.vault.key_id,
    }
    await unit.conn.execute(_ANNOUNCE, row)


async def alive_keys(unit: Unit) -> list[int | None]:
    """Return the ids of the keys that running processes seal with."""
    now = await unit.now(datetime.now(UTC))
    alive = select(processes.c.key_id).where(processes.c.seen_at > now - GONE_AFTER)
    return list(await unit.conn.scalars(alive))


async def withdraw(unit: Unit, owner: str) -> None:
    """Withdraw an ending process, so that its roles count as missing at once."""
    await unit.conn.execute(delete(processes).where(processes.c.id == owner))


async def forget_dead(unit: Unit, clock: datetime) -> None:
    """Delete processes silent for an hour."""
    now = await unit.now(clock)
    await unit.conn.execute(delete(processes).where(processes.c.seen_at < now - _FORGOTTEN_AFTER))


async def any_known(unit: Unit) -> bool:
    """Return whether a process runs, or died within the last hour (a clean exit withdraws it)."""
    return await unit.conn.scalar(select(processes.c.id).limit(1)) is not None


async def living(unit: Unit, clock: datetime) -> list[Process]:
    """Return processes announced within ``GONE_AFTER``, by host and pid."""
    now = await unit.now(clock)
    alive = select(processes).where(processes.c.seen_at > now - GONE_AFTER)
    rows = await unit.conn.execute(alive.order_by(processes.c.host, processes.c.pid, processes.c.id))
    return [
        of_row(
            Process,
            row,
            roles=tuple(row.roles.split(",")),
            troubles=tuple(each for told in json.loads(row.troubles) if (each := Trouble.from_json(told)) is not None),
        )
        for row in rows
    ]

"""Access from this machine: the first administrator's link, and keys for all stations."""

from __future__ import annotations

import os
import sys
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from broadcaster.domain.audit import Action, Actor, ActorKind
from broadcaster.domain.operators import KEY_OF_COMMAND, KEY_OF_MACHINE, LINK_HOLDS
from broadcaster.domain.permissions import KeyRole
from broadcaster.store.operations import audit
from broadcaster.store.operators import operators
from broadcaster.store.stations import stations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

    from broadcaster.clock import Clock
    from broadcaster.store.engine.engine import Store, Unit

DAYS = 90
"""Default lifetime of a key for all stations."""

_FIRST = "Administrator"
_LONGEST_COMMAND = timedelta(hours=25)


async def first_secret(store: Store, clock: Clock) -> str | None:
    """Return the secret of the first administrator's one-time link; None when an administrator can sign in.

    Return an empty one if the output is not a terminal, as it would end up in a log.
    """
    async with store.write() as unit:
        if not sys.stdout.isatty() and not await _signs_in(unit):
            return ""
        return await first_link(unit, clock.now())


async def first_link(unit: Unit, now: datetime) -> str | None:
    """Make the first administrator's one-time link; return its secret, None when an administrator can sign in."""
    if await _signs_in(unit):
        return None
    known = await operators.administrators(unit)
    waiting = known[0].id if known else await operators.add(unit, _FIRST, now, admin=True)
    return None if waiting is None else await operators.new_link(unit, waiting, now + LINK_HOLDS)


async def _signs_in(unit: Unit) -> bool:
    return any(each.can_sign_in for each in await operators.administrators(unit))


async def fresh(unit: Unit, clock: Clock, *, days: int = DAYS, rotate: bool = False) -> str:
    """Create and return an operator's key. ``rotate``: revoke earlier ones."""
    now = clock.now()
    if rotate:
        for row in await stations.keys_that_hold(unit, now):
            if row.label == KEY_OF_MACHINE:
                await stations.revoke_key(unit, row.id, now)
                await audit.record(unit, Actor(ActorKind.MACHINE, now), Action.KEY_REVOKED, row.id)
    made = await stations.add_key(unit, KeyRole.ADMIN, None, KEY_OF_MACHINE, now, expires_at=now + timedelta(days=days))
    await record_key(unit, made, now)
    return made


async def record_key(unit: Unit, key: str, now: datetime) -> None:
    caller = await stations.caller_of(unit, key, now)
    await audit.record(unit, Actor(ActorKind.MACHINE, now), Action.KEY_MADE, None if caller is None else caller.key_id)


@asynccontextmanager
async def key_for_a_command(store: Store, clock: Clock) -> AsyncIterator[str]:
    """Create a key that ends with the block: access to the database and its secret suffices as authorization."""
    now = clock.now()
    async with store.write() as unit:
        key = await stations.add_key(unit, KeyRole.ADMIN, None, KEY_OF_COMMAND, now, expires_at=now + _LONGEST_COMMAND)
    try:
        yield key
    finally:
        async with store.write() as unit:
            await stations.end_key(unit, key, clock.now())


def write_private(path: Path, text: str) -> None:
    """Write a line to a file readable only by its owner."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())

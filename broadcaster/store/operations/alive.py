"""Process liveness by PostgreSQL locks: each process holds one for as long as its session lasts.

A killed process loses its session at once; one that merely stalls keeps it, and is taken over only when its leases end.
A lock that is free, and still free a second later, proves a death: a living process whose session broke would have
taken it back by then.
"""

import asyncio
import hashlib
from collections.abc import Iterable

from sqlalchemy import text

from broadcaster.store.engine.engine import Store, Unit

HOLDER = "held-"
"""Prefix of processes with such a lock; without it (an earlier version's), a death can't be proven."""

_LOOK_S = 0.3
_APART_S = 0.9
_DOUBT_S = 5.0
"""What broke our session probably broke others': the time they get to return."""


def _key(owner: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"alive {owner}".encode(), digest_size=8).digest(), signed=True)


async def hold(store: Store, owner: str, held: asyncio.Event) -> None:
    """Hold ``owner``'s lock until cancelled; set ``held`` once it is taken. Raises ``StoreUnavailable`` if lost."""
    async with store.session() as conn:
        await conn.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _key(owner)})
        held.set()
        while True:
            await asyncio.sleep(_LOOK_S)
            await conn.execute(text("SELECT 1"))


async def missing(unit: Unit, owners: Iterable[str]) -> set[str]:
    """Return which of these processes' locks nobody holds."""
    found = set()
    for owner in owners:
        if owner.startswith(HOLDER) and await unit.conn.scalar(
            text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _key(owner)}
        ):
            found.add(owner)
    return found


class Deaths:
    """Remembers since when each process has been missing."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._doubted_until = 0.0

    def doubt(self, *, at: float) -> None:
        """Prove nothing for a while: our own session broke. ``at``: monotonic seconds."""
        self._doubted_until = at + _DOUBT_S

    def proven(self, owner: str, *, gone: bool, at: float) -> bool:
        """Return whether ``owner`` is dead: missing at an earlier check too. ``at``: monotonic seconds."""
        if not gone:
            self._since.pop(owner, None)
            return False
        return at - self._since.setdefault(owner, at) >= _APART_S and at >= self._doubted_until

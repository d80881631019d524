"""The operator's key: made once, kept in a file that only its owner may read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from broadcaster.domain.stations import Role
from broadcaster.store import stations

if TYPE_CHECKING:
    from pathlib import Path

    from broadcaster.clock import Clock
    from broadcaster.store.engine import Store

LABEL = "operator of this machine"


async def ensure_key(store: Store, path: Path, clock: Clock) -> str:
    """Give the key in ``path``; one that the database does not know (any more) is made anew, with the role admin."""
    kept = _read(path)
    if kept:
        async with store.read() as unit:
            if await stations.caller_of(unit, kept) is not None:
                return kept
    async with store.write() as unit:
        key = await stations.add_key(unit, Role.ADMIN, None, LABEL, clock.now())
        # Inside the transaction: a folder that can't be written to leaves no key that nobody has.
        write_private(path, key)
    return key


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""


def write_private(path: Path, key: str) -> None:
    """Write a line into a file that only its owner may read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(key + "\n")

"""A signed-in operator without the way there: a row, and a session's cookie."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from broadcaster.store.operations import sessions
from broadcaster.store.operators import operators

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from broadcaster.domain.permissions import Role
    from broadcaster.store import Store

NAME = "Rose Martin"


async def add_operator(
    store: Store, now: datetime, *, name: str = NAME, admin: bool = False, roles: Mapping[int, Role] | None = None
) -> int:
    async with store.write() as unit:
        made = await operators.add(unit, name, now, admin=admin, roles=roles)
    assert made is not None
    return made


async def session_of(store: Store, now: datetime, operator_id: int) -> str:
    """Begin a session; return the cookie's value."""
    async with store.write() as unit:
        return await sessions.start(unit, operator_id, "Chrome, Linux", now, timedelta(hours=12))

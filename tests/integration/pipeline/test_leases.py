"""Leases of what is in hand hold, however much waits to be written."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import select

from broadcaster.store.tables import batches
from tests.servers.push import Behaviour
from tests.servers.town import Town
from tests.servers.town_api import eventually

if TYPE_CHECKING:
    from pathlib import Path

LEASE_S = 3
WRITERS = 70
EACH_S = 0.1


async def test_a_lease_is_renewed_before_whatever_else_waits_to_be_written(tmp_path: Path) -> None:
    async with Town(tmp_path, push_concurrency=2, send_timeout_s=60, grace_s=0.1, lease_s=LEASE_S) as town:
        await town.settle(town.resident("push"))
        town.push.behave(Behaviour(trouble="hang"))
        async with town.serving() as api:
            services = api.running.services
            await api.issue()
            await eventually(lambda: town.push.requests == 1, "it is in hand")
            ends = []

            async def write() -> None:
                async with services.store.write() as unit:
                    ends.append(await unit.conn.scalar(select(batches.c.lease_until)) - services.clock.now())
                    await asyncio.sleep(EACH_S)

            await asyncio.gather(*[write() for _ in range(WRITERS)])
    assert len(ends) == WRITERS
    assert WRITERS * EACH_S > 2 * LEASE_S, "long enough for a lease to run out twice"
    assert min(ends).total_seconds() > 0

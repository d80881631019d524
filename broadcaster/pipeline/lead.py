"""Lead: elect one process for singleton work; a dead leader is replaced at once."""

import time
from datetime import timedelta

from broadcaster.pipeline.services import Services
from broadcaster.store import Unit
from broadcaster.store.engine import leases
from broadcaster.store.operations import alive

LEAD_S = 6.0
"""How long a silent leader keeps the lead."""


async def leads(services: Services, name: str) -> bool:
    """Return whether this process leads in ``name``; take or renew the lease if possible."""
    if services.settings.embedded:
        return True
    async with services.store.write() as unit:
        now = await unit.now(services.clock.now())
        until = now + timedelta(seconds=LEAD_S)
        if await leases.take(unit, name, services.owner, now, until):
            return True
        leader = await leases.holder(unit, name)
        if leader is None or not await dead(unit, services, {leader}):
            return False
        await leases.give_back(unit, leader)
        return await leases.take(unit, name, services.owner, now, until)


async def dead(unit: Unit, services: Services, owners: set[str]) -> set[str]:
    """Return which of these processes are proven dead."""
    missing, at = await alive.missing(unit, sorted(owners - {services.owner})), time.monotonic()
    return {owner for owner in owners if services.deaths.proven(owner, gone=owner in missing, at=at)}

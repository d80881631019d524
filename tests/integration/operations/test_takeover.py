"""A sender is killed in the middle of an alert: another has its work within seconds, long before its leases end."""

from __future__ import annotations

import time

import pytest

from broadcaster.store.alerts import batches
from tests.servers.town_api import eventually
from tests.servers.town_scaled import ScaledTown

LEASE_S = 60.0
GOAL_S = 3.0
BETWEEN_LOOKS_S = 0.6


async def holders(town):
    async with town.store.read() as unit:
        return await batches.holders(unit)


@pytest.mark.timeout(300)
async def test_what_a_killed_sender_held_is_taken_over_within_three_seconds(tmp_path):
    async with ScaledTown(tmp_path, lease_s=LEASE_S, push_per_second=40, push_concurrency=8) as town:
        people = [town.resident("push") for _ in range(400)]
        await town.settle(*people)
        await town.start("web,resolver,scheduler", "sender", "sender")
        alert = await town.issue()
        await town.until_got(60)

        async def both():
            return len(await holders(town)) == 2

        await eventually(both, "both senders hold batches")
        before = await holders(town)
        await town.of("sender")[0].retire(kill=True)
        killed_at = time.monotonic()

        async def taken_over():
            return len(before & await holders(town)) < 2

        await eventually(taken_over, "the dead sender holds nothing")
        waited_s = time.monotonic() - killed_at
        await town.finished(alert["id"])
        account = await town.api.account(alert["id"])
    assert waited_s < GOAL_S + BETWEEN_LOOKS_S, f"took {waited_s:.1f} s"
    assert account["people"]["unreached"] == account["people"]["pending"] == 0
    assert any("may have been sent twice" in each for each in account["warnings"])

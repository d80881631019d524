"""A process is killed in the middle of an alert: its work goes on within seconds, long before its leases end."""

from __future__ import annotations

import time

import pytest

from broadcaster import workers
from broadcaster.store.alerts import alerts, batches
from broadcaster.store.alerts import report as reports
from broadcaster.store.operations import alive
from tests.servers.town_api import eventually
from tests.servers.town_audit import arrivals, audit
from tests.servers.town_scaled import ManyTown, ScaledTown

LEASE_S = 60.0
GOAL_S = 3.0
LONG_BEFORE_S = LEASE_S / 2
"""The goal on a machine that has much else to do: no lease has ended."""


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
    assert waited_s < LONG_BEFORE_S, f"took {waited_s:.1f} s"
    assert 2 * workers._SWEEP_S + alive._APART_S < GOAL_S, "a sweep misses it, and one a second later proves its death"
    assert account["people"]["unreached"] == account["people"]["pending"] == 0
    assert any("may have been sent twice" in each for each in account["warnings"])


@pytest.mark.timeout(300)
async def test_batches_of_a_killed_process_go_on_within_three_seconds_of_its_restart(tmp_path):
    async with ManyTown(tmp_path, lease_s=LEASE_S, push_per_second=40, push_concurrency=8) as town:
        people = [town.resident("push") for _ in range(300)]
        await town.settle(*people)
        (only,) = await town.start("")
        alert = await town.issue()
        await town.until_got(60)
        held = await holders(town)
        only.kill()
        await eventually(lambda: not only.ready.is_set(), "it is dead")
        told = {each.to for each in arrivals(town)}
        await only.up()
        up_at, had = time.monotonic(), town.got
        await eventually(lambda: town.got > had, "the rest goes out")
        waited_s = time.monotonic() - up_at
        await town.finished(alert["id"])
        async with town.store.read() as unit:
            known = await alerts.by_id(unit, int(alert["id"]))
            doubtful = (await reports.report(unit, known)).maybe_twice
        came = [each.to for each in arrivals(town)]
        await audit(town, alert["id"], people, doubles=doubtful)
    assert held, "it held batches"
    assert len(told) < 200, "it was in the middle of the alert"
    assert waited_s < LONG_BEFORE_S, f"took {waited_s:.1f} s"
    assert workers._SWEEP_S < GOAL_S
    assert len(set(came)) == len(people)
    assert len(came) - len(people) <= doubtful < len(people), "doubled is at most what is marked"

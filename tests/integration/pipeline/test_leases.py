"""Leases of what is in hand hold, however much waits to be written."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from broadcaster.domain.people import ChannelName
from broadcaster.pipeline.sweep import sweep
from broadcaster.pipeline.topics import queue_of
from broadcaster.sending.sender import Sender
from broadcaster.store.tables import batches
from tests.servers.push import Behaviour
from tests.servers.town import MovableClock, Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import audit

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


async def test_a_clock_that_jumps_ahead_takes_nothing_from_the_process_that_holds_it(tmp_path: Path) -> None:
    async with Town(tmp_path, push_concurrency=4, send_timeout_s=60) as town:
        people = [town.resident("push") for _ in range(12)]
        await town.settle(*people)
        town.push.hold()
        async with town.serving() as api:
            services = api.running.services
            alert = await api.issue()
            await eventually(lambda: town.push.held == 4, "as many as may be are on the wire")
            town.clock.advance(3600)

            async def swept() -> bool:
                await sweep(services)
                return await services.bus.depth(queue_of(ChannelName.PUSH, 0)) == 0

            for _ in range(3):  # what a sweep puts on the bus is taken from there before the next
                await eventually(swept, "the sweeper's jobs are taken")
            town.push.let_go()
            await api.finished(alert["id"])
        await audit(town, alert["id"], people)


def test_a_channel_does_not_rest_longer_because_the_clock_was_set_back() -> None:
    clock = MovableClock()
    now = clock.now()
    sender = Sender(ChannelName.PUSH, *[None] * 2, sandboxed=False, batch_size=1)  # type: ignore[arg-type]
    sender.stopped_until = now + timedelta(seconds=30)
    assert sender.resting(now)
    assert not sender.resting(now + timedelta(seconds=30))
    assert not sender.resting(now - timedelta(hours=1))

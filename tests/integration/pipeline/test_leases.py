"""Leases of what is in hand hold, however much waits to be written."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, update

from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.people import ChannelName
from broadcaster.pipeline.sweep import sweep
from broadcaster.pipeline.topics import queue_of
from broadcaster.sending.sender import Sender
from broadcaster.store.alerts.batches import holders
from broadcaster.store.tables import batches, deliveries, processes
from tests.servers.push import Behaviour
from tests.servers.town import MovableClock, Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import audit
from tests.servers.town_scaled import ScaledTown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Row

    from broadcaster.store import Store

LEASE_S = 3
AT_ONCE = 8
WRITERS = 70
EACH_S = 0.1


async def accepted(store: Store) -> int:
    async with store.read() as unit:
        count = select(func.count()).where(deliveries.c.state == DeliveryState.ACCEPTED)
        return await unit.conn.scalar(count) or 0


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


async def test_of_a_batch_that_another_has_taken_over_nothing_more_is_sent(tmp_path: Path) -> None:
    async with Town(tmp_path, push_concurrency=2, send_timeout_s=60, lease_s=LEASE_S) as town:
        people = [town.resident("push") for _ in range(12)]
        await town.settle(*people)
        town.push.hold()
        async with town.serving() as api:
            services = api.running.services
            alert = await api.issue()
            await eventually(lambda: town.push.held == 2, "as many as may be are on the wire")
            async with services.store.write() as unit:
                far = services.clock.now() + timedelta(hours=1)
                await unit.conn.execute(update(batches).values(lease_owner="another", lease_until=far))
            await eventually(lambda: max(services.held_batches.values()) < 0, "a renewal finds it taken")
            town.push.let_go()

            async def recorded() -> bool:
                return await accepted(services.store) == 2

            await eventually(recorded, "what was on the wire is recorded")
            await eventually(lambda: not services.held_batches, "the batch is left")
            assert town.push.requests == 2
            async with services.store.read() as unit:
                assert await holders(unit) == {"another"}
            async with services.store.write() as unit:
                await unit.conn.execute(update(batches).values(lease_until=services.clock.now()))
            await api.finished(alert["id"])
        await audit(town, alert["id"], people)


@pytest.mark.timeout(300)
async def test_a_sender_that_stood_still_for_longer_than_its_lease_sends_only_what_was_leaving(tmp_path: Path) -> None:
    async with ScaledTown(
        tmp_path, lease_s=LEASE_S, push_per_second=40, push_concurrency=AT_ONCE, log_level="warning"
    ) as town:
        people = [town.resident("push") for _ in range(400)]
        await town.settle(*people)
        await town.start("web,resolver,scheduler", "sender", "sender")
        alert = await town.issue()
        await town.until_got(60)

        async def unsent() -> Sequence[Row[tuple[int, int]]]:
            """By pid, how much of what it holds a sender has not begun, or not recorded: the most first."""
            count = func.count().label("unsent")
            async with town.store.read() as unit:
                held = await unit.conn.execute(
                    select(processes.c.pid, count)
                    .join(batches, batches.c.lease_owner == processes.c.id)
                    .join(deliveries, deliveries.c.batch_id == batches.c.id)
                    .where(deliveries.c.state == DeliveryState.QUEUED)
                    .group_by(processes.c.pid)
                    .order_by(count.desc())
                )
                return held.all()

        async def enough() -> bool:
            return any(each.unsent > 6 * AT_ONCE for each in await unsent())

        await eventually(enough, "one of them has much before it")
        pid = (await unsent())[0].pid
        (stopped,) = [each for each in town.of("sender") if each.running.pid == pid]
        stopped.running.send_signal(signal.SIGSTOP)
        assert dict(await unsent())[pid] > 5 * AT_ONCE, "it had only begun"
        recorded = await accepted(town.store)
        unrecorded = town.got - recorded
        await town.finished(alert["id"])
        had = town.got
        stopped.running.send_signal(signal.SIGCONT)
        await eventually(
            lambda: "a lease was not renewed in time" in stopped.log.read_text() or town.got - had > AT_ONCE,
            "it has looked at its lease",
        )
        assert town.got - had <= AT_ONCE
        await stopped.retire()
        assert town.got - had <= AT_ONCE
        await audit(town, alert["id"], people, doubles=unrecorded + AT_ONCE)


def test_a_channel_does_not_rest_longer_because_the_clock_was_set_back() -> None:
    clock = MovableClock()
    now = clock.now()
    sender = Sender(ChannelName.PUSH, *[None] * 2, sandboxed=False, batch_size=1)  # type: ignore[arg-type]
    sender.stopped_until = now + timedelta(seconds=30)
    assert sender.resting(now)
    assert not sender.resting(now + timedelta(seconds=30))
    assert not sender.resting(now - timedelta(hours=1))

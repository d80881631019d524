"""A service that is told to stop lets what is on the wire land, also what its sender has let go meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from broadcaster.store.alerts import deliveries
from channels.base import Channel, Receipt
from tests.servers.town import Town
from tests.servers.town_api import eventually

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = 16
AT_FIRST = 4


class Slow(Channel[object, object]):
    """A push channel whose answers come when they are let."""

    def __init__(self) -> None:
        self.let: list[asyncio.Event] = []
        self.landed = self.cut = 0

    async def send(self, *_: object) -> Receipt:
        mine = asyncio.Event()
        self.let.append(mine)
        try:
            await mine.wait()
        except asyncio.CancelledError:
            self.cut += 1
            raise
        self.landed += 1
        return Receipt(None)

    async def close(self) -> None:
        """Nothing is open."""


async def test_what_is_on_the_wire_lands_though_nothing_of_its_batch_is_left_to_begin(tmp_path: Path) -> None:
    async with Town(tmp_path, push_concurrency=PEOPLE, grace_s=20) as town:
        await town.settle(*[town.resident("push") for _ in range(PEOPLE)])
        slow = Slow()
        async with town.serving() as api:
            services = api.running.services
            services.senders["push"].channel = slow
            alert = await api.issue()
            await eventually(lambda: len(slow.let) == AT_FIRST, "a quarter of the places, to begin with")

            async def land() -> None:
                await services.stopping.wait()
                for each in slow.let[:]:
                    each.set()
                    # Time enough for whoever waits for a place to see that no more is sent, and for the rest to be cut.
                    await asyncio.sleep(0.3)

            landing = asyncio.create_task(land())
        await landing
        assert (slow.landed, slow.cut) == (AT_FIRST, 0)
        async with town.store.read() as unit:
            rows = await deliveries.page(unit, int(alert["id"]), state=None, channel=None, after=0, limit=100)
    assert sorted(row.state for row in rows) == ["accepted"] * AT_FIRST + ["queued"] * (PEOPLE - AT_FIRST)
    assert {row.code for row in rows} == {None}

"""A service that is told to stop lets what is on the wire land, and waits for nothing that is not sent any more."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from broadcaster.store.alerts import deliveries
from channels.base import Channel, Receipt
from tests.servers.push import Behaviour
from tests.servers.town import Town
from tests.servers.town_api import eventually

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = 16
AT_FIRST = 4
SOON_S = 30
"""A stop that waits for what it should not takes the grace time, minutes in these tests."""


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


async def test_what_waits_for_a_slow_providers_rate_stays_in_the_store(tmp_path: Path) -> None:
    async with Town(tmp_path, grace_s=300, sms_per_second=0.001) as town:
        await town.settle(*[town.resident("sms") for _ in range(5)])
        async with AsyncExitStack() as running:
            api = await running.enter_async_context(town.serving())
            alert = await api.issue(channels=["sms"])
            gate = api.running.services.senders["sms"].gate
            await eventually(lambda: (len(town.twilio.messages), len(gate._waiting)) == (1, 4), "four wait")
            async with asyncio.timeout(SOON_S):
                await running.aclose()
        async with town.store.read() as unit:
            rows = await deliveries.page(unit, int(alert["id"]), state=None, channel=None, after=0, limit=100)
    assert [row.state for row in rows].count("queued") == 4


@pytest.mark.parametrize("change", ["update", "all-clear"])
async def test_anybody_who_waits_until_an_earlier_message_has_ended_goes_on_at_the_next_start(
    tmp_path: Path, change: str
) -> None:
    async with Town(tmp_path, grace_s=300, send_timeout_s=120) as town:
        told, waits = town.resident("push"), town.resident("push")
        await town.settle(told, waits)
        waits.devices[0].behave(Behaviour(status=503))
        async with AsyncExitStack() as running:
            api = await running.enter_async_context(town.serving())
            first = await api.issue(channels=["push"])
            await eventually(lambda: bool(told.devices[0].messages), "one of the two is told")
            await api.until(first["id"], lambda each: each["people"]["accepted"] == 1)
            if change == "update":
                path, text = f"/v1/alerts/{first['id']}/updates", {"texts": {"fr": {"headline": "La Risle monte"}}}
                second = await api.call("POST", path, text, expect=202)
            else:
                second = await api.cancel(first["id"])
            services = api.running.services
            await eventually(lambda: len(told.devices[0].messages) == 2, "who was told is told of the change")
            assert int(second["id"]) in services.held_alerts, "the other one's first message may still come to them"
            async with asyncio.timeout(SOON_S):
                await running.aclose()
        waits.devices[0].behave(Behaviour())
        async with town.serving() as api:
            account = await api.finished(second["id"])
        assert account["unaccounted"] == 0
        assert len(told.devices[0].messages) == 2, "nobody is told twice"

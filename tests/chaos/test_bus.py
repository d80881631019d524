"""One process's end of the bus while its server is away, silent, or empty."""

from __future__ import annotations

import asyncio

import pytest

from broadcaster.bus import BusUnavailable, StreamsBus, streams
from tests.servers.breakable import OwnValkey, Wire

SOON_S = 20.0


@pytest.fixture
async def valkey():
    async with OwnValkey() as server:
        yield server


@pytest.fixture
async def bus(valkey):
    opened = StreamsBus(valkey.url, claim_s=2)
    await opened.open()
    yield opened
    await opened.close()


async def soon(waited):
    async with asyncio.timeout(SOON_S):
        return await waited


async def test_a_server_that_says_nothing_keeps_nobody_waiting_for_long(valkey, bus, monkeypatch):
    await bus.put("q", [("1", 0)])
    monkeypatch.setattr(streams, "_SILENT_S", 60.0)
    patient = StreamsBus(valkey.url, claim_s=2)
    await patient.open()
    valkey.pause()
    await soon(patient.publish("a topic"))  # who tells a change waits for nobody
    asked = (bus.put("q", [("2", 0)]), bus.depth("q"), bus.grant("r", 1, 1, 1), bus.ask("reach", b"?", 5.0), bus.ping())
    said = await soon(asyncio.gather(bus.take("q"), *asked, return_exceptions=True))
    assert [type(each) for each in said] == [BusUnavailable] * 6
    valkey.go_on()
    await patient.close()
    assert (await soon(bus.take("q"))).ref == "1"


async def test_a_signal_is_heard_again_after_the_server_was_silent_killed_or_emptied(valkey, bus):
    async def heard():
        """Told again and again, as the service does, until it is heard."""
        async with bus.listen("a topic") as signal:
            while not await signal.wait(0.3):
                await bus.publish("a topic")

    await soon(heard())
    await valkey.kill()
    await valkey.forget()
    await valkey.start()
    await soon(heard())
    await valkey.ask("FLUSHALL")
    await soon(heard())


async def test_a_wire_that_carries_nothing_any_more_is_given_up_and_tried_anew():
    async with OwnValkey() as valkey, Wire(valkey.port) as wire:
        far, near = StreamsBus(f"redis://127.0.0.1:{wire.port}"), StreamsBus(valkey.url)
        await far.open()
        await near.open()
        try:
            wire.cut(silent=True)
            with pytest.raises(BusUnavailable):
                await soon(far.put("q", [("1", 0)]))
            wire.cut()  # as a firewall forgets its connections
            wire.mend()
            async with far.listen("a topic") as signal:
                async with asyncio.timeout(20):
                    while not await signal.wait(0.3):
                        await near.publish("a topic")
        finally:
            await far.close()
            await near.close()


async def test_what_was_in_hand_when_the_server_lost_its_data_can_be_put_again(valkey, bus):
    await bus.put("q", [("1", 0), ("2", 0)])
    job = await soon(bus.take("q"))
    await valkey.ask("FLUSHALL")
    await bus.done(job)
    await bus.put("q", [("1", 0), ("2", 3)])
    assert [(await soon(bus.take("q"))).ref for _ in range(2)] == ["1", "2"]


async def test_a_taker_that_waits_while_the_server_is_emptied_takes_what_comes_then(valkey, bus):
    await bus.put("q", [("1", 0)])
    await bus.done(await soon(bus.take("q")))
    waiting = asyncio.ensure_future(bus.take("q"))
    await asyncio.sleep(0.1)
    await valkey.ask("FLUSHALL")
    await bus.put("q", [("2", 0)])
    assert (await soon(waiting)).ref == "2"


async def test_a_job_whose_worker_died_comes_to_another_though_it_was_put_again_meanwhile(valkey, bus):
    dead = StreamsBus(valkey.url, claim_s=2)
    await bus.put("q", [("1", 0)])
    await soon(dead.take("q"))
    await dead.close()
    await bus.put("q", [("1", 0)])
    assert (await soon(bus.take("q"))).ref == "1"


async def test_closing_does_not_wait_for_a_server_that_says_nothing(valkey):
    bus = StreamsBus(valkey.url)
    await bus.open()
    waiting = asyncio.ensure_future(bus.take("q"))
    await asyncio.sleep(0.1)
    valkey.pause()
    await bus.publish("a topic")
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await soon(bus.close())

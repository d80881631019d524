"""The bad night of Valkey: killed, emptied, silent, and cut off from some; alerts are taken meanwhile, and go out."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from tests.chaos.verdict import AT_ONCE, RATES, Verdict, judge, matched
from tests.servers import redis7
from tests.servers.breakable import Wire
from tests.servers.town_scaled import ScaledTown
from tests.servers.twilio import Fate

PROMPTLY_S = 10.0
NONE = Verdict(0, 0, 0, 0, 0)


class Night:
    """A town whose Valkey is broken in the middle of alert after alert."""

    def __init__(self, town, people, wire):
        self.town, self.people, self.wire = town, people, wire

    @asynccontextmanager
    async def alerts(self, after=150):
        """Issue an alert, break what is broken within the block once some messages came; then wait for its end, and
        for that of those issued meanwhile, and judge them all.
        """
        self.issued = [await self.town.issue()]
        await self.town.until_got(self.town.got + after)
        yield
        for each in self.issued:
            await self.town.finished(each["id"])
        self.verdict = NONE
        for each in self.issued:
            self.verdict += await judge(self.town, each["id"], matched(self.people))

    async def promptly(self):
        """Issue one more, which must be taken at once; give it."""
        began = time.monotonic()
        issued = await self.town.issue()
        assert time.monotonic() - began < PROMPTLY_S, "an alert is taken while the bus is away"
        self.issued.append(issued)
        return issued


@asynccontextmanager
async def night(folder, residents, program=None):
    async with (
        ScaledTown(folder, redis_program=program, lease_s=8, **AT_ONCE, **RATES) as town,
        Wire(town.valkey.port) as wire,
    ):
        people = town.draw(residents, share_inside=0.9)
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        await asyncio.gather(
            town.start("web", "resolver,scheduler", "sender"), town.start_over(wire, "resolver,scheduler", "sender")
        )
        yield Night(town, people, wire)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("server", ["Valkey 9", "Redis 7"])
async def test_whatever_befalls_the_bus_alerts_are_taken_and_nobody_is_lost_or_told_twice(
    server, tmp_path, full, record
):
    program = redis7.PROGRAM if server == "Redis 7" else None
    if server == "Redis 7" and not (full and program):
        pytest.skip("in the long form, where redis-server is installed")
    async with night(tmp_path, 3_000 if full else 500, program) as dark:
        valkey = dark.town.valkey

        if full:
            async with dark.alerts():
                await valkey.kill()
                await dark.promptly()
                await valkey.start()
            record(dark.verdict, fault=f"{server} killed, back with its data", road="scaled", injected=1)

        async with dark.alerts():
            await valkey.kill()
            await dark.promptly()
            await valkey.forget()
            await valkey.start()
        record(dark.verdict, fault=f"{server} killed, back empty", road="scaled", injected=1)

        async with dark.alerts():
            await valkey.ask("FLUSHALL")
            await dark.promptly()
            await valkey.ask("FLUSHALL")
        record(dark.verdict, fault=f"{server}: FLUSHALL", road="scaled", injected=2)

        async with dark.alerts():
            valkey.pause()
            await dark.promptly()
            await asyncio.sleep(30 if full else 6)
            valkey.go_on()
        record(dark.verdict, fault=f"{server} paused", road="scaled", injected=1)

        for silent in (False, True) if full else (True,):
            async with dark.alerts():
                dark.wire.cut(silent=silent)
                meanwhile = await dark.promptly()
                await dark.town.finished(meanwhile["id"])  # those who still have the bus do it
                dark.wire.mend()
            how = "carries nothing" if silent else "cut"
            record(dark.verdict, fault=f"way of some workers to {server} {how}", road="scaled", injected=1)

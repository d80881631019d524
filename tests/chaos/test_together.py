"""Two servers break at once, in the middle of an alert, and come back: nobody is lost."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from tests.chaos.verdict import AT_ONCE, MOST_TWICE, RATES, judge, matched
from tests.servers.push import Behaviour
from tests.servers.town_scaled import ScaledTown
from tests.servers.twilio import Fate

SENDERS = 2


@pytest.mark.timeout(3600)
async def test_two_servers_that_break_at_once_lose_nobody(tmp_path, full, record):
    if not full:
        pytest.skip("in the long form: make chaos")
    async with ScaledTown(tmp_path, lease_s=8, **AT_ONCE, **RATES) as town:
        people = town.draw(3_000, share_inside=0.9)
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        await town.start("web", "resolver,scheduler", "resolver,scheduler", *["sender"] * SENDERS)
        postgres, valkey = town.postgres, town.valkey

        @asynccontextmanager
        async def alert(fault, bound=0):
            issued = await town.issue()
            await town.until_got(town.got + 250)
            yield
            await town.finished(issued["id"], 240)
            verdict = await judge(town, issued["id"], matched(people))
            record(verdict, fault=fault, road="scaled", injected=2, bound=bound)

        async with alert("PostgreSQL restarted, Valkey killed and back empty"):
            await asyncio.gather(postgres.stop(), valkey.kill())
            await valkey.forget()
            await asyncio.sleep(2)
            await asyncio.gather(postgres.start(), valkey.start())

        async with alert("PostgreSQL and Valkey paused"):
            postgres.pause()
            valkey.pause()
            await asyncio.sleep(30)
            valkey.go_on()
            await asyncio.sleep(5)
            postgres.go_on()

        async with alert("PostgreSQL crashed while the push service answers 503"):
            town.push.behave(Behaviour(status=503))
            await postgres.stop(crash=True)
            await asyncio.sleep(5)
            await postgres.start()
            await asyncio.sleep(5)
            town.push.behave(Behaviour())

        async with alert("a sender and the scheduler killed while Valkey is away", bound=MOST_TWICE):
            await valkey.kill()
            for victim in (town.of("sender")[0], town.of("scheduler")[0]):
                victim.kill()
            await asyncio.sleep(5)
            await valkey.start()

"""The bad night of PostgreSQL: restarted, crashed, its connections cut, silent. The API says so; nothing is lost."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.chaos.verdict import AT_ONCE, RATES, judge, matched
from tests.servers.town_scaled import ScaledTown
from tests.servers.twilio import Fate

SAID_S = 15.0
GRACE_S = 3


async def refused(town):
    """Ask until the API says 503 with Retry-After, as it must soon while the database is away."""
    began = time.monotonic()
    while True:
        assert time.monotonic() - began < SAID_S, "the API says that it can't"
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SAID_S)) as http:
            headers = {"Authorization": f"Bearer {town.key}"}
            async with http.get(f"{town.api.url}/v1/alerts", headers=headers) as answer:
                if answer.status == 503:
                    assert int(answer.headers["Retry-After"]) > 0
                    return
        await asyncio.sleep(0.1)


@pytest.mark.timeout(900)
async def test_whatever_befalls_the_database_what_was_taken_goes_out_and_is_written_down(tmp_path, full, record):
    async with ScaledTown(tmp_path, lease_s=8, grace_s=GRACE_S, **AT_ONCE, **RATES) as town:
        people = town.draw(8_000 if full else 800, share_inside=0.9)
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        await town.start("web", "resolver,scheduler", "resolver,scheduler", "sender", "sender")
        postgres = town.postgres

        @asynccontextmanager
        async def alert(fault, injected=1, bound=0):
            issued = await town.issue()
            await town.until_got(town.got + 250)
            yield
            await town.finished(issued["id"])
            verdict = await judge(town, issued["id"], matched(people))
            record(verdict, fault=fault, road="scaled", injected=injected, bound=bound)

        async with alert("PostgreSQL restarted"):
            await postgres.stop()
            await refused(town)
            await postgres.start()

        if full:
            async with alert("PostgreSQL crashed"):
                await postgres.stop(crash=True)
                await refused(town)
                await postgres.start()

        async with alert("every connection to PostgreSQL cut", injected=5):
            for _ in range(5):
                assert await postgres.cut_connections() > 0
                await asyncio.sleep(0.3)

        async with alert("PostgreSQL paused for longer than a lease"):
            postgres.pause()
            await refused(town)
            await asyncio.sleep(30 if full else 5)
            postgres.go_on()

        if not full:
            return
        async with alert("SIGTERM of a sender while PostgreSQL is paused", bound=2 * sum(AT_ONCE.values()) + 500):
            postgres.pause()
            began = time.monotonic()
            victim = town.of("sender")[0]
            assert await victim.retire() == 0
            assert time.monotonic() - began < GRACE_S + 25, "it ends, and what it knows is sent again"
            postgres.go_on()

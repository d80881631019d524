"""The bad night of PostgreSQL: restarted, crashed, only read, cut off, silent. The API says so; nothing is lost."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.chaos.verdict import AT_ONCE, MOST_TWICE, RATES, judge, matched
from tests.servers.breakable import Wire
from tests.servers.town_api import eventually
from tests.servers.town_scaled import ScaledTown
from tests.servers.twilio import Fate

SAID_S = 30.0
GRACE_S = 3
TCP_TELLS_S = 15


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


async def unwritten(town):
    """Try to write until the API says 503 with Retry-After; reading goes on."""
    station = {"slug": "autre", "name": "Autre", "kind": "school", "languages": ["fr"]}
    headers = {"Authorization": f"Bearer {town.key}"}
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=SAID_S)) as http:

        async def said():
            async with http.post(f"{town.api.url}/v1/stations", json=station) as answer:
                return answer.status == 503 and int(answer.headers["Retry-After"]) > 0

        await eventually(said, "the API says that it can't", SAID_S)
        async with http.get(f"{town.api.url}/v1/alerts") as answer:
            assert answer.status == 200, await answer.text()


@pytest.mark.timeout(3600)
async def test_whatever_befalls_the_database_what_was_taken_goes_out_and_is_written_down(tmp_path, full, record):
    async with ScaledTown(tmp_path, lease_s=15 if full else 8, grace_s=GRACE_S, **AT_ONCE, **RATES) as town:
        people = town.draw(3_000 if full else 500, share_inside=0.9)
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        await town.start("web", "resolver,scheduler", "resolver,scheduler", "sender", "sender")
        postgres = town.postgres

        @asynccontextmanager
        async def alert(fault, injected=1, bound=0):
            issued = await town.issue()
            await town.until_got(town.got + (250 if full else 150))
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

        async with alert("PostgreSQL only reads"):
            await postgres.only_read()
            await unwritten(town)
            await asyncio.sleep(10 if full else 2)
            await postgres.only_read(only=False)

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


@pytest.mark.timeout(3600)
async def test_a_process_with_the_database_does_the_work_of_those_without(tmp_path, full, record):
    if not full:
        pytest.skip("in the long form: make chaos")
    async with ScaledTown(tmp_path, lease_s=8, **AT_ONCE, **RATES) as town, Wire(town.postgres.socket) as wire:
        people = town.draw(3_000, share_inside=0.9)
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        over = f"postgresql://postgres@127.0.0.1:{wire.port}/postgres"
        await asyncio.gather(
            town.start("web", "resolver,scheduler", "sender"),
            town.start("resolver,scheduler", "sender", database_url=over),
        )
        for silent in (False, True):
            issued = await town.issue()
            await town.until_got(town.got + 250)
            wire.cut(silent=silent)
            if silent:  # then the server's TCP keepalive finds that nobody is there, which this wire can't show it
                await asyncio.sleep(TCP_TELLS_S)
                wire.cut()
            await town.finished(issued["id"])  # by those who are left
            wire.mend()
            verdict = await judge(town, issued["id"], matched(people))
            how = "carries nothing" if silent else "cut"
            # One sender can't write down what it sends: its batches are taken over as if it had died.
            record(
                verdict, fault=f"way of some workers to PostgreSQL {how}", road="scaled", injected=1, bound=MOST_TWICE
            )

"""The embedded road while its disk is full, while a second instance is started, and while the clock jumps."""

from __future__ import annotations

import asyncio
import os
import resource

import aiohttp
import psutil
import pytest

from tests.chaos.verdict import AT_ONCE, RATES, judge, matched
from tests.servers.forked import ran
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.town_scaled import ManyTown
from tests.servers.twilio import Fate

RESIDENTS = 600

pytestmark = pytest.mark.timeout(600)  # as the other nights have it: a busy machine is slow


async def test_a_full_disk_loses_and_doubles_nothing_and_the_api_says_that_it_cannot(tmp_path, record):
    async with ManyTown(tmp_path, **AT_ONCE, **RATES) as town:
        people = town.draw(RESIDENTS, share_inside=0.9)
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        (member,) = await town.start("")
        alert = await town.issue()
        await town.until_got(200)
        process = psutil.Process(member.running.pid)
        before = process.rlimit(resource.RLIMIT_FSIZE)
        process.rlimit(resource.RLIMIT_FSIZE, (0, before[1]))  # no file can grow any more, nor be written
        station = {"slug": "autre", "name": "Autre", "kind": "school", "languages": ["fr"]}

        async def refused():
            headers = {"Authorization": f"Bearer {town.key}"}
            async with (
                aiohttp.ClientSession() as http,
                http.post(f"{member.url}/v1/stations", json=station, headers=headers) as answer,
            ):
                assert answer.status == 503, await answer.text()
                return int(answer.headers["Retry-After"]) > 0

        await eventually(refused, "the API says that it can't")
        await asyncio.sleep(2)
        process.rlimit(resource.RLIMIT_FSIZE, before)
        await town.finished(alert["id"])
        verdict = await judge(town, alert["id"], matched(people))
        assert member.starts == 1
    record(verdict, fault="disk full", road="embedded", injected=1)


async def test_a_second_instance_on_the_same_file_refuses_and_the_alert_of_the_first_goes_on(tmp_path, record):
    async with ManyTown(tmp_path, **AT_ONCE, **RATES) as town:
        people = town.draw(RESIDENTS, share_inside=0.9)
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        (first,) = await town.start("")
        alert = await town.issue()
        await town.until_got(100)
        around = {name: each for name, each in os.environ.items() if not name.startswith("TOCSIN_")}
        for _ in range(2):
            code, _, said = await ran("serve", env=around | town.environment)
            assert code == 2, said
            assert "another Tocsin serves" in said
        await town.finished(alert["id"])
        verdict = await judge(town, alert["id"], matched(people))
        assert first.starts == 1
    record(verdict, fault="a second instance on the same SQLite file", road="embedded", injected=2)


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_that_jumps_an_hour_loses_and_doubles_nothing(tmp_path, record, hours):
    async with Town(tmp_path, **AT_ONCE, **RATES) as town:
        people = town.draw(RESIDENTS, share_inside=0.9)
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        async with town.serving() as api:
            alert = await api.issue()
            await eventually(lambda: len(town.push.messages) > 100, "a hundred pushes")
            town.clock.advance(hours * 3600)
            await api.finished(alert["id"], timeout_s=60)
            verdict = await judge(town, alert["id"], matched(people))
    record(verdict, fault=f"clock jumps {hours:+d} h", road="embedded", injected=1)

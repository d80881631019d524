"""One alert to very many people keeps each process within its bound; the mails are composed, and not sent anywhere.

``TOCSIN_CHAOS_PEOPLE`` sets how many (1,000,000 in the long form, which alone has this test).
"""

from __future__ import annotations

import asyncio
import os

import pytest
from sqlalchemy import func, select

from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.people import NewPlace, NewSubscriber
from broadcaster.register.contacts import mail_contact
from broadcaster.store.people import people
from broadcaster.store.tables import deliveries
from tests.chaos.verdict import Verdict
from tests.servers.town_facts import CENTRE, STATION
from tests.servers.town_scaled import ScaledTown

PEOPLE = int(os.environ.get("TOCSIN_CHAOS_PEOPLE", "1000000"))
MOST_ABOVE_IDLE = 512 * 2**20
PART = 5_000


async def fill(town):
    for start in range(0, PEOPLE, PART):
        part = [
            NewSubscriber("fr", (mail_contact(f"r{n}@town.example"),), (NewPlace("home", *CENTRE),), (), f"r{n}")
            for n in range(start, min(PEOPLE, start + PART))
        ]
        async with town.store.write() as unit:
            tokens = [people.new_token() for _ in part]
            station_id = town.stations[STATION]
            await people.register(unit, station_id, part, tokens, groups_by_slug={}, now=town.clock.now())


@pytest.mark.timeout(7200)
async def test_an_alert_to_a_million_people_fits_into_half_a_gibibyte(tmp_path, full, record):
    if not full:
        pytest.skip("only in the long form: make chaos")
    async with ScaledTown(tmp_path, smtp_url="", sandbox_keep=1000, smtp_concurrency=64) as town:
        await fill(town)
        members = await town.start("web", "resolver", "scheduler", "sender", "sender")
        await asyncio.sleep(5)
        idle = {each.name: each.rss for each in members}
        most = dict(idle)

        async def watch():
            while True:
                for each in members:
                    most[each.name] = max(most[each.name], each.rss)
                await asyncio.sleep(0.25)

        watching = asyncio.create_task(watch())
        alert = await town.issue()
        await town.finished(alert["id"], timeout_s=7000)
        watching.cancel()
        assert [each.starts for each in members] == [1] * len(members)
        above = {name: most[name] - idle[name] for name in most}
        for name, each in sorted(above.items()):
            print(f"{name}: {idle[name] / 2**20:.0f} MiB idle, {each / 2**20:.0f} MiB more at the most")
        async with town.store.read() as unit:
            sent = await unit.conn.scalar(
                select(func.count()).where(
                    deliveries.c.alert_id == int(alert["id"]), deliveries.c.state == DeliveryState.ACCEPTED
                )
            )
        assert max(above.values()) < MOST_ABOVE_IDLE, above
        most_mib = max(above.values()) // 2**20
        verdict = Verdict(PEOPLE, PEOPLE - sent, 0, 0, 0)
        record(verdict, fault=f"one alert to very many: {most_mib} MiB above idle", road="scaled", injected=0)

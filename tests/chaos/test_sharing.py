"""Four senders share one alert, two resolvers and two schedulers stand by: whoever dies, the others do the work."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from broadcaster.store.tables import leases
from tests.chaos.verdict import AT_ONCE, MOST_TWICE, RATES, judge, matched
from tests.servers.town_api import eventually
from tests.servers.town_scaled import ScaledTown
from tests.servers.twilio import Fate

TAKEN_OVER_S = 12.0
LED = ("scheduler", "entrants")


async def led_until(town):
    """When the leases of both leaders end, the earlier; and the time by which they are judged."""
    async with town.store.read() as unit:
        ends = (await unit.conn.execute(select(leases.c.until).where(leases.c.name.in_(LED)))).scalars().all()
        return min(ends) if len(ends) == len(LED) else None, await unit.now(town.clock.now())


@pytest.mark.timeout(3600)
async def test_killing_two_senders_of_four_a_resolver_and_a_scheduler_changes_only_the_time(tmp_path, full, record):
    if not full:
        pytest.skip("only in the long form: make chaos; test_kill.py kills some of each in the short one")
    async with ScaledTown(tmp_path, lease_s=8, **AT_ONCE, **RATES) as town:
        people = town.draw(4_000, share_inside=0.9)
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        await town.start("web", "resolver", "resolver", "scheduler", "scheduler", *["sender"] * 4)
        senders = town.of("sender")

        alert = await town.issue()
        await town.until_got(300)
        for each in senders[:2]:
            await each.retire(kill=True)
        await town.finished(alert["id"])
        verdict = await judge(town, alert["id"], matched(people))
        record(verdict, fault="two senders of four killed for good", road="scaled", injected=2, bound=2 * MOST_TWICE)

        again = await town.issue()
        await town.of("resolver")[0].retire(kill=True)
        await town.of("scheduler")[0].retire(kill=True)
        _, died_at = await led_until(town)

        async def led():
            """Whoever leads has said so since: a lease of the dead ends six seconds after they took it."""
            until, _ = await led_until(town)
            return until is not None and until > died_at + timedelta(seconds=6)

        await eventually(led, "others lead", TAKEN_OVER_S)
        await town.finished(again["id"])
        newcomer = town.resident("push")
        await town.settle(newcomer)  # found by the resolver that is left
        await eventually(lambda: bool(newcomer.devices[0].messages), "the newcomer is told", TAKEN_OVER_S)
        verdict = await judge(town, again["id"], matched([*people, newcomer]))
        record(verdict, fault="a resolver and a scheduler of two killed for good", road="scaled", injected=2)

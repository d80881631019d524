"""One alert to people who each meet another trouble of a provider: at the end everyone is where they must be."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import func, select

from broadcaster.domain.deliveries import DeliveryState
from broadcaster.store import StoreUnavailable
from broadcaster.store.tables import deliveries
from tests.chaos.verdict import Verdict
from tests.servers.town_api import eventually
from tests.servers.town_audit import addressed, check_words, of_alert, recount
from tests.servers.town_scaled import ManyTown, ScaledTown
from tests.servers.town_troubles import CASES, OVER_TLS, PUSH_SERVICES, Troubles

ROADS = {"embedded": (ManyTown, ("",)), "scaled": (ScaledTown, ("web", "resolver,scheduler", "sender", "sender"))}
SETTINGS = {"push_concurrency": 16, "smtp_concurrency": 4, "sms_concurrency": 8, "send_timeout_s": 6}
FEW, MANY = 3, 12
WELL = ("a push service that is well", "a relay that is well")


async def queued(town, alert_id):
    async with town.store.read() as unit:
        state = deliveries.c.state == DeliveryState.QUEUED
        return await unit.conn.scalar(
            select(func.count()).select_from(deliveries).where(deliveries.c.alert_id == int(alert_id), state)
        )


async def verdict_of(town, alert_id, people):
    """Fail unless every delivery and every person is in the state that its trouble leads to; judge what arrived."""
    await recount(town.store, alert_id)
    came = await of_alert(town, alert_id)
    await check_words(town, int(alert_id), came)
    found = {contact: DeliveryState(row.state) for contact, row in (await addressed(town, int(alert_id))).items()}
    wanted = {who.contacts[0]: case for who, case in people}
    wrong = Counter(
        (case.name, case.state.word, found[to].word if to in found else "not there")
        for to, case in wanted.items()
        if found.get(to) is not case.state
    )
    assert not wrong, wrong
    assert found.keys() == wanted.keys()
    unreached = {int(each["subscriber_id"]) for each in await town.api.unreached(alert_id)}
    assert unreached == {who.id for who, case in people if case.state.failure}
    times = Counter((each.channel, each.to) for each in came)
    keys = {to: {each.key for each in came if (each.channel, each.to) == to} for to, n in times.items() if n > 1}
    return Verdict(
        deliveries=len(wanted),
        lost=sum(times[to] < case.fewest for to, case in wanted.items()),
        doubled=sum(max(0, times[to] - case.fewest) for to, case in wanted.items() if case.fewest),
        unlike=sum(len(each) > 1 for each in keys.values()),
        strays=sum(n > (wanted[to].most if to in wanted else 0) for to, n in times.items()),
    )


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("road", ROADS)
async def test_whatever_providers_do_everyone_ends_where_they_must_and_is_told_once(road, tmp_path, full, record):
    if road == "scaled" and not full:
        pytest.skip("in the long form: make chaos")
    made, roles = ROADS[road]
    folder = tmp_path / "data"
    folder.mkdir()
    async with made(folder, **SETTINGS) as town, Troubles(town, tmp_path) as troubles:
        troubles.draw(MANY if full else FEW, slow=full)
        await town.settle(*(who for who, _ in troubles.people))
        await troubles.poison(2)
        people = troubles.people
        await town.start(*roles)
        alert = await town.issue()

        well = [each.contacts[0] for each in troubles.of(*WELL)]

        async def told():
            arrived = {(each.channel, each.to) for each in await of_alert(town, alert["id"])}
            return arrived.issuperset(well)

        async def stopped():
            account = await town.api.account(alert["id"])
            return set(account["stopped"]) == set((await town.api.ready())["stopped"]) == {"sms", "voice"}

        await eventually(told, "who meets no trouble is told while the others are in it", 60)
        await eventually(stopped, "the operators see that Twilio refuses the credentials", 60)
        waiting = troubles.of(*PUSH_SERVICES, OVER_TLS)
        assert not any(each.devices[0].messages for each in waiting)
        troubles.mend()

        never = sum(case.never for _, case in people)

        async def settled():
            try:
                return await queued(town, alert["id"]) == never
            except StoreUnavailable:
                return False

        await eventually(settled, "nobody waits but who waits for ever", 240)
        await town.twilio.settled()
        all_clear = await town.api.cancel(alert["id"])
        await town.finished(alert["id"])
        account = await town.api.account(alert["id"])
        assert account["stopped"] == (await town.api.ready())["stopped"] == {}
        assert account["unaccounted"] == 0
        await town.finished(all_clear["id"])
        forged = [each for each in town.twilio.callbacks if each.status == 403]
        verdict = await verdict_of(town, alert["id"], people)
    assert len(forged) >= len(troubles.of("forged callbacks of a call")), "what is forged is refused"
    bound = sum(case.most - case.fewest for _, case in people)
    troubled = sum(case.name not in WELL for _, case in people)
    record(
        verdict,
        fault=f"{len(CASES) + len(PUSH_SERVICES) + 1} faults of providers, and poison",
        road=road,
        injected=troubled,
        bound=bound,
    )

"""``kill -9`` and SIGTERM of the real ``tocsin serve``, in the middle of an alert, on both roads."""

from __future__ import annotations

import os
import random

import pytest

from broadcaster.domain.escalation import Policy, Step, Until
from broadcaster.domain.people import ChannelName
from broadcaster.store.stations import stations
from tests.chaos.verdict import AT_ONCE, MOST_TWICE, RATES, doubles, judge, matched
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import arrivals, audit, quiet, recount
from tests.servers.town_scaled import ManyTown, ScaledTown
from tests.servers.twilio import Fate

_P, _S, _V = ChannelName.PUSH, ChannelName.SMS, ChannelName.VOICE
ROADS = {
    "embedded": (ManyTown, ("",)),
    "scaled": (ScaledTown, ("web", *["resolver,scheduler"] * 2, "sender", "sender")),
}
SHORT, FULL = (4, 800), (100, 17_200)
"""Kills, and residents: 1,000 deliveries and 20,000."""
IN_FULL = pytest.mark.skipif(os.environ.get("TOCSIN_CHAOS") != "full", reason="make chaos; test_stopping.py stops one")


def got(town: Town) -> int:
    return len(town.push.messages) + len(town.smtp.messages) + len(town.twilio.messages) + len(town.twilio.calls)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("road", ROADS)
async def test_whatever_is_killed_nobody_is_lost_and_doubles_bear_one_key(road, tmp_path, full, record):
    made, roles = ROADS[road]
    kills, residents = FULL if full else SHORT
    chance = random.Random()
    async with made(tmp_path, lease_s=8, **AT_ONCE, **RATES) as town:
        people = town.draw(residents, share_inside=0.9)
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        await town.start(*roles)
        alert = await town.issue()
        senders = 0
        for _ in range(kills):
            await town.until_got(town.got + chance.randrange(1, residents // kills))
            victim = chance.choice([each for each in town.members if each.ready.is_set()] or town.members)
            senders += victim in town.of("sender")
            victim.kill()
            await eventually(lambda each=victim: not each.ready.is_set(), "it is dead")
        await town.finished(alert["id"])
        verdict = await judge(town, alert["id"], matched(people))
        for several in doubles(arrivals(town)):
            if several[0].channel == "push":
                assert len({each.whole.json["tag"] for each in several}) == 1
                assert len(several[0].whole.subscriber.pending) == 1, "the push service shows one, not two"
    record(verdict, fault="kill -9 of any process", road=road, injected=kills, bound=senders * MOST_TWICE)


@pytest.mark.timeout(3600)
@IN_FULL
async def test_a_deploy_in_the_middle_of_an_alert_loses_and_doubles_nothing(tmp_path, full, record):
    async with ScaledTown(tmp_path, lease_s=8, **AT_ONCE, **RATES) as town:
        people = town.draw(FULL[1] if full else SHORT[1], share_inside=0.9)
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        await town.start(*ROADS["scaled"][1])
        alert = await town.issue()
        await town.until_got(100)
        codes = [await each.restart() for each in town.members]
        await town.finished(alert["id"])
        verdict = await judge(town, alert["id"], matched(people))
    assert codes == [0] * len(codes)
    record(verdict, fault="SIGTERM of every process in turn", road="scaled", injected=len(codes))


@IN_FULL
async def test_an_alert_that_was_only_taken_when_the_power_went_goes_out_after_the_restart(tmp_path):
    async with Town(tmp_path, push_per_second=1) as town:
        people = town.draw(300)
        await town.settle(*people)
        async with town.process() as service:
            alert = await service.api.issue()  # 202: it is on the disk
            await service.kill()
        town.environment["TOCSIN_PUSH_PER_SECOND"] = "1000"
        async with town.process() as service:
            account = await service.api.finished(alert["id"])
        assert account["unaccounted"] == 0
        await audit(town, alert["id"], matched(people), doubles=sum(AT_ONCE.values()))


@IN_FULL
async def test_a_service_that_is_told_to_stop_ends_what_is_under_way_and_doubles_nothing(tmp_path):
    async with Town(tmp_path, **AT_ONCE, **RATES) as town:
        people = town.draw(1500, share_inside=0.9)
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        async with town.process() as service:
            alert = await service.api.issue()
            await eventually(lambda: got(town) > 300, "the first 300 messages")
            assert await service.terminate() == 0
        left = got(town)
        async with town.process() as service:
            account = await service.api.finished(alert["id"])
            await quiet(town)
        assert left < got(town), "it was stopped in the middle"
        assert account["unaccounted"] == 0
        await audit(town, alert["id"], matched(people))


async def test_a_step_that_comes_due_while_the_service_is_dead_is_taken_once_when_it_is_back(tmp_path):
    steps = Policy((Step((_P,)), Step((_S,), 8, Until.DISPLAYED), Step((_V,), 10, Until.CONFIRMED)))
    async with Town(tmp_path, **AT_ONCE, **RATES) as town:
        people = [town.resident("push", "sms", "voice") for _ in range(60)]
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        async with town.store.write() as unit:
            await stations.change(unit, town.stations["laigle"], {"policies": {"severe": steps.to_json()}})

        def sent() -> tuple[int, int, int]:
            return len(town.push.messages), len(town.twilio.messages), len(town.twilio.calls)

        async with town.process() as service:
            alert = await service.api.issue(channels=...)
            await eventually(lambda: sent()[0] == len(people), "the first step")
            await quiet(town)
            await service.kill()
        assert sent() == (len(people), 0, 0), "killed between two steps"
        async with town.process() as service:  # and in the midst of the next one
            await eventually(lambda: sent()[1] > 0, "the second step, which is due")
            await service.kill()
        at_most = sent()[1] + MOST_TWICE
        async with town.process() as service:
            account = await service.api.finished(alert["id"])
            await quiet(town)
        pushes, texts, calls = sent()
        assert (pushes, calls) == (len(people), len(people))
        assert len({each.to for each in town.twilio.messages}) == len(people) <= texts <= at_most
        assert account["unaccounted"] == 0
        assert [each["people"] for each in account["steps"]] == [len(people)] * 3
        await recount(town.store, alert["id"])


async def test_an_all_clear_survives_a_kill(tmp_path):
    async with Town(tmp_path, **AT_ONCE, **RATES) as town:
        people = town.draw(800, share_inside=0.9)
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        async with town.process() as service:
            alert = await service.api.issue()
            await eventually(lambda: got(town) > 200, "the first 200 messages")
            all_clear = await service.api.cancel(alert["id"])
            await service.kill()
        async with town.process() as service:
            first = await service.api.finished(alert["id"])
            last = await service.api.finished(all_clear["id"])
            await quiet(town)
        assert first["unaccounted"] == last["unaccounted"] == 0
        assert last["matched"] >= first["matched"] - first["people"]["unreached"] > 0
        # Also whoever got what was on the wire when it was killed, of which nothing is written down.
        told = {message.subscriber.id for message in town.push.messages if message.json["type"] == "alert"}
        cleared = [message.subscriber.id for message in town.push.messages if message.json["type"] == "cancel"]
        assert told <= set(cleared)
        assert len(cleared) == len(set(cleared)), "and once"

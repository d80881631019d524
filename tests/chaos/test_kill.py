"""``kill -9`` and SIGTERM of the real ``tocsin serve``, in the middle of an alert.

TOCSIN_TEST_KILLS sets how often it is killed in one alert (5).
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from broadcaster.pipeline.track import GROUP
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import arrivals, audit, inside, quiet
from tests.servers.town_facts import STATION
from tests.servers.twilio import Fate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.town import Resident
    from tests.servers.town_audit import Arrived

KILLS = int(os.environ.get("TOCSIN_TEST_KILLS", "5"))
AT_ONCE = {"push_concurrency": 16, "smtp_concurrency": 4, "sms_concurrency": 8, "voice_concurrency": 4}
RATES = {"push_per_second": 350, "smtp_per_second": 120, "sms_per_second": 120, "voice_per_second": 20}

# What one crash may send twice: what is on the wire, and what was sent and not written down yet. The ledger writes
# every 30 ms, groups of at most GROUP; at these rates less than a group comes together while one is written.
MOST_TWICE = sum(AT_ONCE.values()) + GROUP


def matched(people: list[Resident]) -> list[Resident]:
    return [each for each in people if each.station == STATION and inside(each)]


def got(town: Town) -> int:
    return len(town.push.messages) + len(town.smtp.messages) + len(town.twilio.messages) + len(town.twilio.calls)


def doubles(came: list[Arrived]) -> list[list[Arrived]]:
    by_contact: defaultdict[tuple[str, str], list[Arrived]] = defaultdict(list)
    for each in came:
        by_contact[each.channel, each.to].append(each)
    return [several for several in by_contact.values() if len(several) > 1]


@pytest.mark.timeout(60 + 30 * KILLS)
async def test_an_alert_that_is_killed_again_and_again_loses_nobody_and_doubles_bear_one_key(tmp_path: Path) -> None:
    chance = random.Random()
    async with Town(tmp_path, **AT_ONCE, **RATES) as town:
        people = town.draw(4000, share_inside=0.9)
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        async with town.process() as service:
            alert = await service.api.issue()
            await eventually(lambda: got(town) > 0, "the first message")
            await service.kill()
        for _ in range(KILLS - 1):
            before = got(town)
            more = chance.randrange(1, 700)
            async with town.process() as service:
                await eventually(lambda b=before, m=more: got(town) >= b + m, f"{more} more messages")
                await service.kill()
        async with town.process() as service:
            account = await service.api.finished(alert["id"], timeout_s=60)
        assert account["matched"] == len(matched(people))
        assert account["unaccounted"] == 0
        await audit(town, alert["id"], matched(people), doubles=KILLS * MOST_TWICE)
        for several in doubles(arrivals(town)):
            # A push's Topic and a mail's Message-ID; an SMS has no key of its own, but its callback is the same.
            assert len({each.key for each in several}) == 1
            if several[0].channel == "push":
                assert len({each.whole.json["tag"] for each in several}) == 1
                assert len(several[0].whole.subscriber.pending) == 1, "the push service shows one, not two"


async def test_an_alert_that_was_only_taken_when_the_power_went_goes_out_after_the_restart(tmp_path: Path) -> None:
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


async def test_a_service_that_is_told_to_stop_ends_what_is_under_way_and_doubles_nothing(tmp_path: Path) -> None:
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


async def test_an_all_clear_survives_a_kill(tmp_path: Path) -> None:
    async with Town(tmp_path, **AT_ONCE, **RATES) as town:
        people = town.draw(1500, share_inside=0.9)
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

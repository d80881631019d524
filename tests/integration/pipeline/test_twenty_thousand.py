"""The main job at its size: from a circle on the map to every phone in it, against real local peers.

TOCSIN_TEST_PEOPLE sets how many residents the town has: 20,000 in ``make chaos``, 12,000 in ``make test``; with either,
more messages go out than any cache or batch of ours holds (10,000).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.servers.town import Town, ids
from tests.servers.town_audit import audit, inside
from tests.servers.town_facts import STATION
from tests.servers.twilio import Fate

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = int(os.environ.get("TOCSIN_TEST_PEOPLE") or 12_000)


@pytest.mark.timeout(60 + PEOPLE // 100)
async def test_a_whole_town_gets_an_alert_once_each_and_everyone_is_accounted_for(tmp_path: Path) -> None:
    async with Town(tmp_path) as town:
        people = town.draw(PEOPLE)
        await town.settle(*people)
        town.twilio.fate(Fate(telling="never"))
        for each in people[::10]:  # the others' carriers never tell
            if each.mobile:
                town.twilio.fate(Fate("delivered"), number=each.mobile)
        async with town.process() as service:
            alert = await service.api.issue()
            account = await service.api.finished(alert["id"], timeout_s=30 + PEOPLE / 100)
            await town.twilio.settled()
            unreached = await service.api.unreached(alert["id"])
            account = await service.api.account(alert["id"])
        matched = [each for each in people if each.station == STATION and inside(each)]
        without = {each.id for each in matched if not each.contacts}
        assert 0.6 * PEOPLE < len(matched) < PEOPLE
        assert len(without) > PEOPLE // 100
        assert account["matched"] == len(matched)
        assert account["unaccounted"] == 0
        assert sum(account["people"].values()) == len(matched)
        assert account["people"]["unreached"] == len(without)
        assert {int(each["subscriber_id"]) for each in unreached} == without
        assert all(each["reasons"][0]["reason"] == "no-contact" for each in unreached)
        assert account["people"]["delivered"] > 0
        assert ids(matched) >= without
        await audit(town, alert["id"], matched)

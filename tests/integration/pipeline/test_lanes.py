"""What is urgent passes by what is not: in the order on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.transport import http
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import quiet, recount

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

AT_ONCE = 3


async def test_an_urgent_alert_passes_by_a_big_routine_one_that_is_under_way(tmp_path: Path) -> None:
    async with Town(tmp_path, push_per_second=50, push_concurrency=AT_ONCE) as town:
        town_people = [town.resident("push") for _ in range(250)]
        few = [town.resident("push", at=None, groups=("crue",)) for _ in range(20)]
        await town.settle(*town_people, *few)
        async with town.serving() as api:
            fete = await api.issue(severity="minor")
            await eventually(lambda: len(town.push.messages) >= 60, "60 routine messages")
            flood = await api.issue(area=..., audience={"kind": "groups", "groups": ["crue"]})
            await api.finished(flood["id"])
            assert len(town.push.messages) < 200, "the routine alert was still under way"
            await api.finished(fete["id"])
            await quiet(town)
        order = [message.json["id"] == flood["id"] for message in town.push.messages]
        first = order.index(True)
        last = len(order) - 1 - order[::-1].index(True)
        between = order[first:last].count(False)
        assert between <= AT_ONCE, "only what was on the wire already came in between"
        assert order.count(True) == 20
        assert order.count(False) == 250
        await recount(town.store, fete["id"])
        await recount(town.store, flood["id"])


async def test_an_exercise_of_the_gravest_kind_is_no_more_urgent_than_a_fete(tmp_path: Path) -> None:
    async with Town(tmp_path, push_concurrency=AT_ONCE) as town:
        await town.settle(*[town.resident("push") for _ in range(10)])
        town.push.hold()
        async with town.serving() as api:
            drill = await api.issue(status="exercise", severity="extreme")
            await eventually(lambda: town.push.held == AT_ONCE, "the drill's first messages on the wire")
            flood = await api.issue()
            await api.until(flood["id"], lambda account: account["matched"] == 10)
            town.push.let_go()
            await api.finished(drill["id"])
            await api.finished(flood["id"])
        order = [message.json["id"] == flood["id"] for message in town.push.messages]
        first, last = order.index(True), len(order) - 1 - order[::-1].index(True)
        assert order[first:last].count(False) <= AT_ONCE
        assert order.index(False) == 0
        assert len(order) == 20
        titles = {message.json["title"] for message in town.push.messages if message.json["id"] == drill["id"]}
        assert titles == {"[EXERCICE] La Risle déborde"}
        low = {message.headers["Urgency"] for message in town.push.messages if message.json["id"] == drill["id"]}
        assert low == {"low"}


async def test_routine_work_that_waits_for_something_does_not_keep_an_urgent_alert_from_being_resolved(
    tmp_path: Path,
) -> None:
    async with Town(tmp_path, send_timeout_s=100) as town:
        await town.settle(*[town.resident("push") for _ in range(4)], town.resident("sms"))
        town.push.hold()
        async with town.serving() as api:
            fetes = [await api.issue(severity="minor", channels=["push"]) for _ in range(2)]
            await eventually(lambda: town.push.held == 8, "two alerts on the wire")
            # Each all-clear waits for the messages that are just leaving, and has a resolver in hand meanwhile.
            clears = [await api.cancel(fete["id"]) for fete in fetes]
            flood = await api.issue(channels=["sms"])
            await api.finished(flood["id"], timeout_s=30)
            assert len(town.twilio.messages) == 1
            assert town.push.held == 8
            town.push.let_go()
            for each in clears:
                account = await api.finished(each["id"])
                assert account["matched"] == 4


async def test_an_extreme_alert_overtakes_a_severe_one_at_a_slow_provider(tmp_path: Path) -> None:
    async with Town(tmp_path, sms_per_second=20) as town:
        many = [town.resident("sms") for _ in range(400)]
        few = [town.resident("sms", at=None, groups=("digue",)) for _ in range(5)]
        await town.settle(*many, *few)
        crue = {"fr": {"headline": "Crue"}}  # one segment
        async with town.serving() as api:
            flood = await api.issue(channels=["sms"], texts=crue)
            await eventually(lambda: len(town.twilio.messages) >= 40, "a severe alert under way")
            before = len(town.twilio.messages)
            dam = await api.issue(
                area=..., audience={"kind": "groups", "groups": ["digue"]}, channels=["sms"], texts=crue,
                severity="extreme",
            )  # fmt: skip
            await api.finished(dam["id"])
            between = len(town.twilio.messages) - before - len(few)
            # All four hands of the severe one have fifty each, which takes ten seconds: five and some more may pass.
            assert between < 60, "the severe alert did not stand back"
            await api.cancel(flood["id"])


async def test_the_first_message_finds_its_http_client_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Town(tmp_path) as town:
        await town.settle(town.resident("push", "sms"))
        async with town.serving() as api:
            monkeypatch.setattr(http, "ClientBuilder", None)  # who makes one now fails
            alert = await api.issue()
            await api.finished(alert["id"])
        assert (len(town.push.messages), len(town.twilio.messages)) == (1, 1)

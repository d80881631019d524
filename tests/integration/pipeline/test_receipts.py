"""What comes back of a message: late, twice, out of order, before its answer or forged. Nothing moves backwards."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from broadcaster.domain.deliveries import DeliveryState
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import audit, quiet, recount
from tests.servers.twilio import Fate, Line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as made:
        yield made


async def test_a_carriers_word_counts_however_it_comes(town: Town) -> None:
    fates = {
        "usual": (Fate("delivered"), "delivered"),
        "doubled": (Fate("delivered", telling="doubled"), "delivered"),
        "reversed": (Fate("delivered", telling="reversed"), "delivered"),
        "before the answer": (Fate("delivered", telling="early"), "delivered"),
        "never": (Fate("delivered", telling="never"), "accepted"),
        "forged": (Fate("delivered", telling="forged"), "accepted"),
        "failed": (Fate("undelivered", code=30007), "failed"),
        "failed, before the answer": (Fate("undelivered", code=30007, telling="early"), "failed"),
        "dead": (Fate("undelivered", code=30005), "gone"),
        "sent": (Fate("sent"), "accepted"),
    }
    people = {name: town.resident("sms") for name in fates}
    await town.settle(*people.values())
    for name, (fate, _) in fates.items():
        town.twilio.fate(fate, number=people[name].mobile)
    async with town.serving() as api:
        alert = await api.issue()
        await api.finished(alert["id"])
        await quiet(town)
        state_of = {int(each["subscriber_id"]): each["state"] for each in await api.deliveries(alert["id"])}
        unreached = {int(each["subscriber_id"]): each["why"] for each in await api.unreached(alert["id"])}
        again = await api.issue()
        await api.finished(again["id"])
        second = {int(each["subscriber_id"]) for each in await api.deliveries(again["id"])}
    assert {name: state_of[people[name].id] for name in fates} == {name: state for name, (_, state) in fates.items()}
    assert unreached[people["failed"].id] == "SMS: refused, or not delivered (twilio:30007)"
    assert set(unreached) == {people[name].id for name in ("failed", "failed, before the answer", "dead")}
    assert people["dead"].id not in second
    assert len(second) == len(fates) - 1
    forged = [each for each in town.twilio.callbacks if each.params["To"] == people["forged"].mobile]
    assert {each.status for each in forged[:3]} == {403}
    await audit(town, alert["id"], people.values())


async def test_what_a_device_displayed_and_its_owner_opened_is_kept_and_never_taken_back(town: Town) -> None:
    people = [town.resident("push") for _ in range(4)]
    await town.settle(*people)
    async with town.serving() as api:
        alert = await api.issue()
        await api.finished(alert["id"])
        links = [each.devices[0].messages[0].json["receipt"] for each in people]
        events = [["displayed"], ["displayed", "opened", "displayed"], ["opened", "opened"], []]
        for link, told in zip(links, events, strict=True):
            for event in told:
                await api.receipt(link, event)
                await recount(town.store, alert["id"])
        account = await api.account(alert["id"])
        async with api.http.post(links[0][:-3] + "AAA", json={"event": "opened"}) as forged:
            assert forged.status == 404
        rows = await api.deliveries(alert["id"])
    assert account["people"] | {"pending": 0} == {
        "pending": 0,
        "unreached": 0,
        "accepted": 1,
        "delivered": 0,
        "displayed": 1,
        "opened": 2,
        "acknowledged": 0,
    }
    assert rows[1]["displayed_at"] < rows[1]["opened_at"]
    assert account["delivered_s"]["p50"] is not None
    await audit(town, alert["id"], people)


async def test_receipts_that_come_all_at_once_are_each_counted_once(town: Town) -> None:
    people = [town.resident("push") for _ in range(150)]
    await town.settle(*people)
    async with town.serving() as api:
        alert = await api.issue()
        await api.finished(alert["id"])
        links = [each.devices[0].messages[0].json["receipt"] for each in people]
        await asyncio.gather(*(api.receipt(link, event) for link in links for event in ("displayed", "opened")))
        account = await api.account(alert["id"])
    assert account["people"]["opened"] == account["channels"]["push"]["opened"] == 150
    await recount(town.store, alert["id"])


async def test_anybody_who_presses_one_in_a_call_has_acknowledged_and_is_thanked_in_their_language(town: Town) -> None:
    people = [town.resident("voice"), town.resident("voice", locale="en"), town.resident("voice")]
    await town.settle(*people)
    town.twilio.line(Line(press="1"))
    town.twilio.line(Line(press="71"), number=people[2].landline)
    async with town.serving() as api:
        alert = await api.issue()
        account = await api.finished(alert["id"])
        await quiet(town)
        account = await api.account(alert["id"])
    assert account["people"]["acknowledged"] == account["channels"]["voice"]["acknowledged"] == 3
    heard = {call.to: call.heard for call in town.twilio.calls}
    assert any(said.startswith("Merci") for said in heard[people[0].landline])
    assert any(said.startswith("Thank you") for said in heard[people[1].landline])
    assert any("The Risle floods." in said for said in heard[people[1].landline])
    assert sum("La Risle déborde." in said for said in heard[people[2].landline]) == 4, "another key: said again"
    await audit(town, alert["id"], people)


async def test_a_call_that_nobody_takes_is_made_again_and_then_counts(town: Town) -> None:
    someone = town.resident("voice")
    await town.settle(someone)
    town.twilio.line(Line("no-answer"))
    async with town.serving() as api:
        alert = await api.issue()
        await eventually(lambda: _again(api, alert["id"]), "the call is to be made again")
        assert (await api.account(alert["id"]))["people"]["pending"] == 1
        await recount(town.store, alert["id"])
        town.twilio.line(Line(press="1"))
        town.clock.advance(180)
        await eventually(lambda: len(town.twilio.calls) == 2, "the second call")
        await eventually(lambda: _acknowledged(api, alert["id"]), "it was heard")
        account = await api.finished(alert["id"])
    assert account["people"]["acknowledged"] == 1
    assert len(town.twilio.calls) == 2
    await audit(town, alert["id"], [someone], doubles=1)


async def test_a_telephone_that_never_answers_is_let_be_after_some_calls(town: Town) -> None:
    someone, other = town.resident("voice"), town.resident("voice")
    await town.settle(someone, other)
    town.twilio.line(Line("busy"), number=someone.landline)
    async with town.serving() as api:
        alert = await api.issue()
        account = await api.account(alert["id"])
        while account["finished_at"] is None:
            calls = len(town.twilio.calls)
            town.clock.advance(1800)

            async def goes_on(before: int = calls) -> bool:
                return len(town.twilio.calls) > before or (await api.account(alert["id"]))["finished_at"] is not None

            await eventually(goes_on, "another call, or the end")
            await town.twilio.settled()
            account = await api.account(alert["id"])
        [missed] = await api.unreached(alert["id"])
    assert 3 <= sum(call.to == someone.landline for call in town.twilio.calls) <= 6
    assert sum(call.to == other.landline for call in town.twilio.calls) == 1
    assert account["unaccounted"] == 0
    assert missed["why"] == "Phone call: refused, or not delivered (twilio:busy)"
    await recount(town.store, alert["id"])


async def test_a_call_is_repeated_though_its_failure_came_before_its_answer_was_recorded(town: Town) -> None:
    someone = town.resident("voice")
    await town.settle(someone)
    town.twilio.line(Line("no-answer"))
    async with town.serving() as api:
        ledger = api.running.services.ledger
        record, kept = ledger.record, []

        async def late(outcome) -> None:
            kept.append(outcome)  # the answer is held back until the callback was taken

        ledger.record = late
        alert = await api.issue()
        await eventually(lambda: bool(town.twilio.callbacks), "the callback")
        await town.twilio.settled()
        ledger.record = record
        assert kept[0].state is DeliveryState.ACCEPTED
        await ledger.written(kept[0])
        assert (await api.account(alert["id"]))["people"]["pending"] == 1
        town.twilio.line(Line())
        town.clock.advance(180)
        await eventually(lambda: len(town.twilio.calls) == 2, "the second call")
        await quiet(town)
        account = await api.finished(alert["id"])
    assert account["people"]["delivered"] == 1
    await audit(town, alert["id"], [someone], doubles=1)


async def test_the_live_stream_shows_progress_and_ends(tmp_path: Path) -> None:
    async with Town(tmp_path, push_per_second=60) as town:
        people = [town.resident("push") for _ in range(150)]
        await town.settle(*people)
        async with town.serving() as api:
            alert = await api.issue()
            seen = [each async for each in api.events(alert["id"])]
            async with api.http.get(
                f"{api.url}/v1/alerts/{alert['id']}/events",
                headers={"Authorization": f"Bearer {api.key}", "Last-Event-ID": "end"},
            ) as after:
                assert after.status == 204
        assert seen[-1][0] == "end"
        accounts = [data for event, data in seen if event == "report"]
        accepted = [each["people"]["accepted"] for each in accounts]
        assert all(before <= now for before, now in pairwise(accepted))
        assert len(set(accepted)) >= 3, "progress was seen, not only the end"
        assert accepted[-1] == 150
        assert all(each["matched"] == sum(each["people"].values()) for each in accounts)
        await audit(town, alert["id"], people)


async def _again(api, alert_id: str) -> bool:
    rows = await api.deliveries(alert_id, "&state=queued")
    return bool(rows) and rows[0]["next_attempt_at"] is not None


async def _acknowledged(api, alert_id: str) -> bool:
    return bool(await api.deliveries(alert_id, "&state=acknowledged"))

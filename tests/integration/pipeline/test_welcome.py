"""Sign-ups by push against a real push service: the welcome, its answer, and what is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from broadcaster.http import quotas
from broadcaster.pipeline.welcome import send_due
from broadcaster.store.tables import subscribers
from tests.servers.push import Behaviour
from tests.servers.town import INSIDE, Town
from tests.servers.town_api import Api, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as made:
        yield made


async def waiting(town: Town) -> tuple[int, int]:
    """(subscribers, those of them who are not confirmed)."""
    async with town.store.read() as unit:
        count = select(func.count(), func.count(subscribers.c.unconfirmed_at)).select_from(subscribers)
        everyone, unconfirmed = (await unit.conn.execute(count)).one()
    return everyone, unconfirmed


def device(town: Town) -> Any:
    return town.push.subscribe(town.vapid.public)[1]


async def welcomed(api: Api, each: Any, times: int = 1) -> dict[str, Any]:
    await eventually(lambda: len(each.welcomes) >= times, "the welcome comes")
    return each.welcomes[-1].json


async def test_a_device_that_answers_the_welcome_is_confirmed(town: Town) -> None:
    phone = device(town)
    async with town.serving() as api:
        await api.sign_up(phone.json, INSIDE)
        told = await welcomed(api, phone)
        assert (told["type"], told["lang"], told["quiet"]) == ("welcome", "fr", False)
        assert await waiting(town) == (1, 1)
        async with api.http.post(told["receipt"] + "x", json={"event": "displayed"}) as answer:
            assert answer.status == 404
        assert await waiting(town) == (1, 1)
        await api.receipt(told["receipt"], "displayed")
        assert await waiting(town) == (1, 0)


async def test_what_the_push_service_does_not_know_is_forgotten(town: Town) -> None:
    gone, slow = device(town), device(town)
    gone.behave(Behaviour(status=410))
    slow.behave(Behaviour(status=503, times=1))
    async with town.serving() as api:
        await api.sign_up(gone.json, INSIDE)
        await api.sign_up(slow.json, INSIDE)

        async def one_left() -> bool:
            return await waiting(town) == (1, 1)

        await eventually(one_left, "the invented one is forgotten")
        await eventually(lambda: slow.attempts == 1, "the other one was tried")
        town.clock.advance(61)
        await send_due(api.running.services)
        assert (await welcomed(api, slow))["quiet"] is True


async def test_only_a_visit_on_a_later_day_confirms_without_the_device(town: Town) -> None:
    phone = device(town)
    async with town.serving() as api:
        _, token = await api.sign_up(phone.json, INSIDE)
        await api.call("GET", "/v1/subscribers/me", key=token)
        assert await waiting(town) == (1, 1), "the script that signed up could do that too"
        town.clock.advance(86_400)
        await api.call("GET", "/v1/subscribers/me", key=token)
        assert await waiting(town) == (1, 0)


async def test_a_script_is_stopped_and_a_hall_behind_one_address_is_not(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert quotas.CALLER_HOUR >= 100, "a hall"
    monkeypatch.setattr(quotas, "CALLER_HOUR", most := 15)
    async with town.serving() as api:
        for _ in range(most + 10):
            phone = device(town)
            await api.sign_up(phone.json)
            await api.receipt((await welcomed(api, phone))["receipt"], "displayed")
        assert await waiting(town) == (most + 10, 0)
        for _ in range(most):
            await api.sign_up(device(town).json)
        body = {"contacts": [{"channel": "push", "subscription": device(town).json}]}
        async with api.http.post(f"{api.url}/v1/stations/laigle/subscribers", json=body) as answer:
            assert answer.status == 429, await answer.text()


async def test_the_alert_of_a_fake_is_counted_apart_and_its_receipt_confirms(town: Town) -> None:
    resident, fake = town.resident("push"), device(town)
    await town.settle(resident)
    async with town.serving() as api:
        await api.sign_up(fake.json, INSIDE, name="A name that an attacker chose")
        alert = await api.issue()
        account = await api.finished(alert["id"])
        assert (account["matched"], account["unconfirmed"]) == (1, {"accepted": 1})
        assert len(fake.messages) == 1
        await api.receipt(fake.messages[0].json["receipt"], "displayed")
        account = await api.account(alert["id"])
        assert (account["matched"], account["unconfirmed"]) == (2, {})
        assert await waiting(town) == (2, 0)


async def test_a_key_gets_no_token_and_can_give_none(town: Town) -> None:
    body = {"contacts": [{"channel": "email", "email": "a@example.org"}]}
    path = "/v1/stations/laigle/subscribers"
    async with town.serving() as api:
        assert (await api.call("POST", path, body, expect=201))["token"] is None
        refused = await api.call("POST", path, {**body, "token": "sb_" + "x" * 32}, expect=422)
        assert refused["errors"][0]["field"] == "token"
        assert await waiting(town) == (1, 0), "the station vouches for those whom it registers"

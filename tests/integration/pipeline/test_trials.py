"""Am I reachable? A test to each of one's contacts, by real providers; and word of a device that went silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from broadcaster.pipeline.notices import tell_lost
from tests.servers.push import Behaviour
from tests.servers.town import Town
from tests.servers.town_api import Api, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ME = "/v1/subscribers/me"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as made:
        yield made


async def states(api: Api, token: str) -> dict[str, str]:
    found = (await api.call("GET", ME + "/trials", key=token))["trials"]
    return {each["channel"]: each["state"] for each in found}


async def test_each_contact_is_tested_and_says_whether_it_came(town: Town) -> None:
    who = town.resident("push", "sms", "voice", "email")
    await town.settle(who)
    async with town.serving() as api:

        async def test(channel: str, to: str | None, expect: int = 202) -> Any:
            body = {"channel": channel, "to": to}
            return await api.call("POST", ME + "/trials", body, expect=expect, key=who.token)

        async def is_sent(channel: str) -> bool:
            return (await states(api, who.token)).get(channel) == "sent"

        (device,) = who.devices
        await test("push", device.endpoint)
        await eventually(lambda: any(each.json["tag"].startswith("trial-") for each in device.messages), "it is pushed")
        await api.receipt(device.messages[-1].json["receipt"], "displayed")
        assert (await states(api, who.token))["push"] == "proven"
        sms = await test("sms", who.mobile)
        await eventually(lambda: is_sent("sms"), "an SMS is with the provider")
        assert "test" in town.twilio.messages[-1].body
        assert not [each for each in town.twilio.messages if each.to != who.mobile]
        await api.call("PUT", f"{ME}/trials/{sms['id']}", {"came": False}, expect=204, key=who.token)
        mail = await test("email", who.mail)
        await eventually(lambda: is_sent("email"), "a mail is with the relay")
        await api.call("PUT", f"{ME}/trials/{mail['id']}", {"came": True}, expect=204, key=who.token)
        await test("voice", who.landline)
        await eventually(lambda: is_sent("voice"), "a call is with the provider")
        assert await states(api, who.token) == {"push": "proven", "sms": "missed", "email": "proven", "voice": "sent"}
        # What costs is bounded, and nobody tests what is another's.
        await test("sms", who.mobile, expect=429)
        await test("sms", "+33639989999", expect=404)
        for _ in range(2):
            town.clock.advance(180)
            await test("sms", who.mobile)
        town.clock.advance(180)
        await test("sms", who.mobile, expect=429)
        await test("email", who.mail)


async def test_a_device_that_went_silent_is_told_of_by_mail_once(town: Town) -> None:
    who = town.resident("push", "email")
    await town.settle(who)
    who.devices[0].behave(Behaviour(status=410))
    async with town.serving() as api:
        alert = await api.issue()
        await api.finished(alert["id"])
        before = len(town.smtp.messages)
        for _ in range(2):
            town.clock.advance(4000)
            await tell_lost(api.running.services)
        await eventually(lambda: len(town.smtp.messages) > before, "it is told by mail")
        assert len(town.smtp.messages) == before + 1
        text = town.smtp.messages[-1].parsed.get_body(("plain",)).get_content()
        assert "n’arrivent plus" in text
        assert "/me" in text

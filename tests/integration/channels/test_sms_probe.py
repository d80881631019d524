"""What a probe finds at Twilio, without sending anything."""

from __future__ import annotations

import pytest

from channels.sms import Sms
from channels.twilio import TwilioAccount
from channels.voice import Voice
from tests.servers.twilio import ACCOUNT_SID, AUTH_TOKEN, Refuse, TwilioServer

SENDER = "+33644640001"
SERVICE = "MG" + "7b" * 16


@pytest.fixture
async def twilio():
    async with TwilioServer(numbers=[SENDER, SERVICE, "36180"]) as server:
        yield server
    assert (server.messages, server.calls) == ([], [])


async def found(twilio, kind=Sms, **changes):
    settings = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "sender": SENDER, "base_url": twilio.url}
    channel = kind(TwilioAccount(**(settings | changes)))
    findings = await channel.probe()
    await channel.close()
    return findings


@pytest.mark.parametrize("sender", [SENDER, SERVICE, "36180"])
async def test_an_account_that_is_well_is_all_ok(twilio, sender):
    findings = await found(twilio, sender=sender)
    assert [finding.level for finding in findings] == ["ok", "ok", "ok"]
    assert "42.5 EUR" in findings[1].what


async def test_a_wrong_token_is_said_with_what_to_do(twilio):
    [finding] = await found(twilio, auth_token="f" * 32)
    assert finding.level == "error"
    assert "20003" in finding.what
    assert "auth token" in finding.what


async def test_a_name_as_sender_warns_that_stop_can_not_be_answered(twilio):
    findings = await found(twilio, sender="LAIGLE")
    assert [(finding.level, "STOP" in finding.what) for finding in findings][-1] == ("warning", True)


@pytest.mark.parametrize(
    ("sender", "level"), [("+33644640002", "error"), ("36181", "error"), ("MG" + "0" * 32, "warning")]
)
async def test_a_sender_of_another_account_is_found_out(twilio, sender, level):
    assert (await found(twilio, sender=sender))[-1].level == level


async def test_a_caller_that_is_not_owned_may_still_be_verified(twilio):
    assert (await found(twilio, Voice, sender="+33644640002"))[-1].level == "warning"


@pytest.mark.parametrize(
    ("account", "level"),
    [
        ({"status": "suspended"}, "error"),
        ({"status": "closed"}, "error"),
        ({"status": 5}, "error"),
        ({"type": "Trial"}, "warning"),
    ],
)
async def test_an_account_that_is_not_well_is_told(twilio, account, level):
    twilio.account |= account
    assert level in [finding.level for finding in await found(twilio)]


@pytest.mark.parametrize("balance", ["0", "-1.5"])
async def test_an_empty_account_is_told(twilio, balance):
    twilio.balance["balance"] = balance
    assert (await found(twilio))[1].level == "error"


@pytest.mark.parametrize("fault", [Refuse(500), Refuse(200, body=b"<html>"), Refuse(302, body=b""), Refuse(429, 20429)])
async def test_what_does_not_answer_as_twilio_is_an_error_and_never_raises(twilio, fault):
    twilio.fault(fault)
    assert (await found(twilio))[0].level == "error"

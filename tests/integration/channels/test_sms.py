"""SMS over the wire, against a Twilio-compatible server on loopback."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
from collections import Counter
from email.utils import formatdate

import pytest

from channels.errors import ChannelError, Gone, Misconfigured, Permanent, SenderRefused, Stopped, Transient, Unexplained
from channels.sms import Sms, SmsMessage
from channels.twilio import CODES, Policy, TwilioAccount
from tests.servers.twilio import ACCOUNT_SID, AUTH_TOKEN, Drop, Hang, Refuse, TwilioServer

SENDER = "+33644640001"
RECEIVER = "+33639980001"
SERVICE = "MG" + "7b" * 16
POLICY_ERRORS = {
    Policy.RETRY: Transient,
    Policy.GIVE_UP: Permanent,
    Policy.SENDER_REFUSED: SenderRefused,
    Policy.UNEXPLAINED: Unexplained,
    Policy.CONTACT_DEAD: Gone,
    Policy.STOPPED: Stopped,
    Policy.CHANNEL_BROKEN: Misconfigured,
}


@pytest.fixture
async def twilio():
    async with TwilioServer(numbers=[SENDER, SERVICE, "TOCSIN"]) as server:
        yield server


@pytest.fixture
async def sms(twilio):
    channel = Sms(account(twilio))
    yield channel
    await channel.close()


def account(twilio, **changes):
    settings = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "sender": SENDER, "base_url": twilio.url}
    return TwilioAccount(**(settings | changes))


async def refusal(channel, text="Crue", to=RECEIVER):
    with pytest.raises(ChannelError) as caught:
        await channel.send(SmsMessage(text), to)
    return caught.value


async def test_a_text_arrives_as_it_was_written(twilio, sms):
    text = "Crue de l’Orne : montez à l'étage & restez-y 😀 <100 %+ç>\nLa mairie"
    receipt = await sms.send(SmsMessage(text), RECEIVER)
    [taken] = twilio.messages
    assert (taken.to, taken.body, taken["From"], taken["SmartEncoded"]) == (RECEIVER, text, SENDER, "false")
    assert receipt.provider_id == taken.sid


async def test_what_compose_shows_is_what_is_sent_but_for_the_credentials(twilio, sms):
    message = SmsMessage("Alerte ç", "https://tocsin.example/hooks/twilio/status?d=1", 600)
    composed = sms.compose(message, RECEIVER)
    await sms.send(message, RECEIVER)
    [(method, path, headers, body)] = twilio.requests
    head, _, sent = composed.wire.partition(b"\r\n\r\n")
    assert sent == body
    assert head.startswith(f"{method} {path} HTTP/1.1\r\nHost: {headers['Host']}".encode())
    assert headers["Content-Type"] == composed.content_type == "application/x-www-form-urlencoded"
    assert AUTH_TOKEN.encode() not in composed.wire
    assert b"Authorization" not in composed.wire
    assert (composed.to, composed.readable) == (RECEIVER, "Alerte ç")


async def test_a_messaging_service_sends_in_place_of_a_number_and_segments_are_counted_here(twilio):
    sms = Sms(account(twilio, sender=SERVICE))
    receipt = await sms.send(SmsMessage("ç" * 71), RECEIVER)
    await sms.close()
    [taken] = twilio.messages
    assert taken["MessagingServiceSid"] == SERVICE
    assert taken.get("From") is None
    assert receipt.units == 2


async def test_the_callback_and_the_validity_are_sent_only_when_given(twilio, sms):
    await sms.send(SmsMessage("un"), RECEIVER)
    await sms.send(SmsMessage("deux", validity_s=36_000), RECEIVER)
    first, second = twilio.messages
    assert first.get("ValidityPeriod") is first.get("StatusCallback") is None
    assert second["ValidityPeriod"] == "36000"


async def test_two_hundred_sends_at_once_arrive_once_each_over_one_session(twilio, sms):
    numbers = [f"+3363998{n:04d}" for n in range(200)]
    receipts = await asyncio.gather(*(sms.send(SmsMessage(f"à {number}"), number) for number in numbers))
    assert Counter(taken.to for taken in twilio.messages) == Counter(numbers)
    assert all(taken.body == f"à {taken.to}" for taken in twilio.messages)
    assert len({receipt.provider_id for receipt in receipts}) == 200


async def test_every_code_of_the_table_raises_its_policy(twilio, sms):
    for code, rule in CODES.items():
        twilio.fault(Refuse(400, code, f"About {RECEIVER}"), times=1)
        error = await refusal(sms)
        assert type(error) is POLICY_ERRORS[rule.policy], code
        assert error.code == f"twilio:{code}"
        assert not re.search(r"\d{8}", error.detail)


async def test_a_code_that_nobody_knows_gives_up_and_says_where_to_read(twilio, sms):
    twilio.fault(Refuse(400, 29_999))
    error = await refusal(sms)
    assert type(error) is Permanent
    assert "https://www.twilio.com/docs/errors/29999" in error.detail


@pytest.mark.parametrize("as_date", [False, True])
async def test_too_many_requests_waits_as_long_as_twilio_says(twilio, sms, as_date):
    said = formatdate(time.time() + 600, usegmt=True) if as_date else "600"
    twilio.fault(Refuse(429, 20429, retry_after=said), times=1)
    error = await refusal(sms)
    assert isinstance(error, Transient)
    assert error.retry_after is not None
    assert 500 < error.retry_after <= 600
    assert not error.may_have_left
    await sms.send(SmsMessage("encore"), RECEIVER)


@pytest.mark.parametrize("said", [None, "soon", "-1", "٣", "1e400", "Wed, 99 Foo"])
async def test_a_retry_after_without_sense_is_none(twilio, sms, said):
    twilio.fault(Refuse(429, 20429, retry_after=said.encode().decode("latin-1") if said else None))
    error = await refusal(sms)
    assert isinstance(error, Transient)
    assert error.retry_after is None


async def test_a_wait_is_never_longer_than_a_day(twilio, sms):
    twilio.fault(Refuse(429, 20429, retry_after="9" * 400))
    error = await refusal(sms)
    assert isinstance(error, Transient)
    assert error.retry_after == 86_400


@pytest.mark.parametrize(("status", "left"), [(500, True), (502, True), (503, False), (504, True)])
async def test_a_failure_of_twilios_is_transient_and_says_whether_the_message_may_have_left(twilio, sms, status, left):
    twilio.fault(Refuse(status))
    error = await refusal(sms)
    assert isinstance(error, Transient)
    assert error.may_have_left is left


async def test_a_wrong_token_is_a_broken_channel(twilio):
    sms = Sms(account(twilio, auth_token="f" * 32))
    error = await refusal(sms)
    await sms.close()
    assert type(error) is Misconfigured
    assert error.code == "twilio:20003"


async def test_a_sender_of_another_account_is_a_broken_channel(twilio):
    sms = Sms(account(twilio, sender="+33644640099"))
    error = await refusal(sms)
    await sms.close()
    assert (type(error), error.code) == (Misconfigured, "twilio:21606")


async def test_who_answered_stop_is_gone(twilio, sms):
    twilio.opted_out.add(RECEIVER)
    error = await refusal(sms)
    assert (type(error), error.code) == (Stopped, "twilio:21610")
    await sms.send(SmsMessage("les autres"), "+33639980002")


async def test_an_address_that_is_no_number_is_refused_before_anything_is_sent(twilio, sms):
    error = await refusal(sms, to="0639980001")
    assert type(error) is Permanent
    assert twilio.requests == []


async def test_no_answer_in_time_may_have_left(twilio):
    sms = Sms(account(twilio, timeout_s=0.2))
    twilio.fault(Hang(take=True))
    error = await refusal(sms)
    await sms.close()
    assert isinstance(error, Transient)
    assert (error.code, error.may_have_left) == ("twilio:timeout", True)
    assert len(twilio.messages) == 1


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_connection_cut_after_the_request_was_written_may_have_left(twilio, sms, when):
    twilio.fault(Drop(when), times=1)
    error = await refusal(sms)
    assert isinstance(error, Transient)
    assert (error.code, error.may_have_left) == ("twilio:connection", True)
    assert len(twilio.messages) == (1 if when == "after" else 0)


async def test_a_refused_connection_has_not_left():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    sms = Sms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, SENDER, base_url=f"http://127.0.0.1:{port}"))
    error = await refusal(sms)
    await sms.close()
    assert isinstance(error, Transient)
    assert (error.code, error.may_have_left) == ("twilio:connection", False)


async def test_a_channel_that_was_closed_twice_sends_nothing_and_says_so(twilio):
    sms = Sms(account(twilio))
    await sms.send(SmsMessage("un"), RECEIVER)
    await sms.close()
    await sms.close()
    error = await refusal(sms)
    assert (type(error), error.code) == (Transient, "twilio:closed")


async def test_a_stray_setting_of_the_environment_does_not_move_the_host(twilio, sms, monkeypatch):
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "0" * 32)
    await sms.send(SmsMessage("un"), RECEIVER)
    assert len(twilio.messages) == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"text": " "},
        {"text": "a" * 1601},
        {"text": "\ud83d"},
        {"validity_s": 0},
        {"validity_s": 36_001},
        {"status_callback": "javascript:1"},
    ],
)
def test_a_message_that_twilio_would_refuse_is_refused_when_it_is_made(bad):
    with pytest.raises(ValueError, match=r"."):
        SmsMessage(**({"text": "Crue"} | bad))


def taken(**said):
    return Refuse(
        201, body=json.dumps({"sid": "SM" + "0" * 32, "status": "queued", "error_code": None} | said).encode()
    )


@pytest.mark.parametrize(("said", "units"), [("3", 3), ("0", 2), ("-1", 2), ("٣", 2), (None, 2), (3, 2), ("", 2)])
async def test_the_segments_billed_are_twilios_where_it_says_them_and_else_ours(twilio, sms, said, units):
    twilio.fault(taken(num_segments=said))
    assert (await sms.send(SmsMessage("a" * 161), RECEIVER)).units == units


@pytest.mark.parametrize(("code", "kind"), [(30005, Gone), (30007, SenderRefused), (30008, Transient)])
async def test_a_message_that_failed_at_once_is_not_taken_for_sent(twilio, sms, code, kind):
    twilio.fault(taken(status="failed", error_code=code))
    error = await refusal(sms)
    assert (type(error), error.code) == (kind, f"twilio:{code}")


async def test_how_many_are_sent_at_once_is_the_callers_to_say(twilio, sms):
    twilio.fault(Hang())
    sending = [asyncio.ensure_future(sms.send(SmsMessage("Crue"), RECEIVER)) for _ in range(150)]
    await asyncio.wait_for(twilio.received(150), 10)
    for task in sending:
        task.cancel()
    await asyncio.gather(*sending, return_exceptions=True)

"""Calls over the wire: placed, answered, listened to, confirmed by a key."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from channels.errors import ChannelError, Gone, Misconfigured, Permanent, SenderRefused, Transient, Unexplained
from channels.twilio import Policy, TwilioAccount, parse_status, verify
from channels.voice import Voice, VoiceMessage, opening, reply
from tests.servers.twilio import ACCOUNT_SID, AUTH_TOKEN, Hang, Line, Refuse, TwilioServer

SENDER = "+33199000099"
LANDLINE = "+33261910001"
SAID = ["La Risle déborde & monte.", "Appuyez sur 1."]


@dataclass
class Hooks:
    """The two webhooks of a service: what became of a call, and the keys."""

    url: str = ""
    reports: list = field(default_factory=list)
    keys: list = field(default_factory=list)
    refused: int = 0

    def message(self):
        return VoiceMessage(
            SAID[0],
            "fr-FR",
            SAID[1],
            gather_url=f"{self.url}/voice?d=7&x=%C3%A9",
            status_callback=f"{self.url}/status?d=7",
        )

    async def receive(self, request):
        form = await request.post()
        url = f"{self.url}/{request.match_info['hook']}?{request.rel_url.raw_query_string}"
        if not verify(AUTH_TOKEN, url, form, request.headers.get("X-Twilio-Signature")):
            self.refused += 1
            return web.Response(status=403)
        if request.match_info["hook"] == "status":
            self.reports.append(parse_status(form))
            return web.Response(status=204)
        self.keys.append(form["Digits"])
        said = reply(("Merci.", "fr-FR")) if form["Digits"] == "1" else opening(self.message())
        return web.Response(text=said, content_type="text/xml")


@pytest.fixture
async def hooks():
    receiver = Hooks()
    app = web.Application()
    app.add_routes([web.post("/hooks/{hook}", receiver.receive)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def twilio():
    async with TwilioServer(numbers=[SENDER]) as server:
        yield server


@pytest.fixture
async def voice(twilio):
    channel = Voice(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, SENDER, twilio.url))
    yield channel
    await channel.close()


async def called(twilio, voice, hooks, line):
    twilio.line(line, LANDLINE)
    receipt = await voice.send(hooks.message(), LANDLINE)
    await twilio.settled()
    assert all(report.sid == receipt.provider_id for report in hooks.reports)
    return hooks.reports[-1] if hooks.reports else None


async def test_who_presses_1_has_heard_it_and_is_thanked(twilio, voice, hooks):
    last = await called(twilio, voice, hooks, Line(press="1"))
    assert hooks.keys == ["1"]
    assert twilio.calls[0].heard == [*SAID * 2, "Merci."]
    assert (last.state, last.answered_by) == ("delivered", "human")
    assert [report.state for report in hooks.reports] == ["accepted", "sent", "sent", "sent", "delivered"]


async def test_who_presses_another_key_hears_it_once_more(twilio, voice, hooks):
    await called(twilio, voice, hooks, Line(press="51"))
    assert hooks.keys == ["5", "1"]
    assert twilio.calls[0].heard == [*SAID * 4, "Merci."]


async def test_who_plays_with_the_keys_does_not_hold_the_line_for_ever(twilio, voice, hooks):
    await called(twilio, voice, hooks, Line(press="5" * 19))
    assert len(hooks.keys) == 19
    assert twilio.calls[0]["TimeLimit"] == "300"


async def test_who_presses_nothing_has_heard_it_twice_and_confirmed_nothing(twilio, voice, hooks):
    last = await called(twilio, voice, hooks, Line())
    assert (hooks.keys, last.state) == ([], "delivered")
    assert twilio.calls[0].heard == SAID * 2


async def test_an_answering_machine_is_told_from_a_person(twilio, voice, hooks):
    last = await called(twilio, voice, hooks, Line(answered_by="machine_start"))
    assert (last.state, last.answered_by) == ("delivered", "machine")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (Line("busy"), ("twilio:busy", Policy.RETRY)),
        (Line("no-answer"), ("twilio:no-answer", Policy.RETRY)),
        (Line("failed", sip=404), ("twilio:sip404", Policy.GIVE_UP)),
        (Line("failed", sip=503), ("twilio:sip503", Policy.RETRY)),
        (Line("failed"), ("twilio:failed", Policy.GIVE_UP)),
        (Line("canceled"), ("twilio:canceled", Policy.GIVE_UP)),
    ],
)
async def test_a_call_that_nobody_takes_says_why_and_what_to_do(twilio, voice, hooks, line, why):
    last = await called(twilio, voice, hooks, line)
    assert (last.state, last.code, last.policy) == ("failed", *why)
    assert twilio.calls[0].heard == []


async def test_forged_keys_and_callbacks_are_refused(twilio, voice, hooks):
    await called(twilio, voice, hooks, Line(press="1", telling="forged"))
    assert (hooks.keys, hooks.reports) == ([], [])
    assert hooks.refused == 6


async def test_what_compose_shows_is_what_is_sent(twilio, voice, hooks):
    composed = voice.compose(hooks.message(), LANDLINE)
    await voice.send(hooks.message(), LANDLINE)
    [(method, path, _, body)] = twilio.requests
    assert composed.wire.startswith(f"{method} {path} HTTP/1.1\r\n".encode())
    assert composed.wire.partition(b"\r\n\r\n")[2] == body
    assert composed.readable == "\n".join(SAID)
    assert AUTH_TOKEN.encode() not in composed.wire


async def test_two_hundred_calls_at_once_are_placed_once_each(twilio, voice):
    numbers = [f"+3326191{n:04d}" for n in range(200)]
    await asyncio.gather(*(voice.send(VoiceMessage("Crue.", "fr-FR"), number) for number in numbers))
    assert sorted(call.to for call in twilio.calls) == numbers


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (13224, Gone),
        (21211, Gone),
        (21214, Unexplained),
        (21215, SenderRefused),
        (10004, Transient),
        (21210, Misconfigured),
    ],
)
async def test_a_refused_call_raises_the_codes_policy(twilio, voice, code, kind):
    twilio.fault(Refuse(400, code))
    with pytest.raises(ChannelError) as caught:
        await voice.send(VoiceMessage("Crue.", "fr-FR"), LANDLINE)
    assert (type(caught.value), caught.value.code) == (kind, f"twilio:{code}")


async def test_no_answer_in_time_may_have_rung(twilio):
    voice = Voice(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, SENDER, twilio.url, timeout_s=0.2))
    twilio.fault(Hang(take=True))
    with pytest.raises(Transient) as caught:
        await voice.send(VoiceMessage("Crue.", "fr-FR"), LANDLINE)
    await voice.close()
    assert caught.value.may_have_left
    assert len(twilio.calls) == 1


async def test_a_long_text_is_taken_by_twilio(twilio, voice, hooks):
    await voice.send(VoiceMessage("Évacuez. " * 1_000, "fr-FR", SAID[1], gather_url=f"{hooks.url}/voice"), LANDLINE)
    assert len(twilio.calls[0]["Twiml"]) <= 4_000


async def test_an_address_that_is_no_number_is_refused_before_anything_is_sent(twilio, voice):
    with pytest.raises(Permanent):
        await voice.send(VoiceMessage("Crue.", "fr-FR"), "0261910001")
    assert twilio.requests == []

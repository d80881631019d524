"""Status callbacks as Twilio makes them, received over HTTP, verified and read."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from aiohttp import web
from multidict import CIMultiDict

from channels.sms import Sms, SmsMessage
from channels.twilio import Policy, TwilioAccount, parse_status, verify
from tests.servers.twilio import ACCOUNT_SID, AUTH_TOKEN, Fate, TwilioServer

RECEIVER = "+33639980001"


@dataclass
class Hook:
    """Receives callbacks behind a "proxy": the URL that Twilio signs is the public one, not the server's own."""

    url: str = ""
    reports: list = field(default_factory=list)
    refused: int = 0
    before_answer: int = 0

    async def receive(self, request):
        form = await request.post()
        if not verify(
            AUTH_TOKEN,
            f"{self.url}?{request.rel_url.raw_query_string}",
            form,
            request.headers.get("X-Twilio-Signature"),
        ):
            self.refused += 1
            return web.Response(status=403)
        self.reports.append(parse_status(form))
        return web.Response(status=204)


@pytest.fixture
async def hook():
    receiver = Hook()
    app = web.Application()
    app.add_routes([web.post("/hooks/twilio/status", receiver.receive)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/twilio/status"
    yield receiver
    await runner.cleanup()


async def sent(hook, fate):
    async with TwilioServer() as twilio:
        twilio.fate(fate, RECEIVER)
        sms = Sms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "+33644640001", twilio.url))
        receipt = await sms.send(SmsMessage("Crue", f"{hook.url}?d=%C3%A9&n=1+2"), RECEIVER)
        hook.before_answer = len(hook.reports)
        await twilio.settled()
        await sms.close()
    assert all(report.sid == receipt.provider_id for report in hook.reports)
    return [report.state for report in hook.reports]


async def test_a_delivered_message_is_told_step_by_step(hook):
    assert await sent(hook, Fate()) == ["accepted", "sent", "delivered"]


@pytest.mark.parametrize(
    ("code", "policy"), [(30003, Policy.RETRY), (30005, Policy.CONTACT_DEAD), (30006, Policy.UNEXPLAINED)]
)
async def test_an_undelivered_message_says_why_and_what_to_do(hook, code, policy):
    assert await sent(hook, Fate("undelivered", code)) == ["accepted", "sent", "failed"]
    last = hook.reports[-1]
    assert (last.code, last.policy) == (f"twilio:{code}", policy)
    assert last.detail.endswith(".")


async def test_callbacks_may_come_before_the_answer_to_the_request(hook):
    await sent(hook, Fate(telling="early"))
    assert hook.before_answer == 3


async def test_callbacks_may_come_twice_and_backwards_and_are_each_read(hook):
    assert await sent(hook, Fate(telling="doubled")) == ["accepted"] * 2 + ["sent"] * 2 + ["delivered"] * 2
    hook.reports.clear()
    assert await sent(hook, Fate(telling="reversed")) == ["delivered", "sent", "accepted"]


async def test_a_forged_callback_is_refused(hook):
    assert await sent(hook, Fate(telling="forged")) == []
    assert hook.refused == 3


async def test_a_message_whose_callbacks_never_come_leaves_nothing_behind(hook):
    assert await sent(hook, Fate(telling="never")) == []
    assert hook.refused == 0


def test_the_params_of_a_multidict_are_all_signed():
    params = CIMultiDict({"MessageSid": "SM" + "0" * 32, "MessageStatus": "sent"})
    assert verify(AUTH_TOKEN, "https://x.example/", params, "x" * 28) is False

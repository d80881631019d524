"""What may happen to the connection itself: TLS, closing in flight, a region's host, and the local server by itself."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import ssl
import sys

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels.errors import Misconfigured, Transient
from channels.sms import Sms, SmsMessage
from channels.twilio import TwilioAccount
from tests.servers.twilio import ACCOUNT_SID, AUTH_TOKEN, Hang, TwilioServer

SENDER = "+33644640001"
RECEIVER = "+33639980001"


@pytest.fixture
def untrusted(tmp_path):
    """A server's TLS with a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "both.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


async def test_a_certificate_that_is_not_to_be_trusted_breaks_the_channel_and_sends_nothing(untrusted):
    async def never(_request):
        pytest.fail("the request was sent to who could not prove to be Twilio")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", never)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=untrusted).start()
    sms = Sms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, SENDER, f"https://127.0.0.1:{runner.addresses[0][1]}"))
    with pytest.raises(Misconfigured) as caught:
        await sms.send(SmsMessage("Crue"), RECEIVER)
    await sms.close()
    await runner.cleanup()
    assert caught.value.code == "twilio:certificate"


async def test_closing_while_a_message_is_in_flight_says_that_it_may_have_left():
    async with TwilioServer() as twilio:
        twilio.fault(Hang(take=True))
        sms = Sms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, SENDER, twilio.url))
        sending = asyncio.ensure_future(sms.send(SmsMessage("Crue"), RECEIVER))
        await twilio.received(1)
        await sms.close()
        with pytest.raises(Transient) as caught:
            await sending
    assert caught.value.may_have_left


async def test_cancelled_sends_leave_a_channel_that_still_sends():
    async with TwilioServer() as twilio:
        twilio.fault(Hang(), times=20)
        sms = Sms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, SENDER, twilio.url))
        sending = [asyncio.ensure_future(sms.send(SmsMessage("Crue"), RECEIVER)) for _ in range(20)]
        await twilio.received(20)
        for task in sending:
            task.cancel()
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
        await sms.send(SmsMessage("Crue"), RECEIVER)
        await sms.close()
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    assert len(twilio.messages) == 1


async def test_sends_one_after_another_share_one_connection():
    peers = set()

    async def answer(request):
        peers.add(request.transport.get_extra_info("peername"))
        return web.json_response({"sid": "SM" + "0" * 32, "status": "queued"}, status=201)

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sms = Sms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, SENDER, f"http://127.0.0.1:{runner.addresses[0][1]}"))
    for _ in range(5):
        await sms.send(SmsMessage("Crue"), RECEIVER)
    await sms.close()
    await runner.cleanup()
    assert len(peers) == 1


@pytest.mark.parametrize(
    ("name", "form", "code"),
    [
        ("Messages", {"From": SENDER, "Body": "x"}, 21604),
        ("Messages", {"To": RECEIVER, "Body": "x"}, 21603),
        ("Messages", {"To": RECEIVER, "From": SENDER}, 21619),
        ("Messages", {"To": RECEIVER, "From": SENDER, "Body": "x" * 1601}, 21617),
        ("Messages", {"To": RECEIVER, "From": SENDER, "Body": "x", "StatusCallback": "http://a_b/"}, 21609),
        ("Calls", {"From": SENDER, "Twiml": "<Response/>"}, 21201),
        ("Calls", {"To": RECEIVER, "Twiml": "<Response/>"}, 21213),
        ("Calls", {"To": RECEIVER, "From": SENDER, "Twiml": "<Response>"}, 12100),
        ("Calls", {"To": RECEIVER, "From": SENDER, "Twiml": "x" * 4001}, 32018),
    ],
)
async def test_the_local_server_refuses_what_twilio_refuses(name, form, code):
    async with TwilioServer() as twilio, aiohttp.ClientSession() as session:
        headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT_SID, AUTH_TOKEN)}
        url = f"{twilio.url}/2010-04-01/Accounts/{ACCOUNT_SID}/{name}.json"
        async with session.post(url, data=form, headers=headers) as response:
            document = await response.json()
    assert (response.status, document["status"], document["code"]) == (400, 400, code)
    assert (twilio.messages, twilio.calls) == ([], [])


async def test_the_local_server_runs_by_itself():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.servers.twilio", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = f"http://127.0.0.1:{json.loads(await process.stdout.readline())['port']}"
    sms = Sms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, SENDER, url))
    receipt = await sms.send(SmsMessage("Crue"), RECEIVER)
    await sms.close()
    async with aiohttp.ClientSession() as session, session.get(f"{url}/recorded") as response:
        recorded = await response.json()
    process.terminate()
    await process.wait()
    assert [(each["sid"], each["to"]) for each in recorded["messages"]] == [(receipt.provider_id, RECEIVER)]

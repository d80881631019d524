"""What both push services of the tests promise to the channel, and what the one for Firefox promises to a browser."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import secrets
import uuid

import aiohttp
import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.errors import Gone, Misconfigured, Permanent
from channels.webpush import PushMessage, PushSubscription, VapidKey, WebPush, WebPushConfig
from tests.servers.autopush import DELIVERED, Autopush
from tests.servers.push import PushService

KEY = VapidKey.generate()


def message(text: str = "Montez à l’étage.", **more) -> PushMessage:
    return PushMessage(payload=text.encode(), fallback=b"-", **{"ttl_s": 3600, "urgency": "high", **more})


class Profile:
    """A browser as Firefox would be, with its keys: the judge of ``Autopush`` where no browser is."""

    def __init__(self, push: Autopush, http: aiohttp.ClientSession) -> None:
        self.push, self.http = push, http
        self.uaid = ""
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.auth = secrets.token_bytes(16)

    async def connect(self, **hello) -> None:
        self.socket = await self.http.ws_connect(self.push.origin, protocols=("push-notification",))
        said = {"messageType": "hello", "broadcasts": {"remote-settings/monitor": "1"}, "use_webpush": True}
        await self.socket.send_json(said | ({"uaid": self.uaid} if self.uaid else {}) | hello)
        answer = await self.hear("hello")
        assert answer["status"] == 200
        assert answer["use_webpush"] is True
        self.uaid = answer["uaid"]

    async def hear(self, kind: str) -> dict:
        said = await self.socket.receive_json(timeout=30)
        assert said["messageType"] == kind, said
        return said

    async def subscribe(self, key: str | None = None) -> dict:
        """What a page would be given; the channel that it came with is ``self.channel``."""
        self.channel = str(uuid.uuid4())
        padded = {"key": key + "=" * (-len(key) % 4)} if key else {}
        await self.socket.send_json({"messageType": "register", "channelID": self.channel, **padded})
        answer = await self.hear("register")
        assert (answer["status"], answer["channelID"]) == (200, self.channel)
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        words = {"p256dh": _base64url(point), "auth": _base64url(self.auth)}
        return {"endpoint": answer["pushEndpoint"], "expirationTime": None, "keys": words}

    def read(self, notification: dict) -> str:
        body = base64.urlsafe_b64decode(notification["data"] + "=" * (-len(notification["data"]) % 4))
        clear = http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth, version="aes128gcm")
        return clear.decode()

    async def ack(self, notification: dict) -> None:
        update = {"channelID": notification["channelID"], "version": notification["version"], "code": DELIVERED}
        await self.socket.send_json({"messageType": "ack", "updates": [update]})


@pytest.fixture
async def autopush():
    async with Autopush() as push:
        yield push


@pytest.fixture
async def profile(autopush):
    async with aiohttp.ClientSession() as http:
        made = Profile(autopush, http)
        await made.connect()
        yield made
        await made.socket.close()


@pytest.fixture(params=["decrypts itself", "speaks to Firefox"])
async def peer(request):
    """(push service, subscribe(key) → what a page is given, end(subscription))."""
    async with contextlib.AsyncExitStack() as opened:
        if request.param == "decrypts itself":
            push = await opened.enter_async_context(PushService())

            async def subscribe(key=None):
                return push.subscribe(key)[0]

            yield push, subscribe
        else:
            autopush = await opened.enter_async_context(Autopush())
            http = await opened.enter_async_context(aiohttp.ClientSession())
            browser = Profile(autopush, http)
            await browser.connect()
            yield autopush, browser.subscribe
            await browser.socket.close()


@contextlib.asynccontextmanager
async def channel_to(push, key=KEY, **more):
    channel = WebPush(WebPushConfig(key, "mailto:ops@example.org", (push.origin,), **{"timeout_s": 5.0, **more}))
    try:
        yield channel
    finally:
        await channel.close()


def parsed(push, subscription: dict) -> PushSubscription:
    return PushSubscription.parse(subscription, (push.origin,))


async def test_a_push_is_taken_and_named(peer):
    push, subscribe = peer
    to = parsed(push, await subscribe(KEY.public))
    async with channel_to(push) as channel:
        receipt = await channel.send(message(), to)
    assert receipt.provider_id.startswith(push.origin)
    assert push.messages[0].id in receipt.provider_id
    assert push.messages[0].headers["Urgency"] == "high"


async def test_a_subscription_takes_the_messages_of_the_key_that_it_was_made_with_only(peer):
    push, subscribe = peer
    to = parsed(push, await subscribe(VapidKey.generate().public))
    async with channel_to(push) as channel:
        with pytest.raises(Permanent):
            await channel.send(message(), to)
    assert not push.messages


async def test_a_subscription_that_nobody_made_is_gone(peer):
    push, subscribe = peer
    made = await subscribe(KEY.public)
    to = parsed(push, {**made, "endpoint": made["endpoint"][:-4] + "zzzz"})
    async with channel_to(push) as channel:
        with pytest.raises(Gone):
            await channel.send(message(), to)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"TTL": None}, 400),
        ({"TTL": "soon"}, 400),
        ({"Content-Encoding": "aesgcm"}, 400),
        ({"Urgency": "now"}, 400),
        ({"Topic": "a topic with spaces"}, 400),
        ({"Topic": "a" * 33}, 400),
        ({"Authorization": None}, 401),
    ],
)
async def test_a_request_that_rfc_8030_does_not_allow_is_refused(peer, changes, status):
    push, subscribe = peer
    made = await subscribe(KEY.public)
    async with channel_to(push) as channel:
        wire = channel.compose(message(), parsed(push, made)).wire
    head, _, body = wire.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    headers = {name: each for name, each in (headers | changes).items() if each is not None}
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        sent = await http.post(made["endpoint"], data=body, headers=headers)
    assert sent.status == status, await sent.text()
    assert not push.messages


async def test_a_body_over_4096_octets_is_too_large(peer):
    push, subscribe = peer
    made = await subscribe(KEY.public)
    async with channel_to(push) as channel:
        wire = channel.compose(message(), parsed(push, made)).wire
    headers = dict(line.split(": ", 1) for line in wire.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:])
    async with aiohttp.ClientSession() as http:
        sent = await http.post(made["endpoint"], data=b"x" * 4097, headers=headers | {"Content-Length": "4097"})
    assert sent.status == 413


async def test_a_browser_reads_what_was_sent_and_its_word_is_kept(autopush, profile):
    to = parsed(autopush, await profile.subscribe(KEY.public))
    async with channel_to(autopush) as channel:
        await channel.send(message(topic="a-1"), to)
    notification = await profile.hear("notification")
    assert profile.read(notification) == "Montez à l’étage."
    assert (notification["ttl"], notification["topic"]) == (3600, "a-1")
    assert notification["headers"] == {"encoding": "aes128gcm"}
    await profile.ack(notification)
    kept = await autopush.acked(1)
    assert (kept.code, kept.sent) == (DELIVERED, 1)


async def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(autopush, profile):
    to = parsed(autopush, await profile.subscribe(KEY.public))
    async with channel_to(autopush) as channel:
        await channel.send(message("first"), to)
        await channel.send(message("second"), to)
    await profile.ack(await profile.hear("notification"))
    await autopush.acked(1)
    await profile.hear("notification")
    await profile.socket.close()
    await profile.connect()
    assert profile.read(await profile.hear("notification")) == "second"
    await profile.socket.send_str("{}")
    assert (await profile.socket.receive(timeout=30)).data == "{}"  # and nothing else before it


async def test_a_device_that_was_offline_gets_the_last_message_of_a_topic_and_none_with_ttl_0(autopush, profile):
    to = parsed(autopush, await profile.subscribe(KEY.public))
    await profile.socket.close()
    await autopush.until(lambda: not autopush.browsers[profile.uaid].present.is_set())
    async with channel_to(autopush) as channel:
        await channel.send(message("first", topic="flood"), to)
        await channel.send(message("for now", ttl_s=0), to)
        await channel.send(message("last", topic="flood"), to)
    await profile.connect()
    assert profile.read(await profile.hear("notification")) == "last"
    await profile.socket.send_json({"messageType": "ping"})
    assert (await profile.socket.receive(timeout=30)).data == "{}"


async def test_who_unsubscribes_is_gone(autopush, profile):
    to = parsed(autopush, await profile.subscribe(KEY.public))
    await profile.socket.send_json({"messageType": "unregister", "channelID": profile.channel, "code": 200})
    assert (await profile.hear("unregister"))["status"] == 200
    async with channel_to(autopush) as channel:
        with pytest.raises(Gone) as gone:
            await channel.send(message(), to)
    assert gone.value.code == "push:410"


async def test_a_browser_that_the_service_forgot_gets_another_name_and_its_endpoints_end(autopush, profile):
    to = parsed(autopush, await profile.subscribe(KEY.public))
    before = profile.uaid
    await autopush.forget(autopush.browsers[before])
    await profile.connect()
    assert profile.uaid != before
    async with channel_to(autopush) as channel:
        with pytest.raises(Gone):
            await channel.send(message(), to)


async def test_of_one_profile_twice_the_newer_line_gets_the_messages(autopush, profile):
    to = parsed(autopush, await profile.subscribe(KEY.public))
    older = profile.socket
    await profile.connect()
    assert (await older.receive(timeout=30)).type is aiohttp.WSMsgType.CLOSE
    async with channel_to(autopush) as channel:
        await channel.send(message(), to)
    await profile.hear("notification")


async def test_a_channel_that_is_no_uuid_is_refused(autopush, profile):
    await profile.socket.send_json({"messageType": "register", "channelID": "mine"})
    assert (await profile.hear("register"))["status"] == 400


async def test_who_speaks_before_the_hello_is_cut_off(autopush):
    async with aiohttp.ClientSession() as http:
        socket = await http.ws_connect(autopush.origin, protocols=("push-notification",))
        await socket.send_json({"messageType": "register", "channelID": str(uuid.uuid4())})
        assert (await socket.receive(timeout=30)).type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}


async def test_a_signature_that_is_wrong_stops_the_channel_as_at_mozilla(autopush, profile):
    to = parsed(autopush, await profile.subscribe())
    long_ago = WebPush(WebPushConfig(KEY, "mailto:ops@example.org", (autopush.origin,)), clock=lambda: 1e9)
    with pytest.raises(Misconfigured):
        await long_ago.send(message(), to)
    await long_ago.close()


async def test_waiting_for_what_never_comes_ends_with_the_wait(autopush):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await autopush.acked(1)


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()

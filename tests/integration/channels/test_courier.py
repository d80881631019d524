"""Requests go by a process beside ours when they are many; whatever becomes of it, each is answered once."""

import asyncio
import os
import signal

import http_ece
import psutil
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.encoding import to_base64url
from channels.errors import Permanent
from channels.transport.courier import BUSY, BadKeys, Courier
from channels.transport.http import HttpConfig, HttpTrouble, What
from channels.webpush import PushMessage, PushSubscription, VapidKey, WebPush, WebPushConfig
from tests.servers.push import PushService
from tests.servers.town_api import eventually

MANY = 4 * BUSY


class Device:
    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)

    @property
    def keys(self):
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return to_base64url(point), to_base64url(self.auth)

    def read(self, body):
        return http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")


class Echo:
    """Answers each request with its path; keeps what it was sent, and holds its answers while it is told to."""

    def __init__(self):
        self.came = {}
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.full = asyncio.Event()

    async def __aenter__(self):
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_):
        self.go_on.set()
        await self._runner.cleanup()

    async def _answer(self, request):
        self.came.setdefault(request.path, []).append(await request.read())
        if len(self.came) >= MANY:
            self.full.set()
        await self.go_on.wait()
        return web.Response(text=request.path, headers={"Location": request.path})


def helpers():
    """The processes that help this one."""
    return [each for each in psutil.Process().children() if "channels.transport.courier" in each.cmdline()]


@pytest.fixture
async def echo():
    async with Echo() as echo:
        yield echo


@pytest.fixture
async def courier():
    courier = Courier(HttpConfig(20.0, ("Location",), 1000), 1)
    yield courier
    await courier.close()
    assert not helpers()


def asking(courier, echo, name, number, body=b"x"):
    return courier.request("POST", f"{echo.url}/{name}/{number}", headers={"X": "y"}, body=body)


async def ask_many(courier, echo, name, many=MANY):
    replies = await asyncio.gather(*[asking(courier, echo, name, number) for number in range(many)])
    return [(each.status, each.headers["Location"], each.body.decode()) for each in replies] == [
        (200, f"/{name}/{number}", f"/{name}/{number}") for number in range(many)
    ]


@pytest.fixture
async def busy(courier, echo):
    """A courier whose process is there."""
    assert await ask_many(courier, echo, "first")
    await asyncio.wait_for(courier.started.wait(), 20)
    return courier


@pytest.fixture(params=[1, 0], ids=["helped", "alone"])
async def many(request, echo):
    """A courier whose process is there, and one that does all itself."""
    courier = Courier(HttpConfig(20.0, ("Location",), 1000), request.param)
    assert await ask_many(courier, echo, "first")
    if request.param:
        await asyncio.wait_for(courier.started.wait(), 20)
    yield courier
    await courier.close()


async def test_a_few_requests_start_no_process_and_many_start_one(courier, echo):
    assert await ask_many(courier, echo, "few", BUSY - 1)
    assert not helpers()
    assert await ask_many(courier, echo, "many")
    await asyncio.wait_for(courier.started.wait(), 20)
    assert len(helpers()) == 1


async def test_from_many_to_none_bodies_are_encrypted_in_bulk(echo):
    """Else a sender whose provider answers fast would encrypt singly whenever it has few requests under way."""
    singly = []

    def encrypt(plaintext, p256dh, auth):
        singly.append(plaintext)
        return plaintext

    courier = Courier(HttpConfig(20.0, (), 1000), 0, encrypt)
    keys = Device().keys

    async def one_after_another(number):
        for at in range(3):
            await asking(courier, echo, "bulk", number * 10 + at, (b"many", *keys))

    echo.go_on.clear()
    asked = [asyncio.ensure_future(one_after_another(number)) for number in range(MANY)]
    await eventually(lambda: bool(echo.came), "the first arrives")
    echo.go_on.set()
    await asyncio.gather(*asked)
    assert len(singly) == BUSY - 1
    await asking(courier, echo, "few", 0, (b"few", *keys))
    assert singly[-1] == b"few"
    await courier.close()


async def test_each_of_many_gets_its_own_answer_and_is_made_once(many, echo):
    assert await ask_many(many, echo, "many", 10 * MANY)
    assert all(len(bodies) == 1 for bodies in echo.came.values())


async def test_what_is_to_be_encrypted_is_read_by_its_own_device_alone(many, echo):
    devices = [Device() for _ in range(MANY)]
    bodies = [(f"to {number}".encode(), *device.keys) for number, device in enumerate(devices)]
    await asyncio.gather(*[asking(many, echo, "sealed", number, body) for number, body in enumerate(bodies)])
    for number, device in enumerate(devices):
        (body,) = echo.came[f"/sealed/{number}"]
        assert device.read(body) == f"to {number}".encode()


@pytest.mark.parametrize("key", ["AAAA", "é", "", None, 7])
async def test_keys_that_are_none_fail_alone(many, echo, key):
    bad = (b"x", key, to_base64url(b"\0" * 16))
    *replies, refused = await asyncio.gather(
        *[asking(many, echo, "good", number) for number in range(MANY)],
        asking(many, echo, "bad", 0, bad),
        return_exceptions=True,
    )
    assert [each.status for each in replies] == [200] * MANY
    assert isinstance(refused, BadKeys)
    assert "/bad/0" not in echo.came


async def test_a_process_that_is_killed_says_of_what_it_had_that_it_may_have_left(busy, echo):
    echo.go_on.clear()
    echo.came.clear()
    asked = asyncio.gather(*[asking(busy, echo, "held", number) for number in range(MANY)], return_exceptions=True)
    await asyncio.wait_for(echo.full.wait(), 20)
    for each in helpers():
        each.kill()
    await asyncio.wait_for(busy.alone.wait(), 20)
    echo.go_on.set()  # for those that were made here: the first, before there were many
    outcomes = await asked
    troubles = [each for each in outcomes if isinstance(each, HttpTrouble)]
    assert len(troubles) == MANY - BUSY + 1
    assert all((each.what, each.may_have_left) == (What.RESET, True) for each in troubles)
    assert await ask_many(busy, echo, "after")


async def test_troubles_come_back_as_they_are_met_here(busy, unused_tcp_port):
    url = f"http://127.0.0.1:{unused_tcp_port}/"
    outcomes = await asyncio.gather(
        *[busy.request("GET", url, headers={}) for _ in range(MANY)], return_exceptions=True
    )
    assert {(type(each), each.what, each.may_have_left) for each in outcomes} == {(HttpTrouble, What.REFUSED, False)}


async def test_a_process_that_stands_still_is_given_up(echo):
    courier = Courier(HttpConfig(0.5, (), 1000), 1)
    assert await asyncio.gather(*[asking(courier, echo, "first", number) for number in range(MANY)])
    await asyncio.wait_for(courier.started.wait(), 20)
    for each in helpers():
        each.send_signal(signal.SIGSTOP)
    outcomes = await asyncio.gather(
        *[asking(courier, echo, "still", number) for number in range(MANY)], return_exceptions=True
    )
    assert any(isinstance(each, HttpTrouble) and each.may_have_left for each in outcomes)
    await eventually(lambda: not helpers(), "the process that stands still is ended")
    await courier.close()
    assert not helpers()


async def test_a_courier_that_is_closed_leaves_no_process_though_it_stands_still(echo):
    courier = Courier(HttpConfig(20.0, (), 1000), 1)
    assert await asyncio.gather(*[asking(courier, echo, "first", number) for number in range(MANY)])
    await asyncio.wait_for(courier.started.wait(), 20)
    for each in helpers():
        each.send_signal(signal.SIGSTOP)
    await courier.close()
    assert not helpers()
    with pytest.raises(HttpTrouble) as caught:
        await asking(courier, echo, "closed", 0)
    assert (caught.value.what, caught.value.may_have_left) == (What.CLOSED_HERE, False)


async def test_a_cancelled_request_is_in_nobodys_way(busy, echo):
    asked = [asyncio.create_task(asking(busy, echo, "cancelled", number)) for number in range(MANY)]
    await asyncio.sleep(0)
    for each in asked[::2]:
        each.cancel()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [each.status for each in outcomes[1::2]] == [200] * (MANY // 2)
    assert await ask_many(busy, echo, "after")


async def test_a_signal_to_the_whole_group_leaves_the_process_to_its_starter(busy, echo):
    for each in helpers():
        each.send_signal(signal.SIGTERM)
        each.send_signal(signal.SIGINT)
    assert await ask_many(busy, echo, "after")
    assert len(helpers()) == 1


async def test_a_channel_that_has_help_delivers_each_push_as_it_would_alone():
    async with PushService() as push:
        config = WebPushConfig(VapidKey.generate(), "mailto:ops@example.org", (push.origin,), helpers=1)
        channel = WebPush(config)
        found = [push.subscribe() for _ in range(40)]
        to = [PushSubscription.parse(said) for said, _ in found]
        for turn in range(6):
            message = PushMessage(f"turn {turn}".encode(), b"-", 60)
            await asyncio.gather(*[channel.send(message, each) for each in to])
        bad = PushSubscription(to[0].endpoint, "AAAA", to[0].auth)
        *_, refused = await asyncio.gather(
            *[channel.send(PushMessage(b"last", b"-", 60), each) for each in [*to, bad]], return_exceptions=True
        )
        await channel.close()
        assert (type(refused), refused.code) == (Permanent, "push:subscription")
        for _, device in found:
            assert [each.plaintext for each in device.messages] == [b"turn %d" % turn for turn in range(6)] + [b"last"]

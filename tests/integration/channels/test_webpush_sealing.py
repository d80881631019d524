"""Pushes are sealed by processes beside the channel when many go out; whatever becomes of those, each is sealed."""

import asyncio
import os
import signal

import http_ece
import psutil
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.errors import Permanent
from channels.webpush import PushMessage, PushSubscription, VapidKey, WebPush, WebPushConfig
from channels.webpush.encoding import to_base64url
from channels.webpush.sealing import BUSY, Sealer
from tests.servers.push import PushService

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


def helpers():
    """The processes that seal for this one."""
    return [each for each in psutil.Process().children() if "channels.webpush.sealing" in each.cmdline()]


@pytest.fixture
async def sealer():
    sealer = Sealer(1)
    yield sealer
    await sealer.close()
    assert not helpers()


async def seal_many(sealer, devices):
    sealer.under_way = len(devices)
    words = [f"to {number}".encode() for number in range(len(devices))]
    bodies = await asyncio.gather(
        *[sealer.seal(said, *device.keys) for said, device in zip(words, devices, strict=True)]
    )
    sealer.under_way = 0
    return [device.read(body) for device, body in zip(devices, bodies, strict=True)] == words


async def busy(sealer):
    """A sealer whose process is there."""
    assert await seal_many(sealer, [Device() for _ in range(MANY)])
    await asyncio.wait_for(sealer.started.wait(), 20)


async def test_a_few_messages_start_no_process(sealer):
    assert await seal_many(sealer, [Device() for _ in range(BUSY - 1)])
    assert not helpers()


async def test_of_many_each_is_read_by_its_own_device_and_by_no_other(sealer):
    await busy(sealer)
    assert len(helpers()) == 1
    assert await seal_many(sealer, [Device() for _ in range(10 * MANY)])


async def test_a_key_that_is_none_fails_alone(sealer):
    await busy(sealer)
    sealer.under_way = MANY
    good = [Device() for _ in range(MANY)]
    bad = [sealer.seal(b"x", "AAAA", to_base64url(b"\0" * 16)) for _ in range(3)]
    *found, first, second, third = await asyncio.gather(
        *[sealer.seal(b"x", *each.keys) for each in good], *bad, return_exceptions=True
    )
    assert [each.read(body) for each, body in zip(good, found, strict=True)] == [b"x"] * MANY
    assert {type(each) for each in (first, second, third)} == {ValueError}


async def test_a_process_that_is_killed_takes_no_message_with_it(sealer):
    await busy(sealer)
    devices = [Device() for _ in range(20 * MANY)]
    sealing = asyncio.create_task(seal_many(sealer, devices))
    await asyncio.sleep(0)
    for each in helpers():
        each.send_signal(signal.SIGKILL)
    assert await sealing
    assert not sealer.helping
    assert await seal_many(sealer, devices)


async def test_a_process_that_stands_still_is_given_up(sealer):
    await busy(sealer)
    for each in helpers():
        each.send_signal(signal.SIGSTOP)
    assert await seal_many(sealer, [Device() for _ in range(MANY)])
    assert not sealer.helping


async def test_a_process_that_stops_gives_back_what_it_has_when_the_channel_is_closed():
    sealer = Sealer(1)
    await busy(sealer)
    for each in helpers():
        each.send_signal(signal.SIGSTOP)
    sealing = asyncio.gather(seal_many(sealer, [Device() for _ in range(MANY)]))
    await asyncio.sleep(0)
    await sealer.close()
    assert await sealing == [True]
    assert not helpers()


async def test_a_cancelled_message_is_in_nobodys_way(sealer):
    await busy(sealer)
    sealer.under_way = MANY
    device = Device()
    sealing = [asyncio.create_task(sealer.seal(b"x", *device.keys)) for _ in range(MANY)]
    await asyncio.sleep(0)
    for each in sealing[::2]:
        each.cancel()
    found = await asyncio.gather(*sealing, return_exceptions=True)
    assert [device.read(body) for body in found[1::2]] == [b"x"] * (MANY // 2)


async def test_a_signal_to_the_whole_group_leaves_the_process_to_whoever_started_it(sealer):
    await busy(sealer)
    for each in helpers():
        each.send_signal(signal.SIGTERM)
        each.send_signal(signal.SIGINT)
    assert await seal_many(sealer, [Device() for _ in range(MANY)])
    assert sealer.helping == 1


async def test_a_channel_that_has_help_delivers_each_push_as_it_would_alone():
    async with PushService() as push:
        config = WebPushConfig(VapidKey.generate(), "mailto:ops@example.org", (push.origin,), sealers=1)
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

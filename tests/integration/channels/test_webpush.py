"""The channel against a push service that verifies and decrypts, over real connections."""

import asyncio
import json
import ssl
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels.errors import Gone, Permanent, Transient
from channels.sandbox import Sandbox
from channels.webpush import MAX_PLAINTEXT, PushMessage, PushSubscription, VapidKey, WebPush, WebPushConfig
from tests.servers.push import Behaviour, PushService
from tests.servers.push_process import push_process

SUBJECT = "mailto:ops@example.org"
KEY = VapidKey.generate()
MESSAGE = PushMessage(
    payload=json.dumps({"title": "Crue de la Risle", "body": "Montez à l’étage."}).encode(),
    fallback=b'{"title":"Crue"}',
    ttl_s=3600,
    urgency="high",
    topic="alert-61214_7",
)


@pytest.fixture
async def push():
    async with PushService() as service:
        yield service


@asynccontextmanager
async def channel_to(*origins, clock=time.time, key=KEY, **config):
    channel = WebPush(WebPushConfig(key, SUBJECT, origins, **{"timeout_s": 5.0, **config}), clock=clock)
    try:
        yield channel
    finally:
        await channel.close()


def subscriber(push, **asked):
    obj, device = push.subscribe(**asked)
    return PushSubscription.parse(obj, (push.origin,)), device


async def test_a_message_arrives_decrypted_with_its_headers_and_a_receipt_that_names_it(push):
    to, device = subscriber(push, application_server_key=KEY.public)
    async with channel_to(push.origin) as channel:
        receipt = await channel.send(MESSAGE, to)
    (received,) = device.messages
    assert received.json == {"title": "Crue de la Risle", "body": "Montez à l’étage."}
    assert receipt.provider_id == f"{push.origin}/message/{received.id}"
    assert receipt.composed is None
    asked = {name: received.headers[name] for name in ("TTL", "Urgency", "Topic", "Content-Encoding")}
    assert asked == {"TTL": "3600", "Urgency": "high", "Topic": "alert-61214_7", "Content-Encoding": "aes128gcm"}


async def test_a_message_without_topic_sends_none_and_a_long_ttl_is_cut_to_four_weeks(push):
    to, device = subscriber(push)
    async with channel_to(push.origin) as channel:
        await channel.send(PushMessage(b"a", b"a", 10**9, "very-low"), to)
    assert "Topic" not in device.messages[0].headers
    assert device.messages[0].headers["TTL"] == "2419200"


async def test_two_hundred_at_once_arrive_once_each_over_connections_that_are_kept(push):
    people = [subscriber(push) for _ in range(200)]
    async with channel_to(push.origin, concurrency=20) as channel:
        await asyncio.gather(
            *[
                channel.send(PushMessage(f"for {number}".encode(), b"short", 60), to)
                for number, (to, _) in enumerate(people)
            ]
        )
    assert [[message.text for message in device.messages] for _, device in people] == [
        [f"for {number}"] for number in range(200)
    ]
    assert push.requests == 200
    assert push.connections <= 20
    assert len(push.signatures) == 1


async def test_the_same_arrives_at_a_service_in_a_process_of_its_own():
    async with push_process() as push:
        people = [PushSubscription.parse(one, (push.origin,)) for one in await push.subscribe(50, KEY.public)]
        await push.behave(people[0].endpoint, status=410)
        async with channel_to(push.origin) as channel:
            outcomes = await asyncio.gather(*[channel.send(MESSAGE, to) for to in people], return_exceptions=True)
        assert [type(one).__name__ for one in outcomes] == ["Gone"] + ["Receipt"] * 49
        messages = await push.messages()
        assert sorted(one["endpoint"] for one in messages) == sorted(to.endpoint for to in people[1:])
        assert {one["text"] for one in messages} == {MESSAGE.payload.decode()}
        assert (await push.count())["signatures"] == 1


async def test_the_signature_is_kept_for_an_hour_and_made_again_after_it(push):
    to, _ = subscriber(push)
    now = [time.time()]
    async with channel_to(push.origin, clock=lambda: now[0]) as channel:
        for _ in range(3):
            await channel.send(MESSAGE, to)
        assert len(push.signatures) == 1
        now[0] += 3601
        await channel.send(MESSAGE, to)
        await channel.send(MESSAGE, to)
    assert len(push.signatures) == 2


async def test_of_two_messages_with_one_topic_a_device_that_was_away_finds_the_last(push):
    to, device = subscriber(push)
    async with channel_to(push.origin) as channel:
        for payload, topic in ((b"first", "flood"), (b"other", None), (b"second", "flood")):
            await channel.send(PushMessage(payload, b"x", 60, "high", topic), to)
    assert [message.text for message in device.pending] == ["other", "second"]


async def test_after_413_the_shorter_payload_is_sent_once(push):
    to, device = subscriber(push)
    device.behave(Behaviour(413, times=1))
    async with channel_to(push.origin) as channel:
        await channel.send(MESSAGE, to)
    assert [message.text for message in device.messages] == ['{"title":"Crue"}']
    assert device.attempts == 2


async def test_a_second_413_is_permanent(push):
    to, device = subscriber(push)
    device.behave(Behaviour(413))
    async with channel_to(push.origin) as channel:
        with pytest.raises(Permanent) as caught:
            await channel.send(MESSAGE, to)
    assert caught.value.code == "push:413"
    assert device.attempts == 2


async def test_a_payload_that_never_fits_is_not_even_tried(push):
    to, device = subscriber(push)
    async with channel_to(push.origin) as channel:
        await channel.send(PushMessage(b"x" * (MAX_PLAINTEXT + 1), b"short", 60), to)
        await channel.send(PushMessage(b"x" * MAX_PLAINTEXT, b"short", 60), to)
    assert [len(message.plaintext) for message in device.messages] == [5, MAX_PLAINTEXT]
    assert device.attempts == 2


async def test_an_endpoint_elsewhere_is_refused_without_a_connection(push):
    async with PushService() as stranger, channel_to(push.origin) as channel:
        to, _ = subscriber(stranger)
        with pytest.raises(Permanent) as caught:
            await channel.send(MESSAGE, to)
        with pytest.raises(Permanent):
            channel.compose(MESSAGE, to)
        assert caught.value.code == "push:origin"
        assert stranger.connections == 0


async def test_a_redirect_is_not_followed(push):
    async with PushService() as inside, channel_to(push.origin) as channel:
        to, device = subscriber(push)
        for status in (301, 302, 303, 307, 308):
            device.behave(Behaviour(status, headers={"Location": f"{inside.origin}/admin"}))
            with pytest.raises(Permanent) as caught:
                await channel.send(MESSAGE, to)
            assert caught.value.code == f"push:{status}"
        assert inside.connections == 0


async def test_one_service_that_hangs_does_not_hold_up_another(push):
    async with PushService() as hanging, channel_to(push.origin, hanging.origin, concurrency=2) as channel:
        hanging.behave(Behaviour(trouble="hang"))
        stuck = [asyncio.create_task(channel.send(MESSAGE, subscriber(hanging)[0])) for _ in range(5)]
        to, device = subscriber(push)
        await channel.send(MESSAGE, to)
        assert len(device.messages) == 1
        assert not any(task.done() for task in stuck)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
        hanging.behave(Behaviour())
        await channel.send(MESSAGE, subscriber(hanging)[0])


async def test_a_dead_subscription_is_gone(push):
    to, device = subscriber(push)
    del push.subscribers[device.id]
    async with channel_to(push.origin) as channel:
        with pytest.raises(Gone):
            await channel.send(MESSAGE, to)


async def test_one_subscription_of_another_key_does_not_stop_the_channel(push):
    mine, _ = subscriber(push, application_server_key=KEY.public)
    foreign, _ = subscriber(push, application_server_key=VapidKey.generate().public)
    async with channel_to(push.origin) as channel:
        with pytest.raises(Permanent) as caught:
            await channel.send(MESSAGE, foreign)
        assert caught.value.code == "push:other-key"
        await channel.send(MESSAGE, mine)


async def test_keys_that_are_none_are_permanent_even_when_they_come_from_a_store(push):
    to, _ = subscriber(push)
    async with channel_to(push.origin) as channel:
        for broken in (PushSubscription(to.endpoint, "AAAA", to.auth), PushSubscription(to.endpoint, "é", "é")):
            with pytest.raises(Permanent) as caught:
                await channel.send(MESSAGE, broken)
            assert caught.value.code == "push:subscription"
    assert push.requests == 0


async def test_what_is_composed_is_the_request_that_a_service_takes(push):
    to, device = subscriber(push)
    async with channel_to(push.origin) as channel:
        composed = channel.compose(MESSAGE, to)
        assert (await Sandbox(channel, "hint").send(MESSAGE, to)).composed.content_type == "application/http"
    assert push.connections == 0
    assert (composed.to, composed.readable) == (to.endpoint, "Crue de la Risle\n\nMontez à l’étage.")
    reader, writer = await asyncio.open_connection("127.0.0.1", push.port)
    writer.write(composed.wire)
    assert b" 201 " in await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert device.messages[0].plaintext == MESSAGE.payload


async def test_a_composed_payload_that_is_no_notification_is_shown_as_it_is(push):
    to, _ = subscriber(push)
    async with channel_to(push.origin) as channel:
        shown = [
            channel.compose(PushMessage(payload, b"x", 1), to).readable
            for payload in (b"plain", b"[1]", b'{"kind":"all-clear"}', b"\xff", b"[" * 3000)
        ]
    assert shown == ["plain", "[1]", '{\n  "kind": "all-clear"\n}', "�", "[" * 3000]


async def test_a_probe_says_that_the_key_signs_and_the_service_answers(push):
    async with channel_to(push.origin) as channel:
        findings = await channel.probe()
    assert [finding.level for finding in findings] == ["ok", "ok"]
    assert push.requests == 1
    assert push.messages == []


async def test_a_probe_warns_of_a_subject_that_apple_refuses_and_of_a_service_out_of_reach(unused_tcp_port):
    config = WebPushConfig(KEY, "mailto:root@localhost", ("*.push.apple.com", f"http://127.0.0.1:{unused_tcp_port}"))
    channel = WebPush(config)
    findings = await channel.probe()
    await channel.close()
    assert [finding.level for finding in findings] == ["ok", "warning", "error"]
    assert all(finding.hint for finding in findings[1:])
    assert [finding.level for finding in await channel.probe()] == ["ok", "warning", "error"]


async def test_a_channel_of_patterns_alone_is_probed_without_a_guess():
    async with channel_to("*.push.apple.com") as channel:
        assert [finding.level for finding in await channel.probe()] == ["ok", "warning"]


async def test_closing_twice_is_fine_and_sending_afterwards_is_an_error_of_the_channel(push):
    to, _ = subscriber(push)
    channel = WebPush(WebPushConfig(KEY, SUBJECT, (push.origin,)))
    await channel.send(MESSAGE, to)
    await channel.close()
    await channel.close()
    with pytest.raises(Transient) as caught:
        await channel.send(MESSAGE, to)
    assert (caught.value.code, caught.value.may_have_left) == ("push:closed", False)


def certificate(folder):
    """(the file of a certificate and key for localhost, signed by itself)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


async def test_over_tls_a_trusted_service_is_written_to_and_another_is_not(tmp_path):
    path = certificate(tmp_path)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(path)
    async with PushService(tls=server_side) as push:
        to, device = subscriber(push)
        async with channel_to(push.origin) as channel:
            with pytest.raises(Transient) as caught:
                await channel.send(MESSAGE, to)
            assert (caught.value.code, caught.value.may_have_left) == ("push:tls", False)
        async with channel_to(push.origin, authority=path.read_bytes()) as channel:
            await channel.send(MESSAGE, to)
        assert [message.plaintext for message in device.messages] == [MESSAGE.payload]

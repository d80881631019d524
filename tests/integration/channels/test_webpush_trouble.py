"""Whatever a push service does, the channel gives a receipt or one of its four errors, and says if it may have left."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.base import Receipt
from channels.errors import ChannelError, Gone, Misconfigured, Permanent, Transient
from channels.webpush import PushMessage, PushSubscription, VapidKey, WebPush, WebPushConfig
from tests.servers.push import Behaviour, PushService

MESSAGE = PushMessage(b"Crue", b"C", 60)
TAKEN = {200, 201, 202, 204}
KEY = VapidKey.generate()


def configured(*origins, timeout_s=5.0):
    return WebPush(WebPushConfig(KEY, "mailto:ops@example.org", origins, timeout_s=timeout_s))


@pytest.fixture
async def push():
    async with PushService() as service:
        yield service


@pytest.fixture
async def channel(push):
    channel = configured(push.origin)
    yield channel
    await channel.close()


@pytest.fixture
def device(push):
    return push.subscribe()[1]


@pytest.fixture
def to(device):
    return PushSubscription.parse(device.json)


async def error_of(channel, to):
    with pytest.raises(ChannelError) as caught:
        await channel.send(MESSAGE, to)
    return caught.value


async def test_every_status_is_a_receipt_or_an_error_of_the_channel(push, channel, device, to):
    for status in range(200, 600):
        device.behave(Behaviour(status, body="x" if status not in {204, 304} else ""))
        (outcome,) = await asyncio.gather(channel.send(MESSAGE, to), return_exceptions=True)
        if status in TAKEN:
            assert isinstance(outcome, Receipt)
        else:
            assert isinstance(outcome, ChannelError)
            assert outcome.code == f"push:{status}"


@pytest.mark.parametrize("status", [100, 101, 102, 103, 150, 199])
async def test_a_status_that_is_no_answer_is_an_error_of_the_channel(status, channel, device, to):
    device.behave(Behaviour(trouble="garbage", raw=f"HTTP/1.1 {status} Provisional\r\n\r\n"))
    assert isinstance(await error_of(channel, to), (Transient, Permanent))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, Gone), (410, Gone), (400, Permanent), (401, Misconfigured), (403, Misconfigured), (429, Transient)],
)
async def test_a_refusal_over_the_wire_is_told_by_its_kind(status, kind, channel, device, to):
    device.behave(Behaviour(status))
    assert type(await error_of(channel, to)) is kind


async def test_a_service_says_when_to_come_back_in_seconds_or_by_date(channel, device, to):
    device.behave(Behaviour(429, retry_after="17"))
    assert (await error_of(channel, to)).retry_after == 17.0
    device.behave(Behaviour(503, retry_after=Behaviour.retry_at(90)))
    assert 80 < (await error_of(channel, to)).retry_after <= 91
    device.behave(Behaviour(503, retry_after="when it rains"))
    assert (await error_of(channel, to)).retry_after is None
    device.behave(Behaviour(500))
    assert (await error_of(channel, to)).retry_after is None


async def test_a_refused_signature_stops_the_channel_until_one_message_was_taken(push, channel, device, to):
    refusal = Behaviour(403, body='{"reason":"BadJwtToken"}')
    device.behave(refusal)
    error = await error_of(channel, to)
    assert type(error) is Misconfigured
    assert "subject" in error.detail
    await channel.send(MESSAGE, PushSubscription.parse(push.subscribe()[0]))
    assert type(await error_of(channel, to)) is Permanent


async def test_the_page_of_an_error_puts_no_address_into_the_detail(channel, device, to):
    device.behave(Behaviour(404, body=f"<h1>{to.endpoint}</h1> {to.p256dh} {to.auth}"))
    detail = (await error_of(channel, to)).detail
    assert not any(secret in detail for secret in (device.id, to.p256dh, to.auth))


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ("drop", "push:disconnected"),
        ("drop-after", "push:reset"),
        ("half", "push:disconnected"),
        ("garbage", "push:garbage"),
    ],
)
async def test_a_connection_that_broke_after_the_message_was_written_is_transient_and_may_have_left(
    trouble, code, channel, device, to
):
    device.behave(Behaviour(trouble=trouble))
    error = await error_of(channel, to)
    assert type(error) is Transient
    assert (error.code, error.may_have_left) == (code, True)
    assert len(device.messages) == (1 if trouble == "drop-after" else 0)
    device.behave(Behaviour())
    assert isinstance(await channel.send(MESSAGE, to), Receipt)


async def test_a_service_that_never_answers_is_left_after_the_time_out(push, device, to):
    device.behave(Behaviour(trouble="hang"))
    channel = configured(push.origin, timeout_s=0.2)
    error = await error_of(channel, to)
    await channel.close()
    assert (type(error), error.code, error.may_have_left) == (Transient, "push:timeout", True)


async def test_a_kept_connection_that_the_service_closed_costs_nothing(push, channel, device, to):
    """Its end is seen either when it is taken up or when it is written to; both are made good in silence."""
    for _ in range(30):
        device.behave(Behaviour(trouble="garbage", raw="HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", times=1))
        assert isinstance(await channel.send(MESSAGE, to), Receipt)
        assert isinstance(await channel.send(MESSAGE, to), Receipt)
    assert device.attempts == 60


async def test_where_nothing_listens_nothing_has_left(unused_tcp_port):
    origin = f"http://127.0.0.1:{unused_tcp_port}"
    channel = configured(origin)
    error = await error_of(channel, PushSubscription(f"{origin}/push/x", *_keys()))
    await channel.close()
    assert (type(error), error.code, error.may_have_left) == (Transient, "push:connect", False)


async def test_a_name_that_has_no_address_has_taken_nothing():
    channel = configured("*.push.invalid")
    error = await error_of(channel, PushSubscription("https://web.push.invalid/x", *_keys()))
    await channel.close()
    assert (type(error), error.code, error.may_have_left) == (Transient, "push:dns", False)


async def test_a_server_that_never_completes_tls_has_taken_nothing():
    """It accepts the connection and is silent: the time-out falls into the connecting."""
    release = asyncio.Event()

    async def silent(reader, writer):
        await release.wait()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        origin = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        channel = configured(origin, timeout_s=0.3)
        error = await error_of(channel, PushSubscription(f"{origin}/x", *_keys()))
        await channel.close()
        release.set()
    assert (type(error), error.code, error.may_have_left) == (Transient, "push:timeout", False)


async def test_a_yes_is_a_yes_though_the_rest_of_the_answer_is_cut_or_endless(channel, device, to):
    for trouble in ("half-body", "endless"):
        device.behave(Behaviour(201, trouble=trouble))
        receipt = await channel.send(MESSAGE, to)
        assert receipt.provider_id == f"{to.endpoint.partition('/push/')[0]}/message/{device.messages[-1].id}"
    assert len(device.messages) == 2


async def test_a_no_is_heard_though_its_body_is_endless_and_little_of_it_is_read(channel, device, to):
    device.behave(Behaviour(410, trouble="endless"))
    error = await error_of(channel, to)
    assert type(error) is Gone
    assert len(error.detail) < 300


async def test_a_no_whose_body_is_cut_is_tried_again(channel, device, to):
    device.behave(Behaviour(503, trouble="half-body"))
    error = await error_of(channel, to)
    assert (type(error), error.code) == (Transient, "push:half-answer")


async def test_a_location_that_no_store_could_hold_is_no_provider_id(channel, device, to):
    head = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n"
    for location in ("", "Location: \xff\xfe\r\n", f"Location: /{'m' * 2000}\r\n"):
        device.behave(Behaviour(trouble="garbage", raw=f"{head}{location}\r\n"))
        assert (await channel.send(MESSAGE, to)).provider_id is None


async def test_cancelling_a_send_is_no_error_of_the_channel_and_leaves_it_usable(push, channel, device, to):
    device.behave(Behaviour(trouble="hang", times=1))
    sending = asyncio.create_task(channel.send(MESSAGE, to))
    await device.reached.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert isinstance(await channel.send(MESSAGE, to), Receipt)


_line = st.text(st.characters(codec="latin-1"), max_size=40)
_answers = st.one_of(
    _line,
    st.builds("HTTP/1.1 {}\r\n\r\n{}".format, _line, _line),
    st.builds(
        "HTTP/1.1 {} X\r\n{}: {}\r\nContent-Length: {}\r\n\r\n{}".format,
        st.integers(0, 1000),
        st.sampled_from(
            ["Location", "Retry-After", "X-WNS-NotificationStatus", "Transfer-Encoding", "Content-Encoding"]
        ),
        st.one_of(_line, st.sampled_from(["chunked", "gzip", "dropped", "-1", "\x00"])),
        st.integers(-1, 60),
        _line,
    ),
)


def test_garbage_never_escapes_as_anything_but_an_error_of_the_channel():
    with asyncio.Runner() as runner:

        async def start():
            push = await PushService().__aenter__()
            return push, configured(push.origin, timeout_s=0.5), push.subscribe()[1]

        push, channel, device = runner.run(start())
        to = PushSubscription.parse(device.json)

        @settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
        @given(_answers)
        def answered(raw):
            device.behave(Behaviour(trouble="garbage", raw=raw))
            try:
                outcome = runner.run(channel.send(MESSAGE, to))
            except ChannelError as error:
                outcome = error
            assert isinstance(outcome, (Receipt, ChannelError))

        try:
            answered()
        finally:
            runner.run(channel.close())
            runner.run(push.__aexit__())


def _keys():
    device = PushSubscription.parse(_any_device)
    return device.p256dh, device.auth


_any_device = {
    "endpoint": "https://fcm.googleapis.com/fcm/send/x",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}

"""CPU time of one push, ours beside pywebpush's own ``webpush_async``, in the same minute against the same service.

``python -m tests.bench.webpush_send [messages] [concurrency]``
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import http_ece
import pywebpush
import uvloop
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from channels.webpush import PushMessage, PushSubscription, VapidKey, WebPush, WebPushConfig
from channels.webpush.encoding import from_base64url
from tests.servers.push_process import push_process

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_SUBJECT = "mailto:ops@example.org"
_PAYLOAD = (b'{"title":"Crue de la Risle","body":"' + b"Montez aux \xc3\xa9tages. " * 24 + b'"}')[:600]


async def _cpu_us(send: Callable[[Any], Awaitable[Any]], to: list[Any], concurrency: int) -> tuple[float, float]:
    """(CPU, elapsed) microseconds a message."""
    rest = iter(to)

    async def one_after_another() -> None:
        for subscription in rest:
            await send(subscription)

    cpu, elapsed = time.process_time(), time.perf_counter()
    await asyncio.gather(*[one_after_another() for _ in range(concurrency)])
    return (time.process_time() - cpu) / len(to) * 1e6, (time.perf_counter() - elapsed) / len(to) * 1e6


def _encryption_us(subscription: PushSubscription, messages: int) -> float:
    point, auth = from_base64url(subscription.p256dh), from_base64url(subscription.auth)
    start = time.process_time()
    for _ in range(messages):
        http_ece.encrypt(_PAYLOAD, private_key=ec.generate_private_key(ec.SECP256R1()), dh=point, auth_secret=auth)
    return (time.process_time() - start) / messages * 1e6


async def main(messages: int, concurrency: int) -> None:
    key = VapidKey.generate()
    async with push_process() as push:
        plain = await push.subscribe(messages)
        ours = [PushSubscription.parse(one, (push.origin,)) for one in plain]
        channel = WebPush(WebPushConfig(key, _SUBJECT, (push.origin,), concurrency=concurrency))
        message = PushMessage(_PAYLOAD, _PAYLOAD[:200], 3600, "high", "alert")
        signer = Vapid02.from_string(key.to_raw())
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

        async def rival(subscription: dict[str, Any]) -> None:
            await pywebpush.webpush_async(
                subscription,
                data=_PAYLOAD.decode("utf-8", "replace"),
                vapid_private_key=signer,
                vapid_claims={"sub": _SUBJECT},
                ttl=3600,
                aiohttp_session=session,
            )

        async def bare(subscription: PushSubscription) -> None:
            async with session.post(subscription.endpoint, data=_PAYLOAD) as response:
                await response.read()

        async def ours_send(subscription: PushSubscription) -> None:
            await channel.send(message, subscription)

        encryption = _encryption_us(ours[0], min(messages, 2000))
        for _ in range(3):
            before = await push.count()
            cpu, elapsed = await _cpu_us(ours_send, ours, concurrency)
            taken = (await push.count())["messages"] - before["messages"]
            theirs, theirs_elapsed = await _cpu_us(rival, plain, concurrency)
            request, _ = await _cpu_us(bare, ours, concurrency)
            print(  # noqa: T201
                f"send {cpu:.0f} µs of CPU ({elapsed:.0f} elapsed, {taken} of {messages} taken); "
                f"webpush_async {theirs:.0f} ({theirs_elapsed:.0f}): {theirs / cpu:.2f} times ours; "
                f"bare http_ece {encryption:.0f} + bare aiohttp POST {request:.0f} = {encryption + request:.0f}: "
                f"ours is {cpu / (encryption + request):.2f} of it"
            )
        await session.close()
        await channel.close()


if __name__ == "__main__":
    figures = [int(one) for one in sys.argv[1:]]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*(figures + [5000, 64][len(figures) :])))

"""CPU time of one push, ours beside pywebpush's own ``webpush_async``, in the same minute against the same service.

``python -m tests.bench.webpush_send [messages] [concurrency]``
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import pywebpush
import uvloop
from py_vapid import Vapid02

from channels.encryption import seal
from channels.webpush import PushMessage, PushSubscription, VapidKey, WebPush, WebPushConfig
from tests.servers.push_process import push_process

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_TURN = 250
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

        async def encrypt(subscription: PushSubscription) -> None:
            seal(_PAYLOAD, subscription.p256dh, subscription.auth)

        runs: dict[str, list[float]] = {"send": [], "webpush_async": [], "encryption": [], "bare POST": []}
        elapsed: dict[str, float] = dict.fromkeys(runs, 0.0)
        # In turns of a few hundred, so that a neighbour's load falls on all of them alike.
        for start in range(0, messages, _TURN):
            turn, plain_turn = ours[start : start + _TURN], plain[start : start + _TURN]
            for name, one, to in (
                ("send", ours_send, turn),
                ("webpush_async", rival, plain_turn),
                ("encryption", encrypt, turn),
                ("bare POST", bare, turn),
            ):
                cpu, wall = await _cpu_us(one, to, concurrency)
                runs[name].append(cpu)
                elapsed[name] += wall * len(to) / messages
        taken = (await push.count())["messages"]
        middle = {name: statistics.median(figures) for name, figures in runs.items()}
        for name, figure in middle.items():
            print(f"{name:14} {figure:6.0f} µs of CPU a message, {elapsed[name]:6.0f} elapsed")
        least = middle["encryption"] + middle["bare POST"]
        print(
            f"webpush_async is {middle['webpush_async'] / middle['send']:.2f} times send; send is "
            f"{middle['send'] / least:.2f} times encryption and bare POST; {taken} of {2 * messages} taken"
        )
        await session.close()
        await channel.close()


if __name__ == "__main__":
    figures = [int(one) for one in sys.argv[1:]]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*(figures + [5000, 64][len(figures) :])))

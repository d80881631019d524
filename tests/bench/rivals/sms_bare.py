"""The bare loop for SMS: Twilio's own asynchronous client, one session. Prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time

import uvloop
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client


async def main(url: str, messages: int, concurrency: int) -> None:
    rest = iter(range(messages))
    async with AsyncTwilioHttpClient(pool_connections=True, timeout=30) as http:
        client = Client("AC" + "0" * 32, "token", http_client=http)
        client.api.base_url = url

        async def one_after_another() -> None:
            for number in rest:
                await client.messages.create_async(
                    to=f"+336{number:08d}", from_="LAIGLE", body="L'Aigle : La Risle deborde. Montez a l'etage."
                )

        cpu, wall = time.process_time(), time.perf_counter()
        await asyncio.gather(*[one_after_another() for _ in range(concurrency)])
        print(json.dumps({"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1], *(int(each) for each in sys.argv[2:4])))

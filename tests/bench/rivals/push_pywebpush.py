"""pywebpush's own asynchronous sender, as its README has it, with one session for all. Prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import aiohttp
import pywebpush
import uvloop
from py_vapid import Vapid02


async def main(path: str, payload: bytes, concurrency: int) -> None:
    to = [json.loads(line) for line in Path(path).read_text().splitlines()]
    signer = Vapid02()
    signer.generate_keys()
    rest = iter(to)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one_after_another() -> None:
            for each in rest:
                await pywebpush.webpush_async(
                    each,
                    data=payload.decode(),
                    vapid_private_key=signer,
                    vapid_claims={"sub": "mailto:ops@example.org"},
                    ttl=3600,
                    aiohttp_session=session,
                )

        cpu, wall = time.process_time(), time.perf_counter()
        await asyncio.gather(*[one_after_another() for _ in range(concurrency)])
        print(json.dumps({"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1], Path(sys.argv[2]).read_bytes(), int(sys.argv[3])))

"""The bare loop: what a push costs without keeping anything. Same encryption, same HTTP client; its pushes are lost.

Reads the subscriptions (JSON lines) of the file given; prints JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import uvloop

from channels.encryption import seal
from channels.webpush import VapidKey
from channels.webpush.origins import origin_of
from channels.webpush.transport import Transport
from channels.webpush.vapid import Signature


async def main(path: str, payload: bytes, concurrency: int) -> None:
    to = [json.loads(line) for line in Path(path).read_text().splitlines()]
    transport = Transport(30.0, None)
    origin = origin_of(to[0]["endpoint"])
    if origin is None:
        sys.exit("no origin")
    header = Signature(VapidKey.generate(), "mailto:ops@example.org", origin, time.time).header()
    host = origin.partition("://")[2]
    headers = {
        "TTL": "3600",
        "Urgency": "high",
        "Topic": "alert",
        "Content-Encoding": "aes128gcm",
        "Authorization": header,
    }
    rest = iter(to)

    async def one_after_another() -> None:
        for each in rest:
            body = seal(payload, each["keys"]["p256dh"], each["keys"]["auth"])
            answer = await transport.request("POST", each["endpoint"], host, headers=headers, body=body)
            if answer.status != 201:
                sys.exit(f"status {answer.status}")

    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*[one_after_another() for _ in range(concurrency)])
    print(json.dumps({"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}))
    await transport.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1], Path(sys.argv[2]).read_bytes(), int(sys.argv[3])))

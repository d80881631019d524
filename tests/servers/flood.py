"""A stranger who floods the service, in a process of its own that is bound to one core.

``python -m tests.servers.flood PORT ATTACK CONNECTIONS CORE``, tokens of links as a JSON list in stdin's first line.
Each connection asks again as soon as it is answered, or closed. Prints ``flooding`` when that happened as often as
there are connections; floods until stdin is closed, and prints how often it was answered what, as JSON.
The attack ``nothing`` only keeps its core busy: what every attack takes from a machine of two cores.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import resource
import sys
import threading
from collections import Counter
from contextlib import suppress
from itertools import count, cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NOTHING = "nothing"
_MEBIBYTE = 1 << 20
_DRIP_S = 1.0
_NUMBER = count()


def _request(path: str, body: bytes, *more: str, kind: str = "application/json") -> bytes:
    head = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more, "", ""]
    return "\r\n".join(head).encode() + body


def _always(request: bytes) -> Callable[[], bytes]:
    return lambda: request


def _in_turn(*says: Callable[[], bytes]) -> Callable[[], bytes]:
    turns = cycle(says)

    def say() -> bytes:
        return next(turns)()

    return say


def _sign_up() -> bytes:
    keys = {"p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"}
    endpoint = f"https://updates.push.services.mozilla.com/wpush/v2/invented-{next(_NUMBER)}"
    keys["auth"] = "BTBZMqHH6r4Tts7J_aSIgg"
    contact = {"channel": "push", "subscription": {"endpoint": endpoint, "keys": keys}}
    whole = {"name": "nobody", "contacts": [contact], "places": [{"lon": 0.6283, "lat": 48.7631}]}
    return _request("/v1/stations/laigle/subscribers", json.dumps(whole).encode())


def _code() -> bytes:
    whole = {"phone": f"+33639980{next(_NUMBER) % 1000:03d}"}
    return _request("/v1/stations/laigle/confirmations", json.dumps(whole).encode())


def _rings() -> bytes:
    ring = [[0.61, 48.75], [0.62, 48.75], [0.62, 48.76], [0.61, 48.75]]
    draft = {"station": "laigle", "area": {"polygons": {"type": "Polygon", "coordinates": [ring] * 20_000}}}
    return _request("/v1/reach", json.dumps(draft).encode(), "Authorization: Bearer tk_invented")


def attacks(tokens: list[str]) -> dict[str, Callable[[], bytes]]:
    """Return what each attack says next: where bodies have a limit, 1 MB and as much as may come in turn."""
    fields = json.dumps({f"field{n}": 1 for n in range(100_000)}).encode()[:_MEBIBYTE]
    contacts = b'{"contacts":[' + b"{}," * 340_000 + b"{}]}"
    bomb = gzip.compress(b"--x\r\n" + b"\0" * 400_000_000, 1)
    form, encoded = "multipart/form-data; boundary=x", "Content-Encoding: gzip"
    small = json.dumps({f"f{n}": 1 for n in range(600)}).encode()
    few = json.dumps({"contacts": [{}] * 3_000}).encode()

    def slow() -> bytes:
        path = f"/v1/receipts/{tokens[next(_NUMBER) % len(tokens)]}"
        return _request(path, b" " * 4_000)[:-3_999]

    return {
        "unknown fields": _in_turn(
            _always(_request("/v1/receipts/x", fields)),
            lambda: _request(f"/v1/receipts/{tokens[next(_NUMBER) % len(tokens)]}", small),
        ),
        "bad contacts": _in_turn(
            _always(_request("/v1/stations/laigle/subscribers", contacts)),
            _always(_request("/v1/stations/laigle/subscribers", few)),
        ),
        "invented subscribers": _sign_up,
        "codes": _code,
        "gzip of 400 MB": _always(_request("/console/people/import", bomb, encoded, kind=form)),
        "20,000 rings": _always(_rings()),
        "slow bodies": slow,
    }


class Flood:
    def __init__(self, port: int, says: Callable[[], bytes], many: int, *, slow: bool) -> None:
        """``begun`` is set when there were ``many`` answers or closings."""
        self._port, self._says, self._many, self._slow = port, says, many, slow
        self.answers: Counter[str] = Counter()
        self.begun = asyncio.Event()

    def _count(self, came: str) -> None:
        self.answers[came] += 1
        if self.answers.total() >= self._many:
            self.begun.set()

    async def keep(self) -> None:
        """One connection, opened again whenever it ends."""
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                self._count("not let in")
                await asyncio.sleep(0.1)
                continue
            try:
                while True:
                    self._count(await self._ask(reader, writer))
            except (OSError, EOFError, asyncio.LimitOverrunError):
                self._count("closed")
            finally:
                writer.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        writer.write(self._says())
        dripping = asyncio.create_task(self._drip(writer)) if self._slow else None
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        finally:
            if dripping is not None:
                dripping.cancel()
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        await reader.readexactly(int(lengths[0].split(b":")[1]) if lengths else 0)
        if b"\r\nconnection: close" in head.lower():
            raise EOFError
        return head.split()[1].decode()

    async def _drip(self, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while True:
                await asyncio.sleep(_DRIP_S)
                writer.write(b" ")


def spin() -> None:
    """Keep the core busy, and ask nothing."""
    sys.stdin.readline()
    told = threading.Thread(target=sys.stdin.read)
    told.start()
    print("flooding", flush=True)
    while told.is_alive():
        pass
    print("{}", flush=True)


async def main(port: int, attack: str, connections: int) -> None:
    says = attacks(json.loads(sys.stdin.readline()))[attack]
    flood = Flood(port, says, connections, slow=attack.startswith("slow"))
    keeping = [asyncio.create_task(flood.keep()) for _ in range(connections)]
    await flood.begun.wait()
    print("flooding", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for each in keeping:
        each.cancel()
    await asyncio.gather(*keeping, return_exceptions=True)
    print(json.dumps(flood.answers), flush=True)


if __name__ == "__main__":
    _, port, attack, connections, core = sys.argv
    os.sched_setaffinity(0, {int(core)})
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    spin() if attack == NOTHING else asyncio.run(main(int(port), attack, int(connections)))

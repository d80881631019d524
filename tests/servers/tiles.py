"""A tile server: PNG pictures whose colour is made of z/x/y, which also stand in them as text.

``faults`` are met in order, one a request: ``hang``, ``broken`` (503), ``lie`` (HTML that says it is a PNG), ``huge``,
``cut`` (the body breaks off). ``missing``: tiles that it does not have.
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(z: int, x: int, y: int) -> bytes:
    """A tile of 256 pixels: one colour, with a frame."""
    inside, frame = bytes((200 + x % 40, 215 + y % 40, 205 + z % 20)), bytes((150, 160, 150))
    rows = b"\0" + frame * 256 + (b"\0" + frame + inside * 255) * 255
    header = struct.pack(">IIBBBBB", 256, 256, 8, 2, 0, 0, 0)
    text = b"tile\0" + f"{z}/{x}/{y}".encode()
    chunks = ((b"IHDR", header), (b"tEXt", text), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in chunks)


@dataclass
class TileServer:
    faults: list[str] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    slow_s: float = 0.0
    url: str = ""
    _runner: Any = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes([web.get("/{z}/{x}/{y}.png", self._tile)])
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}" + "/{z}/{x}/{y}.png"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _tile(self, request: web.Request) -> web.StreamResponse:
        z, x, y = (int(request.match_info[name]) for name in "zxy")
        self.asked.append(f"{z}/{x}/{y}")
        fault = self.faults.pop(0) if self.faults else ""
        await asyncio.sleep(3600 if fault == "hang" else self.slow_s)
        if fault == "broken":
            return web.Response(status=503)
        if f"{z}/{x}/{y}" in self.missing:
            return web.Response(status=404)
        body = {"lie": b"<html>", "huge": b"\x89PNG\r\n\x1a\n" + bytes(600_000)}.get(fault) or picture(z, x, y)
        if fault == "cut":
            cut = web.StreamResponse(headers={"Content-Length": str(len(body))})
            await cut.prepare(request)
            await cut.write(body[:100])
            assert request.transport is not None
            request.transport.close()
            return cut
        return web.Response(body=body, content_type="image/png")

"""A reverse proxy before the service, as a town has one: it can say 502 to everything, or answer a path otherwise."""

from __future__ import annotations

from typing import Self

import aiohttp
from aiohttp import web

_NOT_PASSED_ON = {"transfer-encoding", "content-encoding", "content-length", "connection"}


class Proxy:
    """``url`` is where it listens; ``down`` makes it answer 502 to everything; ``instead``: path to (kind, body)."""

    def __init__(self, to: str) -> None:
        self._to = to
        self.down = False
        self.instead: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(auto_decompress=True)
        self._runner = web.ServerRunner(web.Server(self._pass_on))
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()
        await self._http.close()

    async def _pass_on(self, request: web.BaseRequest) -> web.Response:
        self.asked.append(request.path)
        if self.down:
            return web.Response(status=502, text="<h1>502 Bad Gateway</h1>", content_type="text/html")
        if request.path in self.instead:
            kind, body = self.instead[request.path]
            return web.Response(body=body, content_type=kind, headers={"Cache-Control": "no-store"})
        headers = {name: each for name, each in request.headers.items() if name.lower() != "host"}
        async with self._http.request(
            request.method,
            self._to + request.path_qs,
            headers=headers,
            data=await request.read(),
            allow_redirects=False,
        ) as answer:
            passed = {name: each for name, each in answer.headers.items() if name.lower() not in _NOT_PASSED_ON}
            return web.Response(status=answer.status, body=await answer.read(), headers=passed)

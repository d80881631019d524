"""The alert's public page when a whole town opens it: against aiohttp answering a constant."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
from aiohttp import web

from broadcaster.config import Settings
from tests.bench import peers
from tests.bench.crowd import by_mail, gather
from tests.bench.measuring import Took, cpu_s
from tests.bench.running import run, size
from tests.bench.service import serving
from tests.bench.table import Row
from tests.servers.ports import free_port

_READERS = 1000


async def measure() -> list[Row]:
    asked = max(_READERS, size(20_000))
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        crowd = await gather(Settings(data_dir=Path(folder)), 100, by_mail)
        async with serving(Path(folder), crowd.key, {}) as service:
            alert = await service.ask("POST", "/v1/alerts", crowd.alert())
            path = "/a/" + alert["url"].rpartition("/")[2]
            ours, size_of_page = await read_by_many(service.url + path, service.pids[0], asked)
            memory = service.memory_mib
    port = free_port()
    async with peers.started(sys.executable, "-m", "tests.bench.rows.page", "constant", str(port), port=port) as plain:
        theirs, _ = await read_by_many(f"http://127.0.0.1:{port}/", plain.pid, asked)
    return [
        Row(
            "page",
            f"the alert's public page, {_READERS:,} readers at once",
            "aiohttp answering a constant",
            0.7,
            theirs.wall_s / ours.wall_s,
            cpu_us=ours.cpu_s / asked * 1e6,
            rival_cpu_us=theirs.cpu_s / asked * 1e6,
            memory_mib=memory,
            why=f"{asked / ours.wall_s:,.0f} pages a second of {size_of_page:,} octets;"
            f" the constant {asked / theirs.wall_s:,.0f}",
        )
    ]


async def read_by_many(url: str, pid: int, asked: int) -> tuple[Took, int]:
    """A thousand readers, a connection each, who open the page again and again."""
    size_of_page = 0
    connector = aiohttp.TCPConnector(limit=0)
    rest = iter(range(asked))
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as http:

        async def reader() -> None:
            nonlocal size_of_page
            for _ in rest:
                async with http.get(url, headers={"Accept-Language": "fr", "Accept-Encoding": "gzip"}) as answer:
                    body = await answer.read()
                    if answer.status != 200:
                        raise RuntimeError(f"status {answer.status}")
                    size_of_page = len(body)

        cpu, wall = cpu_s(pid), time.perf_counter()
        await asyncio.gather(*[reader() for _ in range(_READERS)])
        return Took(time.perf_counter() - wall, cpu_s(pid) - cpu), size_of_page


def constant(port: int) -> None:
    """Answer every request with the same page."""
    page = b"<!doctype html><title>constant</title>" + b"x" * 8000

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=page, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", answer)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None, loop=_loop())


def _loop() -> asyncio.AbstractEventLoop:
    import uvloop  # noqa: PLC0415  as the service has it

    return uvloop.new_event_loop()


if __name__ == "__main__":
    if sys.argv[1:2] == ["constant"]:
        constant(int(sys.argv[2]))
    else:
        run(measure)

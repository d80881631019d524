"""A command that waits for a store or a service says so at once, and not when it gives up."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from tests.servers.breakable import OwnPostgres

SAYS_S = 60  # for a machine with much to do; a command says it after a second


async def test_a_command_says_that_the_database_does_not_answer_and_goes_on_when_it_does(tocsin: Any):
    async with OwnPostgres() as postgres:
        env = {"TOCSIN_DATABASE_URL": postgres.url, "TOCSIN_SECRET_KEY": "5a" * 32}
        assert (await tocsin.process("migrate", **env)).code == 0
        postgres.pause()
        process = await tocsin.begun("key", "list", **env)
        async with asyncio.timeout(SAYS_S):
            assert b"the database does not answer yet" in await process.stderr.readline()
        postgres.go_on()
        await process.communicate()
        assert process.returncode == 0


async def test_a_command_says_what_the_service_lacks_before_it_tries_again(tocsin: Any):
    asked = asyncio.Event()
    mended = asyncio.Event()

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path == "/healthz" or mended.is_set():
            return web.json_response({"alerts": [], "next": None})
        asked.set()
        problem = {"detail": "The store does not answer: try again shortly."}
        return web.json_response(problem, status=503, headers={"Retry-After": "0.2"})

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    process = await tocsin.begun("alert", "list", TOCSIN_URL=url, TOCSIN_KEY="tk_x")
    async with asyncio.timeout(SAYS_S):
        await asked.wait()
        line = await process.stderr.readline()
    assert b"The store does not answer: try again shortly. Trying again." in line
    mended.set()
    _, rest = await process.communicate()
    assert process.returncode == 0, rest
    await runner.cleanup()

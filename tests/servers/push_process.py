"""The push service of ``tests.servers.push`` in a process of its own, and the same verbs to speak to it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class PushProcess:
    """What a running service is asked over HTTP; ``origin`` is the one to allow."""

    def __init__(self, port: int, session: aiohttp.ClientSession) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self._session = session

    async def subscribe(self, count: int, application_server_key: str | None = None) -> list[dict[str, Any]]:
        return await self._ask("subscribe", count=count, application_server_key=application_server_key)

    async def behave(self, endpoint: str | None = None, **behaviour: Any) -> None:
        """The fields of ``Behaviour``; towards all, or one endpoint."""
        await self._ask("behave", endpoint=endpoint, **behaviour)

    async def messages(self, since: int = 0) -> list[dict[str, Any]]:
        """Each message taken, in order: ``endpoint``, ``at``, ``headers`` and ``text``, or ``error``."""
        return await self._ask("messages", since=since)

    async def count(self) -> dict[str, int]:
        """``messages``, ``requests``, ``connections`` and ``signatures`` so far."""
        return await self._ask("count")

    async def _ask(self, verb: str, **asked: Any) -> Any:
        async with self._session.post(f"{self.origin}/control/{verb}", json=asked) as response:
            response.raise_for_status()
            return await response.json()


@asynccontextmanager
async def push_process() -> AsyncIterator[PushProcess]:
    """Start one on a free port; ended with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.servers.push", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        async with aiohttp.ClientSession() as session:
            yield PushProcess(port, session)
    finally:
        process.terminate()
        await process.wait()

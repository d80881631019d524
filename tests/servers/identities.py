"""A provider of OpenID Connect in a process of its own, and the way through its pages."""

from __future__ import annotations

import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.servers.ports import free_port
from tests.servers.town_api import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass
class Identities:
    """``url`` is its issuer."""

    url: str

    async def knows(self, sub: str, **claims: Any) -> None:
        async with aiohttp.ClientSession() as http, http.put(f"{self.url}/users/{sub}", json=claims) as answer:
            assert answer.status == 204, await answer.text()

    async def confirm(self, way_in: str, sub: str | None) -> str:
        """Say at its page who one is, or (None) stop; return where it sends the browser back to."""
        form = {"action": "deny"} if sub is None else {"sub": sub}
        async with aiohttp.ClientSession() as http, http.post(way_in, data=form, allow_redirects=False) as answer:
            assert answer.status in (302, 303), await answer.text()
            return answer.headers["Location"]


@asynccontextmanager
async def identities() -> AsyncIterator[Identities]:
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: ASYNC220
    found = Identities(f"http://127.0.0.1:{port}")

    async def answers() -> bool:
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{found.url}/jwks") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    try:
        await eventually(answers, "the provider of identities")
        yield found
    finally:
        process.terminate()
        process.wait(10)

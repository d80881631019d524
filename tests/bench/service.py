"""The real ``tocsin serve``, in a process of its own, and what it costs while it works."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.bench.measuring import Took, cpu_s, rss_mib
from tests.servers.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

_TOCSIN = Path(sys.executable).with_name("tocsin")
_UP_S = 180.0
_FINISHED_S = 600.0
_LOOK_S = 0.1


@dataclass
class Serving:
    """One process; ``pid`` is its number, ``url`` where it listens (the first's, where there are several)."""

    url: str
    pids: list[int]
    key: str
    http: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.key}", **headers}
        async with self.http.request(method, self.url + path, json=body, headers=sent) as answer:
            told = await answer.json()
            if answer.status >= 400:
                raise RuntimeError(f"{answer.status}: {told}")
            return told

    @property
    def cpu_s(self) -> float:
        return sum(cpu_s(pid) for pid in self.pids)

    @property
    def memory_mib(self) -> float:
        return max(rss_mib(pid) for pid in self.pids)

    async def send(self, alert: Mapping[str, Any]) -> tuple[Took, dict[str, Any]]:
        """Send an alert and wait until it is finished; give what that took of the processes, and the account."""
        cpu, began = self.cpu_s, time.perf_counter()
        issued = await self.ask("POST", "/v1/alerts", dict(alert))
        async with asyncio.timeout(_FINISHED_S):
            while True:
                account = await self.ask("GET", f"/v1/alerts/{issued['id']}/report")
                if account["state"] == "finished":
                    break
                await asyncio.sleep(_LOOK_S)
        took = Took(time.perf_counter() - began, self.cpu_s - cpu)
        return took, {**account, "id": issued["id"]}


@asynccontextmanager
async def serving(
    data_dir: Path, key: str, settings: Mapping[str, str], roles: tuple[str, ...] = ("",)
) -> AsyncIterator[Serving]:
    """Start one process a role set (``""``: all roles); the first is asked. Ended with the block."""
    processes = []
    ports = [free_port() for _ in roles]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    try:
        for at, role in enumerate(roles):
            given = {
                "TOCSIN_DATA_DIR": str(data_dir),
                "TOCSIN_PORT": str(ports[at]),
                "TOCSIN_LOG_LEVEL": "warning",
                "TOCSIN_REQUESTS_PER_MINUTE": "1000000",
                **settings,
            }
            command = [str(_TOCSIN), "serve", *(("--roles", role) if role else ())]
            processes.append(
                await asyncio.create_subprocess_exec(
                    *command, env={**clean, **given}, stdout=asyncio.subprocess.DEVNULL
                )
            )
        async with aiohttp.ClientSession() as http:
            for port, process in zip(ports, processes, strict=True):
                await _ready(http, f"http://127.0.0.1:{port}", process)
            yield Serving(f"http://127.0.0.1:{ports[0]}", [each.pid for each in processes], key, http)
    finally:
        for process in processes:
            if process.returncode is None:
                process.terminate()
        for process in processes:
            try:
                await asyncio.wait_for(process.wait(), 40)
            except TimeoutError:
                process.kill()


async def _ready(http: aiohttp.ClientSession, url: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(_UP_S):
        while process.returncode is None:
            try:
                async with http.get(f"{url}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.05)
    raise RuntimeError(f"tocsin serve ended with {process.returncode}")

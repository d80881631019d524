"""Those who speak to the service in a town: an operator's program over HTTP, and whoever started its process."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from broadcaster.domain.people import CHANNELS
from tests.servers.forked import Forked
from tests.servers.town_facts import CENTRE, RADIUS_M, STATION, TEXTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from broadcaster.app import Running


@dataclass
class Process:
    """A running ``tocsin serve``."""

    child: Forked
    api: Api

    async def kill(self) -> None:
        self.child.kill()
        await self.child.wait()

    async def terminate(self, timeout_s: float = 30.0) -> int:
        """SIGTERM, and its exit code."""
        self.child.terminate()
        async with asyncio.timeout(timeout_s):
            return await self.child.wait()


class Api:
    """A client of the service, as an operator's program would be; ``running`` where it is in this process."""

    def __init__(self, url: str, http: aiohttp.ClientSession, key: str, running: Running | None = None) -> None:
        self.url, self.http, self.key = url, http, key
        self._running = running

    @property
    def running(self) -> Running:
        assert self._running is not None, "the service is in another process"
        return self._running

    async def ready(self) -> dict[str, Any]:
        return await self.call("GET", "/readyz")

    async def receipt(self, link: str, event: str) -> None:
        """As a device's service worker tells that it displayed a push, or that it was opened."""
        async with self.http.post(link, json={"event": event}) as answer:
            assert answer.status == 204, await answer.text()

    async def call(self, method: str, path: str, body: Any = None, *, expect: int = 200, key: str | None = None) -> Any:
        """Ask, and give the answer's JSON (or text); fails unless the status is ``expect``."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        async with self.http.request(method, self.url + path, json=body, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == expect, f"{method} {path}: {answer.status} {text[:500]}"
            return json.loads(text) if answer.content_type.endswith("json") else text

    async def sign_up(self, subscription: dict[str, Any], *places: tuple[float, float], **more: Any) -> tuple[int, str]:
        """As a device does that signs up by itself; give the subscriber's id and token."""
        body = {
            "contacts": [{"channel": "push", "subscription": subscription}],
            "places": [{"label": "home", "lon": lon, "lat": lat} for lon, lat in places],
            **more,
        }
        async with self.http.post(f"{self.url}/v1/stations/{STATION}/subscribers", json=body) as answer:
            assert answer.status == 201, await answer.text()
            made = await answer.json()
        return int(made["id"]), made["token"]

    async def issue(self, **changes: Any) -> dict[str, Any]:
        """POST /v1/alerts: a sound alert in two languages about the centre, changed; ``...`` takes a field away.

        By all channels at once: without ``channels``, by the station's policy.
        """
        whole = {
            "station": STATION,
            "severity": "severe",
            "event": "Inondation",
            "texts": TEXTS,
            "channels": list(CHANNELS),
            "area": {"circles": [{"lon": CENTRE[0], "lat": CENTRE[1], "radius_m": RADIUS_M}]},
            **changes,
        }
        return await self.call(
            "POST", "/v1/alerts", {name: each for name, each in whole.items() if each is not ...}, expect=202
        )

    async def account(self, alert_id: str) -> dict[str, Any]:
        return await self.call("GET", f"/v1/alerts/{alert_id}/report")

    async def cancel(self, alert_id: str) -> dict[str, Any]:
        return await self.call("POST", f"/v1/alerts/{alert_id}/cancel", expect=202)

    async def deliveries(self, alert_id: str, query: str = "") -> list[dict[str, Any]]:
        return await self._pages(f"/v1/alerts/{alert_id}/deliveries?limit=500{query}", "deliveries")

    async def unreached(self, alert_id: str) -> list[dict[str, Any]]:
        return await self._pages(f"/v1/alerts/{alert_id}/unreached?limit=500", "unreached")

    async def _pages(self, path: str, name: str) -> list[dict[str, Any]]:
        found, cursor = [], ""
        while True:
            page = await self.call("GET", path + cursor)
            found += page[name]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    async def events(self, alert_id: str) -> AsyncIterator[tuple[str, Any]]:
        """(event, data) of the live stream, until it ends."""
        headers = {"Authorization": f"Bearer {self.key}"}
        timeout = aiohttp.ClientTimeout(total=None)
        url = f"{self.url}/v1/alerts/{alert_id}/events"
        async with self.http.get(url, headers=headers, timeout=timeout) as stream:
            assert stream.status == 200, await stream.text()
            event, data = "", ""
            async for raw in stream.content:
                line = raw.decode().rstrip("\r\n")
                if line.startswith("event:"):
                    event = line[6:].strip()
                elif line.startswith("data:"):
                    data = line[5:].strip()
                elif not line and event:
                    yield event, json.loads(data)
                    event, data = "", ""

    async def until(
        self, alert_id: str, holds: Callable[[dict[str, Any]], bool], timeout_s: float = 30.0
    ) -> dict[str, Any]:
        """Follow the live stream until an account holds it, or the alert is finished; give that account."""
        account: dict[str, Any] = {}
        try:
            async with asyncio.timeout(timeout_s):
                async for event, data in self.events(alert_id):
                    if event == "report":
                        account = data
                        if holds(account):
                            return account
        except TimeoutError:
            raise AssertionError(f"not within {timeout_s} s: {account}") from None
        return account

    async def finished(self, alert_id: str, timeout_s: float = 30.0) -> dict[str, Any]:
        """Follow the live stream to its end; give the last account."""
        account = await self.until(alert_id, lambda each: each["finished_at"] is not None, timeout_s)
        assert account["finished_at"] is not None, account
        return account


async def eventually(
    holds: Callable[[], bool] | Callable[[], Awaitable[bool]], what: str, timeout_s: float = 20.0
) -> None:
    """Return as soon as it holds; fail, saying ``what`` was waited for, when it never does.

    It is asked ever more seldom, as what is asked takes CPU too: a tenth of the wait may be lost, at most 0.2 s.
    """
    deadline = asyncio.get_running_loop().time() + timeout_s
    pause_s = 0.02
    while True:
        found = holds()
        if found if isinstance(found, bool) else await found:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"{what}: not within {timeout_s} s")
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.1, 0.2)

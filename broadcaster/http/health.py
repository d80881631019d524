"""Is it alive, can it work, how does it fare, what does it offer: /healthz, /readyz, /metrics, /openapi.json."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from broadcaster.bus import BusUnavailable
from broadcaster.http.answers import answer
from broadcaster.http.keys import DOCUMENT
from broadcaster.http.schemas.accounts import Health, Readiness
from broadcaster.store import StoreUnavailable, gauges
from broadcaster.store.account import stops

if TYPE_CHECKING:
    from broadcaster.http.route import Call
    from broadcaster.services import Services
    from broadcaster.store import Unit

_MB = 1_000_000
_LED = {
    "scheduler": "no scheduler leads: what was put off is not taken up again, and figures are missing",
    "entrants": "no resolver works: alerts are taken, and wait for one",
}


async def alive(call: Call[None, None]) -> web.Response:  # noqa: ARG001  every handler takes the call
    """Say that the process answers, and nothing more: restarting it mends no database."""
    return answer(Health(status="alive"))


async def ready(call: Call[None, None]) -> web.Response:
    """Say whether the service can take an alert and send it, and what keeps it from that.

    The indexes are loaded: nothing listens before they are.
    """
    shown = await condition(call.services)
    return answer(shown, 503 if shown.problems else 200)


async def condition(services: Services) -> Readiness:
    """Give what keeps the service from its work, or makes it do less."""
    problems: list[str] = []
    degraded: list[str] = []
    stopped: dict[str, str] = {}
    try:
        async with services.store.read() as unit:
            stopped = {str(name): why for name, why in (await stops(unit)).items()}
            degraded += await _unled(services, unit)
    except StoreUnavailable:
        problems.append("the store does not answer")
    degraded += await asyncio.to_thread(_nearly_full, services)
    try:
        await services.bus.ping()
    except BusUnavailable:
        # Not a reason to take the process away: alerts are accepted, and go out when the bus is back.
        degraded.append("the bus does not answer: alerts are taken, and go out when it is back")
    return Readiness(
        status="not ready" if problems else "ready",
        problems=tuple(problems),
        degraded=tuple(degraded),
        roles=tuple(sorted(services.roles)),
        sandbox=services.sandboxed,
        stopped=stopped,
    )


def _nearly_full(services: Services) -> list[str]:
    """Say so before the disk is full: what can't be written down is not taken."""
    settings = services.settings
    if not settings.embedded or not settings.least_free_mb:
        return []
    free_mb = shutil.disk_usage(settings.store_path.parent).free // _MB
    if free_mb >= settings.least_free_mb:
        return []
    return [f"the disk of the data folder is almost full: {free_mb} MB are free; with none, no alert can be taken"]


async def _unled(services: Services, unit: Unit) -> list[str]:
    """Say which work nobody does: where processes share it, each part is led by one that holds a lease."""
    if services.settings.embedded:
        return []
    led = await gauges.led(unit, services.clock.now())
    return [said for name, said in _LED.items() if name not in led]


async def metrics(call: Call[None, None]) -> web.Response:  # noqa: ARG001  every handler takes the call
    """Give the figures for Prometheus."""
    return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def document(call: Call[None, None]) -> web.Response:
    """Give the OpenAPI document."""
    return web.Response(
        body=call.request.app[DOCUMENT](call.services.base_url),
        content_type="application/json",
        headers={"Cache-Control": "public, max-age=300"},
    )

"""Is it alive, can it work, how does it fare, what does it offer: /healthz, /readyz, /metrics, /openapi.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from broadcaster.domain.health import Code, Grade
from broadcaster.http.answers import answer
from broadcaster.http.keys import DOCUMENT
from broadcaster.http.schemas.accounts import FindingOut, Health, Readiness

if TYPE_CHECKING:
    from broadcaster.http.route import Call
    from broadcaster.pipeline.services import Services


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
    """Return what keeps the service from its work, or makes it do less."""
    found = await services.health.troubles()
    # Without the store this process can do nothing. All else is no reason to take it away: alerts are accepted.
    problems = tuple(each.said for each in found if each.code is Code.STORE_AWAY)
    errors = any(each.grade is Grade.ERROR for each in found)
    return Readiness(
        status="not ready" if problems else "degraded" if errors else "ready",
        problems=problems,
        degraded=tuple(each.said for each in found if each.code not in (Code.STORE_AWAY, Code.CHANNEL_STOPPED)),
        findings=tuple(FindingOut.of(each) for each in found),
        roles=tuple(sorted(services.roles)),
        sandbox=services.sandboxed,
        stopped={str(each.channel): each.detail for each in found if each.code is Code.CHANNEL_STOPPED},
    )


async def metrics(call: Call[None, None]) -> web.Response:  # noqa: ARG001  every handler takes the call
    """Return the figures for Prometheus."""
    return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def document(call: Call[None, None]) -> web.Response:
    """Return the OpenAPI document."""
    return web.Response(
        body=call.request.app[DOCUMENT](call.services.base_url),
        content_type="application/json",
        headers={"Cache-Control": "public, max-age=300"},
    )

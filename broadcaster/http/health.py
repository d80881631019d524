"""Operations endpoints: /healthz, /readyz, /metrics, /openapi.json."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from broadcaster.domain.health import Code, Grade
from broadcaster.domain.refusals import ENGLISH
from broadcaster.http.answers import answer
from broadcaster.http.keys import DOCUMENT
from broadcaster.http.route import Call
from broadcaster.http.schemas.reports import FindingOut, Health, Readiness
from broadcaster.pipeline.services import Services


async def alive(call: Call[None, None]) -> web.Response:  # noqa: ARG001  every handler takes the call
    """Return that the process is alive, without the database, which a restart would not fix."""
    return answer(Health(status="alive"))


async def ready(call: Call[None, None]) -> web.Response:
    """Return whether the service can accept and send an alert, and what prevents it.

    Indexes are loaded by then, and an alert's way rehearsed, as the process listens only afterwards.
    """
    shown = await condition(call.services)
    return answer(shown, 503 if shown.problems else 200)


async def condition(services: Services) -> Readiness:
    """Return the problems that stop or degrade the service."""
    found = await services.health.troubles()
    # Without the store this process can do nothing. Other problems are no reason to take it out of service, as alerts
    # are accepted.
    problems = tuple(each.said for each in found if each.code is Code.STORE_AWAY)
    errors = any(each.grade is Grade.ERROR for each in found)
    return Readiness(
        status="not ready" if problems else "degraded" if errors else "ready",
        problems=problems,
        degraded=tuple(each.said for each in found if each.code not in (Code.STORE_AWAY, Code.CHANNEL_STOPPED)),
        findings=tuple(
            FindingOut.of(each, severity=each.grade.value, what=each.said, detail=each.reason(ENGLISH))
            for each in found
        ),
        roles=tuple(sorted(services.roles)),
        sandbox=services.sandboxed,
        stopped={str(each.channel): each.detail for each in found if each.code is Code.CHANNEL_STOPPED},
    )


async def metrics(call: Call[None, None]) -> web.Response:  # noqa: ARG001  every handler takes the call
    """Return the metrics for Prometheus, to this machine or with a key."""
    return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def document(call: Call[None, None]) -> web.Response:
    """Return this document."""
    return web.Response(
        body=call.request.app[DOCUMENT](call.services.base_url),
        content_type="application/json",
        headers={"Cache-Control": "public, max-age=300"},
    )

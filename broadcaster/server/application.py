"""The application: routes behind their guards, problem responses, headers, metrics."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, TypeVar

from aiohttp import web
from prometheus_client import Counter as Counted
from prometheus_client import Histogram as Timed

from broadcaster.atlas import Territories
from broadcaster.bus.rates import Rates
from broadcaster.domain.audit import Action
from broadcaster.http.auth import SignedOut, Unproven, admit, count, linked
from broadcaster.http.connections import Connections, caller_at, most_open, nobody
from broadcaster.http.deliveries import PACE_S
from broadcaster.http.keys import (
    ADMIT,
    CALLERS,
    CONNECTIONS,
    DOCUMENT,
    FRANCECONNECT,
    HOLDERS,
    KEY_USES,
    LARGEST,
    OPENID,
    PAGES,
    PARSER,
    RATES,
    REPORTS,
    SEEN,
    SERVICES,
    STATIONS,
    STREAMS,
    TERRITORIES,
    TOKENS,
    Admit,
)
from broadcaster.http.metrics import OPEN, REQUESTS, SECONDS
from broadcaster.http.openapi import document
from broadcaster.http.openid import provider_of
from broadcaster.http.problems import HttpProblem, problem_of, respond, unauthenticated
from broadcaster.http.reading import body_of, number_of, query_of
from broadcaster.http.route import Call, Route
from broadcaster.http.shared_read import SharedRead
from broadcaster.http.steps import STEPS, Steps
from broadcaster.http.tokens import Tokens
from broadcaster.pipeline.services import ProcessRole, Services
from broadcaster.server.routes import ROUTES
from broadcaster.store import Store, StoreUnavailable, Unit
from broadcaster.store.engine.grouping import Grouped
from broadcaster.store.people import people
from broadcaster.store.stations import stations
from broadcaster.tiles.source import tiles_of
from broadcaster.web import pages
from broadcaster.web.console.alerts.live_facts import WATCH, Watch
from broadcaster.web.console.alerts.report_pdf import PRINTER, Printer
from broadcaster.web.console.signing_in import interrupted
from broadcaster.web.console.stations.map_kept import FETCHES, MapFetches
from broadcaster.web.error_pages import reader_of, respond_in_words
from broadcaster.web.ground import GROUND, TILES, Ground
from broadcaster.web.i18n import catalogs
from broadcaster.web.kept import KEPT_PAGES, KeptPages
from broadcaster.web.resident.public import Unknown, unknown

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]

HSTS = "max-age=31536000"
"""A browser that used https keeps to https for a year (RFC 6797)."""
PATIENCE_S = 1.0
"""Seconds that a rate-limited request waits for its refusal, which limits one caller's flood to some
hundred a second.
"""

T = TypeVar("T")

_NOWHERE = "none"
_MOST_AT_ONCE = 200
_OPERATED = frozenset({"/healthz", "/readyz", "/metrics"})
_STREAMED = ("/v1/alerts/{id}/events", "/console/alerts/{id}/events", "/console/alerts/{id}/unreached.csv")


def build(services: Services) -> web.Application:
    """Return the application for ``services``, which does not listen yet.

    A process without the role *web* serves only its health and metrics.
    """
    routes = (
        ROUTES if ProcessRole.WEB in services.roles else tuple(route for route in ROUTES if route.path in _OPERATED)
    )
    app = web.Application(middlewares=[_measured, _problems_told])
    app[SERVICES] = services
    redis_url = services.settings.redis_url
    app[RATES] = Rates(None if redis_url is None else redis_url.get_secret_value())
    store = services.store
    app[TOKENS] = Tokens(
        Grouped(
            lambda tokens: store.run_read(lambda unit: people.by_tokens(unit, tokens)), _MOST_AT_ONCE, StoreUnavailable
        )
    )
    app[CALLERS] = _asked_once(store, lambda unit, key: stations.caller_of(unit, key, services.clock.now()))
    app[STATIONS] = _asked_once(store, stations.by_slug)
    app[KEY_USES] = {}
    app[PARSER] = ThreadPoolExecutor(1, "parser")
    app[REPORTS] = SharedRead(PACE_S)
    app[STEPS] = Steps()
    # Behind a proxy all connections are the proxy's.
    app[CONNECTIONS] = Connections(most_open(), address=nobody if services.settings.trusted_proxies else caller_at)
    app[GROUND] = Ground()
    app[TILES] = tiles_of(services.settings)
    app[FETCHES] = MapFetches()
    app[TERRITORIES] = Territories()
    app[WATCH] = Watch()
    app[PRINTER] = Printer()
    app[OPENID] = provider_of(services.settings, "openid")
    app[FRANCECONNECT] = provider_of(services.settings, "franceconnect")
    streams: set[asyncio.Task[Any]] = set()
    app[STREAMS] = streams
    app[HOLDERS] = Counter()
    documented: Callable[[str], bytes] = cache(partial(document, ROUTES))
    app[DOCUMENT] = documented
    app[KEPT_PAGES] = KeptPages()
    if ProcessRole.WEB in services.roles:
        pages.set_up(app)
        catalogs()
        app.on_startup.append(_know_territories)
    for route in routes:
        handle = _guarded(route, services)
        if route.method == "GET" and route.path not in _STREAMED:
            app.router.add_get(route.path, handle)  # and HEAD, which RFC 9110 section 9.1 requires with every GET
        else:
            app.router.add_route(route.method, route.path, handle)
    app[PAGES] = frozenset((route.method, route.path) for route in ROUTES if route.page)
    app.on_response_prepare.append(_headers)
    app.on_shutdown.append(_end_streams)
    app.on_cleanup.append(_end_parser)
    app.on_cleanup.append(lambda closing: closing[RATES].close())
    app.on_cleanup.append(_close_tiles)
    return app


def _asked_once(store: Store, ask: Callable[[Unit, str], Awaitable[T]]) -> Grouped[str, T]:
    """Return a look-up that answers concurrent requests for the same thing with one query, started after they asked."""

    async def answers(questions: Sequence[str]) -> list[T]:
        async def read(unit: Unit) -> dict[str, T]:
            return {each: await ask(unit, each) for each in dict.fromkeys(questions)}

        found = await store.run_read(read)
        return [found[each] for each in questions]

    return Grouped(answers, _MOST_AT_ONCE, StoreUnavailable)


def _guarded(route: Route, services: Services) -> Handle:
    """Wrap a route's handler in its guards: authentication, rate limit, and validation; the body is read last."""
    admitted: Admit = partial(admit, route=route)

    async def handle(request: web.Request) -> web.StreamResponse:
        request[LARGEST] = route.largest or 0
        request[ADMIT] = admitted
        caller, subscriber_id = await admitted(request)
        number = await linked(request, route.link) if route.link else 0
        query = query_of(request, route.query)
        body = None
        if route.body is not None:
            body = await body_of(request, route.body, optional=route.body_optional)
        call = Call(request, services, caller, subscriber_id, body, query, number, route.permission)
        response = await route.handler(call)
        if route.views is not None and response.status < web.HTTPBadRequest.status_code:
            await _record_view(call, route.views)
        return response

    return handle


async def _record_view(call: Call[Any, Any], action: Action) -> None:
    facts = {"about": number_of(call.request.match_info.get("id", "")), **call.request.get(SEEN, {})}
    about, station_id = (facts.pop(name, None) for name in ("about", "station_id"))

    async def keep(unit: Unit) -> None:
        await call.record(unit, action, about, station_id=station_id, **facts)

    await call.services.store.run_grouped(keep)


@web.middleware
async def _problems_told(request: web.Request, handler: Handle) -> web.StreamResponse:
    try:
        return await handler(request)
    except asyncio.CancelledError:
        raise
    except SignedOut as stopped:
        request.pop(ADMIT, None)  # it was answered: the sign-in page keeps the form, however slowly that comes
        if _for_eyes(request):
            return await _problems_told(request, interrupted)  # whose form may be unreadable
        if isinstance(stopped, Unproven):
            return respond(HttpProblem("forbidden", "passkey-wanted"))
        return respond(unauthenticated("signed-out"))
    except Unknown:
        return unknown(request)
    except Exception as error:  # noqa: BLE001  whatever it is, the caller gets an answer without our insides
        return await _refused(request, error)


async def _refused(request: web.Request, error: Exception) -> web.StreamResponse:
    """Return the answer that tells of an error.

    Not part of ``_problems_told``: the error's traceback holds that frame, and a problem kept there would hold the
    traceback. Each refusal of a flood would then wait for the garbage collector, whose pauses delay every request.
    """
    problem = await _counted(request, problem_of(error, request))
    if request.transport is None:
        return web.Response(status=problem.status)  # nobody reads it
    if problem.kind == "too-many":
        with request.app[CONNECTIONS].waiting(request.protocol):
            # Spread out, as two hundred answers at one moment would delay everybody else.
            await asyncio.sleep(PATIENCE_S * random.uniform(1, 2))  # noqa: S311  not a secret
    told = respond_in_words(request, problem) if _for_eyes(request) else respond(problem, reader_of(request))
    if problem.kind == "too-many" and not request.content.is_eof():
        await told.prepare(request)
        await told.write_eof()
        request.protocol.force_close()  # the rest of a stranger's body is not read
    return told


async def _counted(request: web.Request, problem: HttpProblem) -> HttpProblem:
    """Count a failed request against its address; return the 429 instead when there were too many."""
    if request.match_info.http_exception is not None:
        try:
            await count(request)
        except HttpProblem as too_many:
            return too_many
    return problem


def _for_eyes(request: web.Request) -> bool:
    """Return whether problems are shown as a page."""
    resource = request.match_info.route.resource
    if resource is not None:
        method = "GET" if request.method == "HEAD" else request.method
        return (method, resource.canonical) in request.app[PAGES]
    return "text/html" in request.headers.get("Accept", "") and not request.path.startswith("/v1/")


@web.middleware
async def _measured(request: web.Request, handler: Handle) -> web.StreamResponse:
    resource = request.match_info.route.resource
    # The route's template instead of the path: otherwise each path that a scanner invents would be a series.
    route = resource.canonical if resource is not None else _NOWHERE
    began, status = time.perf_counter(), "cancelled"
    with OPEN.track_inprogress(), request.app[CONNECTIONS].at_work(request.protocol):
        try:
            response = await handler(request)
            status = str(response.status)
        finally:
            method = request.method if resource is not None else _NOWHERE
            answered, seconds = _figures(method, route, status)
            answered.inc()
            seconds.observe(time.perf_counter() - began)
    return response


@cache
def _figures(method: str, route: str, status: str) -> tuple[Counted, Timed]:
    """Return a request's metrics, cached: there are few."""
    return REQUESTS.labels(method, route, status), SECONDS.labels(route)


async def _headers(request: web.Request, response: web.StreamResponse) -> None:
    """Set headers for every answer: no sniffing, no referrer, no framing."""
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if request.app[SERVICES].base_url.startswith("https://"):
        headers["Strict-Transport-Security"] = HSTS
    if response.status != web.HTTPNotModified.status_code:  # its headers update the cached response's
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Permissions-Policy", "geolocation=(), camera=(), microphone=()")
        headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    headers.popall("Server", None)


async def _know_territories(app: web.Application) -> None:
    """Read all boundaries at start, not on the first visit."""
    async with app[SERVICES].store.read() as unit:
        await app[TERRITORIES].follow(unit)


async def _close_tiles(app: web.Application) -> None:
    await app[FETCHES].close()
    await app[TILES].close()


async def _end_streams(app: web.Application) -> None:
    """End live streams: their readers reconnect to another process."""
    streams = app[STREAMS]
    for task in list(streams):
        task.cancel()


async def _end_parser(app: web.Application) -> None:
    app[PARSER].shutdown(wait=False, cancel_futures=True)

"""Results of an alert: report, deliveries, people not reached, and a live stream."""

import asyncio
import hashlib
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from aiohttp import web
from aiohttp_sse import EventSourceResponse

from broadcaster.domain.alerts import Alert
from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.permissions import Permission
from broadcaster.domain.report import Report
from broadcaster.http.alerts import alert_of
from broadcaster.http.answers import answer, nothing
from broadcaster.http.keys import HOLDERS, REPORTS, SESSION, STREAMS
from broadcaster.http.problems import HttpProblem
from broadcaster.http.route import Call
from broadcaster.http.schemas.reports import (
    ChildAnswerOut,
    ChildAnswerPage,
    CursorQuery,
    DeliveriesQuery,
    DeliveryOut,
    DeliveryPage,
    ReportOut,
    UnreachedOut,
    UnreachedPage,
)
from broadcaster.http.sessions import session_of
from broadcaster.http.steps import STEPS
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts, deliveries, guardians
from broadcaster.store.alerts import report as reports
from broadcaster.store.stations import stations

_AGAIN = {"Retry-After": "10"}


MOST_STREAMS = 200
MOST_OF_A_KEY = 50
"""Most streams of one key, against clients that leak them."""
HEARTBEAT_S = 10.0
"""Seconds between comments on an idle stream, as proxies time out after 30 to 60."""
_LOOK_S = 4.0
"""Refresh interval in seconds: a stalled queue changes no report but must be noticed."""
PACE_S = 0.25
_RECONNECT_MS = 2000
_END = "end"


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """An event's data; ``last``: no event follows."""

    data: str
    last: bool = False


async def show_report(call: Call[None, None]) -> web.Response:
    """Return who was reached, and who was not."""
    alert, _ = await alert_of(call)
    return answer(await _report(call, alert))


async def listing(call: Call[None, DeliveriesQuery]) -> web.Response:
    """Return an alert's deliveries in order of creation; no addresses, and register ids only to publishers."""
    alert, station = await alert_of(call)
    named = call.may(Permission.REGISTER, station.id)
    query = call.query
    async with call.services.store.read() as unit:
        rows = await deliveries.page(
            unit,
            alert.id,
            state=None if query.state is None else DeliveryState[query.state.upper()],
            channel=query.channel,
            after=query.cursor,
            limit=query.limit,
        )
    shown = tuple(DeliveryOut.model_validate(row if named else replace(row, external_id=None)) for row in rows)
    return answer(DeliveryPage(deliveries=shown, next=str(rows[-1].id) if len(rows) == query.limit else None))


async def unreached(call: Call[None, CursorQuery]) -> web.Response:
    """Return the people not reached, and why. It contains names, so the key must be allowed to publish."""
    alert, _ = await alert_of(call)
    query = call.query
    async with call.services.store.read() as unit:
        rows = await reports.unreached(unit, alert, after=query.cursor, limit=query.limit)
    shown = tuple(UnreachedOut.model_validate(row) for row in rows)
    last = str(rows[-1].subscriber_id) if len(rows) == query.limit else None
    return answer(UnreachedPage(unreached=shown, next=last))


async def guardians_answers(call: Call[None, CursorQuery]) -> web.Response:
    """Return which guardians answered for which children, in the whole thread. It contains names, as ``unreached``."""
    alert, station = await alert_of(call)
    query = call.query
    async with call.services.store.read() as unit:
        rows = await guardians.answered(unit, alert.first_id, station.id, after=query.cursor, limit=query.limit)
    shown = tuple(ChildAnswerOut.model_validate(row) for row in rows)
    last = str(rows[-1].subscriber_id) if len(rows) == query.limit else None
    return answer(ChildAnswerPage(answers=shown, next=last))


async def events(call: Call[None, None]) -> web.StreamResponse:
    """Stream the report: a *report* event at every change, at most four a second, and *end* when it is finished.

    A reconnecting client gets the current report; after *end*, 204, which stops an EventSource.
    """
    alert, _ = await alert_of(call)
    if call.request.headers.get("Last-Event-ID") == _END:
        return nothing()

    async def read() -> StreamEvent:
        now = await call.request.app[REPORTS].read(alert.id, partial(_report, call, alert))
        return StreamEvent(now.model_dump_json(), last=now.finished_at is not None)

    return await stream(call, alert.id, read)


async def stream(
    call: Call[None, None], alert_id: int, read: Callable[[], Awaitable[StreamEvent]], *, longest_s: float = math.inf
) -> web.StreamResponse:
    """Stream the changed results of ``read``, at each change of an alert's report and every four seconds.

    The stream ends after ``longest_s``, or when its key is revoked or its session ended; the reader reconnects and is
    authenticated again. Raises the 503 for too many streams, in total or of one key.
    """
    streams, holders = call.request.app[STREAMS], call.request.app[HOLDERS]
    key_id = 0 if call.caller is None else call.caller.key_id
    task = asyncio.current_task()
    if task is None or len(streams) >= MOST_STREAMS:
        raise HttpProblem("unavailable", "too-many-streams", {"most": MOST_STREAMS}, headers=_AGAIN)
    if key_id and holders[key_id] >= MOST_OF_A_KEY:
        raise HttpProblem("unavailable", "too-many-streams-of-key", {"most": MOST_OF_A_KEY}, headers=_AGAIN)
    streams.add(task)
    holders[key_id] += 1
    try:
        return await _stream(call, alert_id, read, longest_s)
    finally:
        streams.discard(task)
        holders[key_id] -= 1
        if not holders[key_id]:
            del holders[key_id]


async def _stream(
    call: Call[None, None], alert_id: int, read: Callable[[], Awaitable[StreamEvent]], longest_s: float
) -> web.StreamResponse:
    if call.request.transport is None:  # the reader disconnected before the stream began
        return nothing()
    stream = EventSourceResponse(ping_interval=HEARTBEAT_S, send_timeout=30)
    await stream.prepare(call.request)
    last, clock = None, asyncio.get_running_loop().time
    until, look_again = clock() + longest_s, clock() + HEARTBEAT_S
    async with call.services.watch(alert_id) as watched, stream:
        try:
            while stream.is_connected() and clock() < until:
                told = await read()
                if told.data != last:
                    mark = hashlib.sha256(told.data.encode()).hexdigest()[:16]
                    await stream.send(told.data, id=mark, event="report", retry=_RECONNECT_MS)
                    last = told.data
                if told.last:
                    await stream.send("{}", id=_END, event=_END)
                    break
                await asyncio.sleep(PACE_S)
                await watched.wait(min(_LOOK_S, HEARTBEAT_S))
                if clock() >= look_again:
                    if await _revoked(call):
                        break
                    look_again = clock() + HEARTBEAT_S
        except (ConnectionError, TimeoutError):  # the reader disconnected
            pass
    return stream


async def _revoked(call: Call[None, None]) -> bool:
    """Return whether the stream's key or session is no longer valid."""
    if SESSION in call.request:
        return await session_of(call.request) is None
    if call.caller is None:
        return False
    async with call.services.store.read() as unit:
        return not await stations.valid_keys(unit, [call.caller.key_id], call.services.clock.now())


async def _report(call: Call[None, None], alert: Alert) -> ReportOut:
    async def read(unit: Unit) -> Report:
        # State and sums are consistent: both are read in this transaction.
        now = await alerts.by_id(unit, alert.id) or alert
        return await reports.report(unit, now)

    found = await call.services.store.run_read(read)
    steps = await call.request.app[STEPS].read(call.services, alert, found)
    return ReportOut.model_validate(replace(found, steps=steps))

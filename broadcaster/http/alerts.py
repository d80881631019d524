"""POST /v1/reach, POST /v1/alerts, GET /v1/alerts, GET /v1/alerts/{id}."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from broadcaster.domain import signs
from broadcaster.domain.alerts import Alert
from broadcaster.domain.approvals import OPEN, Approval
from broadcaster.domain.refusals import NotFound, Refused
from broadcaster.domain.schedules import LASTS
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.answers import answer
from broadcaster.http.auth import count_reach
from broadcaster.http.messages import message_of, show_message, texts_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.alerts import AlertIn, AlertOut, AlertPage, AlertsQuery
from broadcaster.http.schemas.reports import ReachOut
from broadcaster.http.schemas.schedules import ReachIn
from broadcaster.http.stations import station_asked, station_given, with_station
from broadcaster.http.templates import kept_of, named, written_from
from broadcaster.pipeline import approving, issue, reach
from broadcaster.pipeline.scheduling import starts_at
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts, approvals
from broadcaster.store.stations import stations
from schedules import instant_of

IDEMPOTENCY_KEY = "Idempotency-Key"
AWAITING = "awaiting_approval"


async def foresee(call: Call[ReachIn, None]) -> web.Response:
    """Return whom an alert would reach, sending nothing."""
    station = await station_asked(call, call.body.station)
    await count_reach(call.request, call.need(station.id))
    draft = await written_from(call.services, call.body, station, await named(call.services, call.body, station))
    sent_at, expires_at = None, draft.expires
    if draft.at is not None:
        zone = draft.zone or zone_of(station.region).key
        sent_at = instant_of(starts_at(draft.at, zone), zone)
        expires_at = sent_at + timedelta(minutes=draft.lasts_minutes) if draft.lasts_minutes else sent_at + LASTS
    message = message_of(draft, station, texts_of(draft, station, needed=False))
    updates = None if draft.updates is None else int(draft.updates)
    foreseen = await reach.reach(call.services, reach.Question(station, message, sent_at, expires_at, updates))
    return answer(ReachOut.model_validate(foreseen))


async def create(call: Call[AlertIn, None]) -> web.Response:
    """Accept an alert: it is stored and sent. Idempotent by Idempotency-Key and body."""
    key = idempotency_key(call.request)
    station = await station_asked(call, call.body.station)
    template = await named(call.services, call.body, station)
    given = await written_from(call.services, call.body, station, template)
    message = message_of(given, station, texts_of(given, station, needed=True))
    command = issue.IssueAlert(
        station=station,
        actor=call.actor,
        message=replace(message, **kept_of(given, template)),
        expires_at=given.expires,
        onset_at=given.onset,
        idempotency_key=key,
        request_hash=None if key is None else request_hash(call.body),
    )
    alert, waits = await approving.submit(call.services, command, life_at_stake=given.life_at_stake or "")
    shown = show_alert(alert, station, call.services.base_url)
    if waits:
        shown = shown.model_copy(update={"state": AWAITING})
    return answer(shown, 202, {"Location": f"/v1/alerts/{alert.id}"})


async def listing(call: Call[None, AlertsQuery]) -> web.Response:
    """Return the alerts of a station, or of all stations that the key may see, newest first."""
    query, store = call.query, call.services.store
    theirs = call.stations()
    async with store.read() as unit:
        if query.station is not None:
            station = await station_given(unit, query.station)
            call.need(station.id)
            theirs = frozenset({station.id})
        before = None if query.before is None else int(query.before)
        found = await alerts.page(unit, stations=theirs, before=before, limit=query.limit, digests=query.digests)
        known = {each.id: each for each in await stations.by_ids(unit, {alert.station_id for alert in found})}
    shown = tuple(show_alert(alert, known[alert.station_id], call.services.base_url) for alert in found)
    return answer(AlertPage(alerts=shown, next=str(found[-1].id) if len(found) == query.limit else None))


async def show(call: Call[None, None]) -> web.Response:
    """Return one alert, including one that waits for approval or was refused."""
    try:
        alert, station = await alert_of(call)
    except NotFound:
        approval, station = await approval_of(call)
        shown = show_alert(approval.alert, station, call.services.base_url)
        state = AWAITING if approval.state in OPEN else str(approval.state)
        return answer(shown.model_copy(update={"state": state}))
    return answer(show_alert(alert, station, call.services.base_url), headers={"ETag": etag_of(alert)})


async def approval_of(call: Call[Any, Any]) -> tuple[Approval, Station]:
    """Return the path's approval (pending or decided) and its station, as ``with_station`` does."""
    return await with_station(call, "alert-missing", approvals.by_id, lambda found: found.alert.station_id)


def etag_of(alert: Alert) -> str:
    """Return the entity tag of an alert, which changes once another alert follows it."""
    return f'"{alert.id}"' if alert.followed_by is None else f'"{alert.id}-{alert.followed_by}"'


async def alert_of(call: Call[Any, Any]) -> tuple[Alert, Station]:
    """Return the path's alert and its station, as ``with_station`` does."""
    return await with_station(call, "alert-missing", alerts.by_id, lambda alert: alert.station_id)


async def station_of(unit: Unit, alert: Alert) -> Station:
    station = await stations.by_id(unit, alert.station_id)
    if station is None:
        raise NotFound("station-gone")
    return station


def show_alert(alert: Alert, station: Station, base_url: str) -> AlertOut:
    return AlertOut.of(
        alert,
        **show_message(alert),
        station=station.slug,
        zone=zone_of(station.region).key,
        url=f"{base_url}/a/{alert.token}",
        onset=alert.onset_at,
        expires=alert.expires_at,
    )


def request_hash(given: BaseModel) -> bytes:
    """Return the SHA-256 of a request, regardless of whitespace, order and omitted defaults."""
    canonical = json.dumps(given.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).digest()


def idempotency_key(request: web.Request) -> str | None:
    sent = request.headers.getall(IDEMPOTENCY_KEY, [])
    if not sent:
        return None
    key = sent[0].strip()
    if len(sent) > 1 or not signs.IDEMPOTENCY_KEY.fullmatch(key):
        raise Refused("bad-header", IDEMPOTENCY_KEY)
    return key

"""POST /v1/alerts/{id}/updates and /v1/alerts/{id}/cancel: update or end an alert."""

import hashlib
from typing import Any

from aiohttp import web

from broadcaster.domain.alerts import Alert, ThreadRole
from broadcaster.domain.refusals import Refused, Stale
from broadcaster.domain.stations import Station
from broadcaster.http.alerts import AWAITING, alert_of, etag_of, idempotency_key, request_hash, show_alert
from broadcaster.http.answers import answer
from broadcaster.http.messages import check_languages, texts_in, texts_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.alerts import CancelIn, UpdateIn
from broadcaster.pipeline import end, update

IF_MATCH = "If-Match"


async def create(call: Call[UpdateIn, None]) -> web.Response:
    """Replace the version that the caller saw. Idempotent like the creation of alerts."""
    alert, station = await alert_of(call)
    given, key = call.body, idempotency_key(call.request)
    texts = texts_of(given, station, needed=False)
    change = update.Change(texts or None, given.area, given.expires, given.severity, given.silent)
    if "area" in given.model_fields_set and given.area is None:
        raise Refused("area-needed", "area")
    _as_seen(call, alert)
    new, waits = await update.update(
        call.services,
        alert,
        station,
        change,
        call.actor,
        idempotency_key=key,
        request_hash=None if key is None else hashlib.sha256(b"%d " % alert.id + request_hash(given)).digest(),
        life_at_stake=given.life_at_stake or "",
    )
    return _taken(call, new, station, waits=waits)


async def cancel(call: Call[CancelIn | None, None]) -> web.Response:
    """End the alert and tell everyone informed of it; idempotent."""
    alert, station = await alert_of(call)
    given = call.body or CancelIn()
    texts = texts_in(given.texts) if given.texts else None
    if texts is not None:
        check_languages(texts, station)
    as_seen = _as_seen(call, alert)
    ended = await end.end(
        call.services, alert, station, call.actor, texts, role=ThreadRole(given.kind), as_seen=as_seen
    )
    return _taken(call, ended, station)


def _as_seen(call: Call[Any, None], alert: Alert) -> bool:
    """Return whether the caller names the version that they saw. Raises ``Stale`` if it is not this one."""
    wanted = call.request.headers.get(IF_MATCH)
    if wanted is None or wanted.strip() == "*":
        return False
    if alert.followed_by is None and etag_of(alert) not in [each.strip() for each in wanted.split(",")]:
        raise Stale("alert-changed", IF_MATCH, alert=str(alert.id), changed="")
    return True


def _taken(call: Call[Any, None], alert: Alert, station: Station, *, waits: bool = False) -> web.Response:
    headers = {"Location": f"/v1/alerts/{alert.id}", "ETag": etag_of(alert)}
    shown = show_alert(alert, station, call.services.base_url)
    return answer(shown.model_copy(update={"state": AWAITING}) if waits else shown, 202, headers)

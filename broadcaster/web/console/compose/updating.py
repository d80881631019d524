"""/console/alerts/{id}/update: an alert in the steps of a new one; it shows what changes for whom, and sends it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aiohttp import web

from broadcaster.domain.alerts import RULES, Alert
from broadcaster.domain.policies import channels_for, sent_like
from broadcaster.domain.refusals import Conflict, Refused
from broadcaster.domain.stations import Station
from broadcaster.http.alerts import IDEMPOTENCY_KEY, alert_of, etag_of, idempotency_key, request_hash
from broadcaster.http.messages import texts_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.alerts import AlertIn
from broadcaster.pipeline.update import Change, update
from broadcaster.web.console.alerts.live_cancel import moved_on
from broadcaster.web.console.compose.compose import alone_facts, facts_of, people_of
from broadcaster.web.console.compose.draft import read_finished
from broadcaster.web.console.compose.editing import area_of
from broadcaster.web.console.compose.later import json_of
from broadcaster.web.console.frame import show, words_of

_MINUTE = timedelta(minutes=1)
"""The page's clock has no seconds, so an end this close to the previous one counts as unchanged."""


class UpdateDraft(AlertIn):
    """The page's draft."""

    silent: bool = False


async def page(call: Call[None, None]) -> web.StreamResponse:
    """Show the steps, filled in; if somebody else has changed the alert, redirect to its current version."""
    alert, station = await alert_of(call)
    there = await moved_on(call, alert)
    if there is not None:
        return there
    if not alert.active(call.services.clock.now()):
        raise Conflict("alert-over")
    words = words_of(call.request)
    editing = {
        "path": f"/console/alerts/{alert.id}",
        "updates": str(alert.id),
        "version": etag_of(alert),
        "occurrence": "",
        "time": "",
        "zone": "",
        "steps": ["where", "words", "check"],
        "area": None if alert.area is None else alert.area.to_json(),
        "draft": await asyncio.to_thread(_draft_of, alert, station),
    }
    people = await people_of(call, station)
    async with call.services.store.read() as unit:
        alone = await alone_facts(call, unit, station)
    facts = facts_of(call, station, people, words, editing) | {"stations": [], **alone}
    said = {each: sent_like(replace(alert.message, severity=each), alert) for each in RULES}
    facts["given"]["by_severity"] = {each: channels_for(station, message, alert) for each, message in said.items()}
    return show(call.request, "compose/compose.html", words, facts, tab="alerts", where=station)


async def save(call: Call[Any, None]) -> web.StreamResponse:
    """Send the update. Raises ``Stale`` if somebody else changed the alert meanwhile."""
    alert, station = await alert_of(call)
    given = await read_finished(call, UpdateDraft, updates=True)
    if given.station.id != station.id:
        raise Refused("not-found", "station")
    if not call.request.headers.get(IDEMPOTENCY_KEY):
        raise Refused("draft-key-missing", IDEMPOTENCY_KEY)
    new, waits = await update(
        call.services,
        alert,
        station,
        _change(alert, station, given.draft),
        call.actor,
        idempotency_key=idempotency_key(call.request),
        request_hash=request_hash(given.draft),
        life_at_stake=given.draft.life_at_stake or "",
    )
    return json_of({"id": str(new.id), "waits": waits}, status=202)


def _change(alert: Alert, station: Station, draft: UpdateDraft) -> Change:
    """Return what the page says now. Raises ``Refused`` if the area was removed."""
    if draft.area is None and alert.area is not None:
        raise Refused("area-needed", "area")
    texts = texts_of(draft, station, needed=True)
    ends = draft.expires is not None and abs(draft.expires - alert.expires_at) > _MINUTE
    return Change(texts, draft.area, draft.expires if ends else None, draft.severity, draft.silent)


def _draft_of(alert: Alert, station: Station) -> dict[str, Any]:
    content = alert.message.to_json()
    del content["area"]
    prepared = (content.pop("prepared") or {}).get("update", {})
    for language in prepared.keys() & content["texts"].keys():
        asking = {name: content["texts"][language][name] for name in ("question", "answers")}
        content["texts"][language] = prepared[language] | (asking if not prepared[language]["question"] else {})
    return {
        "kind": "update",
        "policy": content.pop("own_policy"),
        **content,
        **area_of(alert.area, station),
        "audience": alert.audience.kind,
        "groups": alert.audience.groups,
        "channelsChosen": alert.policy is None,
        "hours": "date",
        "expires": alert.expires_at.isoformat(),
        "onset": "",
        "topic": alert.topic or "",
        "silent": False,
        "later": {"when": "now", "at": "", "repeat": ""},
    }

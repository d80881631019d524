"""Requests of the new alert page: reach, density, send."""

from dataclasses import replace
from typing import Any

import orjson
from aiohttp import web

from broadcaster.domain.refusals import Conflict, NotFound, Refused
from broadcaster.http.alerts import AWAITING, IDEMPOTENCY_KEY, create, foresee
from broadcaster.http.route import Call
from broadcaster.http.schemas.alerts import AlertIn
from broadcaster.http.schemas.schedules import ReachIn
from broadcaster.http.stations import station_asked
from broadcaster.pipeline.reach_density import density
from broadcaster.store.alerts import alerts
from broadcaster.web.console.compose.draft import read, read_finished
from broadcaster.web.console.compose.later import json_of


async def reach(call: Call[Any, Any]) -> web.StreamResponse:
    """Return whom the draft would reach now."""
    given = await read(call, ReachIn)
    return await foresee(replace(call, body=given.draft))


async def cells(call: Call[None, None]) -> web.StreamResponse:
    """Return the density of the station's followers, in cells that reveal nobody's home."""
    station = await station_asked(call, call.request.query.get("station", "")[:60])
    found = await density(call.services, station)
    return json_of({"cells": [list(each) for each in found]}, cache="private, max-age=300")


async def send(call: Call[Any, Any]) -> web.StreamResponse:
    """Send the draft. The page makes one Idempotency-Key per draft, so repeated requests make one alert."""
    given = await read_finished(call, AlertIn)
    if not call.request.headers.get(IDEMPOTENCY_KEY):
        raise Refused("draft-key-missing", IDEMPOTENCY_KEY)
    try:
        answered = await create(replace(call, body=given.draft))
    except Conflict:
        return await _sent_before(call, given.station.id)
    body = answered.body if isinstance(answered, web.Response) and isinstance(answered.body, bytes) else b"{}"
    told = orjson.loads(body)
    return json_of({"id": told["id"], "waits": told["state"] == AWAITING}, 202)


async def _sent_before(call: Call[Any, Any], station_id: int) -> web.Response:
    """Return the alert that an earlier version of the draft became."""
    async with call.services.store.read() as unit:
        found = await alerts.by_idempotency_key(unit, station_id, call.request.headers[IDEMPOTENCY_KEY].strip())
    if found is None:
        raise NotFound("not-found")
    return json_of({"id": str(found[0].id)}, 409)

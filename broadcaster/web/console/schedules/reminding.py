"""/console/alerts/{id}/remind: repeat an active alert, such as every morning at 8, until it ends."""

import json
from datetime import timedelta
from typing import Any

from aiohttp import web

from broadcaster.domain.alerts import TEXT_LIMITS, Alert
from broadcaster.domain.refusals import Refused, sentence
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.alerts import alert_of
from broadcaster.http.problems import HttpProblem
from broadcaster.http.reading import checked, form_of
from broadcaster.http.route import Call
from broadcaster.http.schedules import planned
from broadcaster.http.schemas.schedules import ScheduleIn
from broadcaster.pipeline import scheduling
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.pages import to

_PARTS = ("headline", "instruction")


async def ask(call: Call[None, None]) -> web.Response:
    """Show the texts and the time, by default tomorrow at 8."""
    alert, station = await alert_of(call)
    tomorrow = call.services.clock.now().astimezone(zone_of(station.region)) + timedelta(days=1)
    return _page(call, alert, station, f"{tomorrow:%Y-%m-%d}T08:00", {})


async def do(call: Call[None, None]) -> web.StreamResponse:
    alert, station = await alert_of(call)
    form = await form_of(call.request)
    texts = {
        language: {name: form.get(f"{name}.{language}", "").replace("\r\n", "\n") for name in _PARTS}
        for language in alert.texts
    }
    asked: dict[str, Any] = {
        "station": station.slug,
        "reminds": str(alert.id),
        "at": form.get("at", ""),
        "texts": texts,
    }
    if form.get("daily"):
        asked["repeat"] = "FREQ=DAILY"
    try:
        given = await checked(call.request, ScheduleIn, json.dumps(asked).encode())
        made = await scheduling.write(call.services, station, await planned(call, given, station), actor=call.actor)
    except (Refused, HttpProblem) as error:
        words = words_of(call.request, station.languages[0])
        found = [error] if isinstance(error, Refused) else list(error.errors)
        return _page(call, alert, station, form.get("at", ""), {each.field: sentence(each, words) for each in found})
    return to(f"/console/schedules/{made.id}")


def _page(call: Call[Any, Any], alert: Alert, station: Station, at: str, wrong: dict[str, str]) -> web.Response:
    facts = {"alert": alert, "texts": alert.texts, "limits": TEXT_LIMITS, "begins": at, "wrong": wrong}
    words = words_of(call.request, station.languages[0])
    return show(call.request, "schedules/remind.html", words, facts, tab="alerts", where=station)

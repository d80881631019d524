"""The last step of an alert for later: previews its times, and saves it."""

from dataclasses import replace
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web
from pydantic import Field

from broadcaster.domain.refusals import refused
from broadcaster.domain.zones import zone_of
from broadcaster.http import schedules
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import Given, Slug
from broadcaster.http.schemas.schedules import At, Repeat, ScheduleIn, SchoolZone, Zone
from broadcaster.http.stations import station_asked
from broadcaster.pipeline import scheduling
from broadcaster.web.console.compose.draft import read_finished
from broadcaster.web.console.frame import words_of
from broadcaster.web.pages import written_time
from schedules import BadSchedule, Recurrence

AHEAD = 10


class Times(Given):
    """When an alert would be sent. ``except_on``: times to skip."""

    station: Slug
    at: At
    repeat: Repeat | None = None
    zone: Zone | None = None
    except_on: tuple[At, ...] = Field((), max_length=1000)
    skip_public_holidays: bool = False
    skip_school_holidays: SchoolZone | None = None


async def ahead(call: Call[Times, None]) -> web.StreamResponse:
    """Return the next ten times, and the date up to which the school calendar is known."""
    words, given = words_of(call.request), call.body
    station = await station_asked(call, given.station)
    zone = given.zone or zone_of(station.region).key
    try:
        off = scheduling.days_off(
            call.services, station, public=given.skip_public_holidays, school_zone=given.skip_school_holidays
        )
        left_out = frozenset(scheduling.starts_at(each, zone) for each in given.except_on)
        when = Recurrence(scheduling.starts_at(given.at, zone), zone, given.repeat, left_out, off)
    except BadSchedule as error:
        raise refused(error) from error
    await scheduling.check_times(call.services, when)
    coming = list(islice(when.after(call.services.clock.now()), AHEAD))
    known = call.services.school.known_until(given.skip_school_holidays) if given.skip_school_holidays else None
    beyond = known is not None and any(each.date() > known for each in coming)
    return json_of(
        {
            "coming": [written_time(each, ZoneInfo(zone), words) for each in coming],
            "warning": words("School holidays are known until %(day)s only.", day=words.day(known))
            if known is not None and beyond
            else "",
        }
    )


async def keep(call: Call[Any, Any]) -> web.StreamResponse:
    """Save an alert for later. A draft makes one schedule, even if it is sent repeatedly."""
    given = await read_finished(call, ScheduleIn)
    answered = await schedules.create(replace(call, body=given.draft))
    body = answered.body if isinstance(answered.body, bytes) else b"{}"
    return json_of({"id": orjson.loads(body)["id"]}, status=201)


def json_of(told: dict[str, Any], status: int = 200, *, cache: str = "no-store") -> web.Response:
    """Return an answer to the page's script."""
    headers = {"Cache-Control": cache}
    return web.Response(status=status, body=orjson.dumps(told), content_type="application/json", headers=headers)

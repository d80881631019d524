"""/console/schedules/{id}/edit: a scheduled alert in the steps of a new one."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field

from broadcaster.domain.policies import channels_for
from broadcaster.domain.refusals import Conflict, refused
from broadcaster.domain.schedules import Kind, Schedule
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.route import Call
from broadcaster.http.schedules import changed_to, schedule_of
from broadcaster.http.schemas.base import Moment, PageQuery
from broadcaster.http.schemas.schedules import ScheduleIn
from broadcaster.http.templates import territory
from broadcaster.pipeline import scheduling
from broadcaster.pipeline.services import Services
from broadcaster.web.console.compose.compose import facts_of, people_of
from broadcaster.web.console.compose.draft import read_finished
from broadcaster.web.console.compose.later import json_of
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.pages import written_time
from schedules import BadSchedule
from zones import Area

_MINUTE = timedelta(minutes=1)


class EditQuery(PageQuery):
    """``occurrence``: change only that one; ``following``: and all after it. ``version``: of the schedule when read."""

    occurrence: Moment | None = None
    following: bool = False
    version: int | None = Field(None, ge=0)
    go_on: bool = False


async def page(call: Call[None, EditQuery]) -> web.Response:
    """Show the steps, filled in."""
    found, station = await schedule_of(call)
    words = words_of(call.request)
    if found.ended_at is not None:
        raise Conflict("schedule-ended")
    at = None if found.rule is None else call.query.occurrence
    editing = {
        "path": f"/console/schedules/{found.id}",
        "version": found.version,
        "occurrence": "" if at is None else at.isoformat(),
        "time": "" if at is None else written_time(at, ZoneInfo(found.zone), words),
        "zone": "" if found.zone == zone_of(station.region).key else found.zone,
        "steps": ["words", "check"] if found.kind is Kind.REMINDER else ["where", "words", "check"],
        "draft": await asyncio.to_thread(draft_of, call.services, found, station, at),
    }
    facts = {"stations": [], **facts_of(call, station, await people_of(call, station), words, editing)}
    return show(call.request, "compose/compose.html", words, facts, tab="alerts", where=station)


async def save(call: Call[Any, EditQuery]) -> web.StreamResponse:
    """Apply the change. Raises ``Conflict`` if the schedule was changed meanwhile."""
    query = call.query
    was, station = await schedule_of(call)
    if query.version != was.version:
        raise Conflict("schedule-changed")
    given = (await read_finished(call, ScheduleIn)).draft
    given = given.model_copy(update={"reminds": None if was.reminds is None else str(was.reminds)})
    becomes = await changed_to(call, was, station, given)
    if query.occurrence is None:
        becomes = replace(becomes, id=was.id)
    made = await scheduling.change(
        call.services, station, was, becomes, query.occurrence, actor=call.actor, following=query.following
    )
    return json_of({"id": str(made.id)})


def draft_of(services: Services, schedule: Schedule, station: Station, at: datetime | None) -> dict[str, Any]:
    """Return a schedule as the page's draft: from its next occurrence on, or from the one at ``at``.

    Raises ``Refused`` if there is none at ``at``.
    """
    said, starts, rule = schedule.message, schedule.starts, schedule.rule
    when = scheduling.recurrence(services, schedule, station)
    begins = at or when.next_after(services.clock.now())
    if begins is not None:
        try:
            _, rest = when.split(begins)
        except BadSchedule as error:
            raise refused(error) from error
        starts, rule = rest.start, rest.rule
    content = said.to_json()
    del content["area"]
    return {
        "kind": "scheduled",
        "policy": content.pop("own_policy"),
        **content,
        **area_of(said.area, station),
        "audience": said.audience.kind,
        "groups": said.audience.groups,
        "channels": channels_for(station, said),
        "channelsChosen": bool(said.channels),
        "hours": f"{schedule.lasts / timedelta(hours=1):g}",
        "onset": "" if schedule.onset is None else str(schedule.onset // _MINUTE),
        "topic": said.topic or "",
        "later": {
            "when": "at" if rule is None or at is not None else "repeat",
            "at": starts.isoformat(timespec="minutes"),
            "repeat": rule or "",
            "except_on": sorted(each.isoformat(timespec="minutes") for each in schedule.except_on),
            "zone": schedule.zone,
            "publicly": schedule.public,
            "holidays": schedule.public_holidays,
            "school": schedule.school_zone or "",
            "grace": "" if schedule.grace is None else str(schedule.grace // _MINUTE),
            "reason": schedule.reason,
        },
    }


def area_of(area: Area | None, station: Station) -> dict[str, Any]:
    """Return an area in the form of the page's draft."""
    whole = {} if area is None else area.to_json()
    if station.boundary is not None and area == Area.from_json({"polygons": territory(station)}):
        return {"territory": True}
    polygons = whole.get("polygons") or {}
    drawn = polygons.get("coordinates", [])
    return {"circles": whole.get("circles", []), "polygons": [drawn] if polygons.get("type") == "Polygon" else drawn}
